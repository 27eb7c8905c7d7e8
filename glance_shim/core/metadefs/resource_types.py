"""Resource types, and which namespaces are about them."""

from __future__ import annotations

from collections.abc import Mapping

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces, parts
from glance_shim.db import connection
from glance_shim.db.metadefs import parts as rows
from glance_shim.db.metadefs.parts import PartRow, ResourceTypeRow

KIND = "association"


def get_all(context: Context) -> list[ResourceTypeRow]:
    """Every resource type that a namespace is, or was, associated with."""
    if not context.allows("list_metadef_resource_types", {"project_id": context.project_id}):
        raise errors.NotFound(what="The resource")
    return rows.resource_types()


def get_of_namespace(context: Context, namespace: str) -> list[PartRow]:
    """The associations of a namespace, oldest first."""
    found = namespaces.get(context, namespace, "get_metadef_resource_type")
    return rows.select([found.id], KIND)


def associate(
    context: Context, namespace: str, name: str, definition: Mapping[str, str]
) -> PartRow:
    """Associate a namespace with a resource type, which becomes known by it.

    ``definition`` may have ``prefix`` and ``properties_target``. Raises
    `errors.PartExists`.
    """
    with connection.writing():
        found = namespaces.get_for_change(
            context, namespace, "add_metadef_resource_type_association"
        )
        return parts.add(context, found, KIND, name, definition)


def dissociate(context: Context, namespace: str, name: str) -> None:
    """Undo an association; the resource type stays known."""
    with connection.writing():
        found = namespaces.get_for_change(
            context, namespace, "remove_metadef_resource_type_association"
        )
        part = parts.find(found, KIND, name)
        namespaces.require_unprotected(found)
        parts.remove(context, found, part)
