"""What all parts of a namespace have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import events, quotas
from glance_shim.db.metadefs import parts as rows
from glance_shim.db.metadefs.namespaces import NamespaceRow
from glance_shim.db.metadefs.parts import PartRow

# Kinds of parts that are limited, by which option, and what it counts.
LIMITS = {
    "object": ("metadef_object_limit", "objects in a namespace"),
    "property": ("metadef_property_limit", "properties in a namespace"),
    "tag": ("metadef_tag_limit", "tags in a namespace"),
}


def find(namespace: NamespaceRow, kind: str, name: str) -> PartRow:
    """The part, or raises `errors.PartNotFound`."""
    part = rows.find(namespace.id, kind, name)
    if part is None:
        raise errors.PartNotFound(namespace=namespace.namespace, kind=kind, name=name)
    return part


def add(
    context: Context,
    namespace: NamespaceRow,
    kind: str,
    name: str,
    definition: Mapping[str, Any] | None = None,
    loaded: bool = False,
) -> PartRow:
    """Add a part, in the transaction of whoever calls.

    Raises `errors.PartExists` and `errors.QuotaExceeded`.
    """
    if kind in LIMITS:
        option, what = LIMITS[kind]
        limit = getattr(context.config, option)
        if limit >= 0:
            quotas.require(option, limit, rows.count(namespace.id, kind) + 1, what)
    require_few_properties(context, definition or {})
    if kind == "association":
        rows.know([name], loaded)
    part = rows.add(namespace.id, kind, name, definition, loaded)
    if not loaded:
        events.part(context.deployment, "create", namespace.namespace, part)
    return part


def replace(
    context: Context,
    namespace: NamespaceRow,
    part: PartRow,
    name: str,
    definition: Mapping[str, Any],
) -> PartRow:
    """Replace a part, its name included; raises `errors.PartExists`."""
    require_few_properties(context, definition)
    changed = rows.save(part, name, definition)
    events.part(context.deployment, "update", namespace.namespace, changed, old=part.name)
    return changed


def remove(context: Context, namespace: NamespaceRow, part: PartRow) -> None:
    """Remove a part."""
    rows.delete(part)
    events.part(context.deployment, "delete", namespace.namespace, part)


def remove_all(context: Context, namespace: NamespaceRow, kind: str, plural: str) -> None:
    """Remove all parts of a kind."""
    rows.delete_all(namespace.id, kind)
    events.namespace(context.deployment, f"delete_{plural}", namespace)


def require_few_properties(context: Context, definition: Mapping[str, Any]) -> None:
    """Raise `errors.QuotaExceeded` if an object has too many properties."""
    count = len(definition.get("properties") or ())
    limit = context.config.metadef_property_limit
    quotas.require("metadef_property_limit", limit, count, "properties in an object")
