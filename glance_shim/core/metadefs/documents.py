"""Whole namespaces as documents, such as files hold them.

How a namespace that is there already is loaded, is one of `MODES`:

    keep        it is left as it is
    merge       what it lacks is added, what it has stays
    prefer_new  as merge, but what the document has as well is replaced
    overwrite   it is removed first
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces, parts
from glance_shim.db import connection
from glance_shim.db.metadefs import namespaces as rows
from glance_shim.db.metadefs import parts as part_rows
from glance_shim.db.metadefs.namespaces import NamespaceRow

MODES = ("keep", "merge", "prefer_new", "overwrite")

# The owner of what comes from files that name none, as in Glance: a word, no project.
OWNER = "admin"

# What a namespace has where its document says nothing.
DEFAULTS = {
    "display_name": None,
    "description": None,
    "visibility": "private",
    "protected": False,
    "owner": OWNER,
}


def load(context: Context, document: Mapping[str, Any], mode: str = "keep") -> bool:
    """Have the namespace of a document, all of it or nothing; say whether anything was done."""
    attributes = {key: document.get(key, default) for key, default in DEFAULTS.items()}
    with connection.writing():
        namespace = rows.find(document["namespace"])
        if namespace is not None and mode == "keep":
            return False
        if namespace is not None and mode == "overwrite":
            rows.delete(namespace)
            namespace = None
        if namespace is None:
            namespace = rows.add(loaded=True, namespace=document["namespace"], **attributes)
        elif mode == "prefer_new":
            namespace = rows.save(namespace, **attributes)
        _load_parts(context, namespace, document, replace=mode == "prefer_new")
    return True


def _load_parts(
    context: Context, namespace: NamespaceRow, document: Mapping[str, Any], replace: bool
) -> None:
    for kind, name, definition in namespaces.described(document):
        part = part_rows.find(namespace.id, kind, name)
        if part is None:
            parts.add(context, namespace, kind, name, definition, loaded=True)
        elif replace:
            part_rows.save(part, name, definition)


def unload() -> int:
    """Remove every namespace and resource type, whoever made them; say how many namespaces."""
    with connection.writing():
        found = rows.select()
        for namespace in found:
            rows.delete(namespace)
        part_rows.forget_resource_types()
    return len(found)


def export_all() -> list[dict[str, Any]]:
    """Every namespace as the document that `load` would make it of, by name."""
    found = rows.select(sort=(("namespace", "asc"),))
    held = part_rows.select([each.id for each in found]) if found else []
    return [_document(row, [p for p in held if p.namespace_id == row.id]) for row in found]


def _document(namespace: NamespaceRow, held: list[part_rows.PartRow]) -> dict[str, Any]:
    document: dict[str, Any] = {"namespace": namespace.namespace}
    for key in DEFAULTS:
        if getattr(namespace, key) is not None:
            document[key] = getattr(namespace, key)
    for key, (kind, _) in namespaces.CONTENTS.items():
        mine = [part for part in held if part.kind == kind]
        if kind == "property":
            document[key] = {part.name: part.definition for part in mine}
        else:
            document[key] = [{"name": part.name, **part.definition} for part in mine]
    return document


def require_mode(merge: bool, prefer_new: bool, overwrite: bool) -> str:
    """The mode that the options mean; raises `errors.Invalid` for a mix without a meaning."""
    if prefer_new and overwrite:
        raise errors.Invalid(reason="--prefer-new and --overwrite exclude each other")
    if (prefer_new or overwrite) and not merge:
        raise errors.Invalid(reason="--prefer-new and --overwrite need --merge")
    if not merge:
        return "keep"
    return "prefer_new" if prefer_new else "overwrite" if overwrite else "merge"
