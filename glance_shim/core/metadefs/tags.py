"""Tags: words in a namespace."""

from __future__ import annotations

from collections.abc import Sequence

from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces, parts
from glance_shim.db import connection
from glance_shim.db.metadefs import parts as rows
from glance_shim.db.metadefs.parts import PartRow

KIND = "tag"


def get(context: Context, namespace: str, name: str) -> PartRow:
    """One tag of a namespace."""
    return parts.find(namespaces.get(context, namespace, "get_metadef_tag"), KIND, name)


def get_all(
    context: Context,
    namespace: str,
    sort: Sequence[tuple[str, str]] = (("created_at", "desc"), ("id", "desc")),
    limit: int | None = None,
    marker: str | None = None,
) -> list[PartRow]:
    """The tags of a namespace; ``marker`` is the name of one."""
    found = namespaces.get(context, namespace, "get_metadef_tags")
    after = None if marker is None else parts.find(found, KIND, marker)
    return rows.select([found.id], KIND, sort, limit, after)


def create(context: Context, namespace: str, name: str) -> PartRow:
    """Add a tag; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "add_metadef_tag")
        return parts.add(context, found, KIND, name)


def create_all(
    context: Context, namespace: str, names: Sequence[str], append: bool = False
) -> None:
    """Have these tags in place of all others, or beside them with ``append``.

    Without names nothing changes. Raises `errors.PartExists` for a name that
    is there twice, upon which nothing changes either.
    """
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "add_metadef_tags")
        if names and not append:
            rows.delete_all(found.id, KIND)
        for name in names:
            parts.add(context, found, KIND, name)


def update(context: Context, namespace: str, name: str, new_name: str) -> PartRow:
    """Rename a tag; raises `errors.PartExists`."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "modify_metadef_tag")
        part = parts.find(found, KIND, name)
        return parts.replace(context, found, part, new_name, {})


def delete(context: Context, namespace: str, name: str) -> None:
    """Remove a tag."""
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, "delete_metadef_tag")
        part = parts.find(found, KIND, name)
        namespaces.require_unprotected(found)
        parts.remove(context, found, part)


def delete_all(context: Context, namespace: str) -> None:
    """Remove all tags of a namespace."""
    rules = ("delete_metadef_namespace", "delete_metadef_tags")
    with connection.writing():
        found = namespaces.get_for_change(context, namespace, *rules)
        namespaces.require_unprotected(found)
        parts.remove_all(context, found, KIND, "tags")
