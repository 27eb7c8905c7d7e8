"""Properties: keys that can be set, and the JSON schemas of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces, parts
from glance_shim.db import connection
from glance_shim.db.metadefs import parts as rows
from glance_shim.db.metadefs.parts import PartRow

KIND = "property"


def get(
    context: Context, namespace: str, name: str, resource_type: str | None = None
) -> PartRow:
    """One property of a namespace.

    With a ``resource_type`` its name is looked for with the prefix that the
    namespace has there, and without a prefix there is none.
    """
    found = namespaces.get(context, namespace, "get_metadef_property")
    if resource_type:
        association = rows.find(found.id, "association", resource_type)
        prefix = association.definition.get("prefix") if association else None
        if not prefix or not name.startswith(prefix):
            raise errors.PartNotFound(namespace=namespace, kind=KIND, name=name)
        name = name.removeprefix(prefix)
    return parts.find(found, KIND, name)


def get_all(context: Context, namespace: str) -> list[PartRow]:
    """All properties of a namespace, oldest first."""
    found = namespaces.get(context, namespace, "get_metadef_properties")
    return rows.select([found.id], KIND)


def create(
    context: Context, namespace: str, name: str, definition: Mapping[str, Any]
) -> PartRow:
    """Add a property; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "add_metadef_property")
        return parts.add(context, found, KIND, name, definition)


def update(
    context: Context, namespace: str, name: str, new_name: str, definition: Mapping[str, Any]
) -> PartRow:
    """Replace a property, its name included; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "modify_metadef_property")
        part = parts.find(found, KIND, name)
        return parts.replace(context, found, part, new_name, definition)


def delete(context: Context, namespace: str, name: str) -> None:
    """Remove a property."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "remove_metadef_property")
        part = parts.find(found, KIND, name)
        namespaces.require_unprotected(found)
        parts.remove(context, found, part)


def delete_all(context: Context, namespace: str) -> None:
    """Remove all properties of a namespace."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "delete_metadef_namespace")
        namespaces.require_unprotected(found)
        parts.remove_all(context, found, KIND, "properties")
