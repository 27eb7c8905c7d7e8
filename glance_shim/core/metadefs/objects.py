"""Objects: groups of properties in a namespace, some of which are required."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces, parts
from glance_shim.db import connection
from glance_shim.db.metadefs import parts as rows
from glance_shim.db.metadefs.parts import PartRow

KIND = "object"


def get(context: Context, namespace: str, name: str) -> PartRow:
    """One object of a namespace."""
    found = namespaces.get(context, namespace, "get_metadef_object")
    return parts.find(found, KIND, name)


def get_all(context: Context, namespace: str) -> list[PartRow]:
    """All objects of a namespace, oldest first."""
    found = namespaces.get(context, namespace, "get_metadef_objects")
    return rows.select([found.id], KIND)


def create(
    context: Context, namespace: str, name: str, definition: Mapping[str, Any]
) -> PartRow:
    """Add an object; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "add_metadef_object")
        return parts.add(context, found, KIND, name, definition)


def update(
    context: Context, namespace: str, name: str, new_name: str, definition: Mapping[str, Any]
) -> PartRow:
    """Replace an object, its name included; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "modify_metadef_object")
        part = parts.find(found, KIND, name)
        return parts.replace(context, found, part, new_name, definition)


def delete(context: Context, namespace: str, name: str) -> None:
    """Remove an object."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "delete_metadef_object")
        part = parts.find(found, KIND, name)
        namespaces.require_unprotected(found)
        parts.remove(context, found, part)


def delete_all(context: Context, namespace: str) -> None:
    """Remove all objects of a namespace."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "delete_metadef_namespace")
        namespaces.require_unprotected(found)
        parts.remove_all(context, found, KIND, "objects")
