"""Rows of metadata definitions as they go over the wire; what is unset is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from glance_shim.db.metadefs.namespaces import NamespaceRow
from glance_shim.db.metadefs.parts import PartRow

ATTRIBUTES = ("namespace", "display_name", "description", "visibility", "protected", "owner")


def namespace(row: NamespaceRow) -> dict[str, Any]:
    """A namespace without what it holds."""
    document = {
        name: getattr(row, name) for name in ATTRIBUTES if getattr(row, name) is not None
    }
    return {
        **document,
        **_times(row),
        "self": f"/v2/metadefs/namespaces/{row.namespace}",
        "schema": "/v2/schemas/metadefs/namespace",
    }


def detailed(row: NamespaceRow, parts: Iterable[PartRow], prefix: str = "") -> dict[str, Any]:
    """A namespace with what it holds; ``prefix`` is put before the names of properties."""
    by_kind: dict[str, list[PartRow]] = {}
    for part in parts:
        by_kind.setdefault(part.kind, []).append(part)
    held = {
        "resource_type_associations": [association(p) for p in by_kind.get("association", ())],
        "properties": properties(by_kind.get("property", ()), prefix),
        "objects": [object_(row.namespace, p, prefix) for p in by_kind.get("object", ())],
        "tags": [{"name": p.name} for p in reversed(by_kind.get("tag", ()))],
    }
    return {**namespace(row), **{name: value for name, value in held.items() if value}}


def object_(namespace_name: str, part: PartRow, prefix: str = "") -> dict[str, Any]:
    """An object with its links and times."""
    definition = part.definition
    given = definition.get("properties") or {}
    return {
        "name": part.name,
        **definition,
        "required": [prefix + name for name in definition.get("required") or ()],
        "properties": {prefix + name: given[name] for name in given},
        **_times(part),
        "self": f"/v2/metadefs/namespaces/{namespace_name}/objects/{part.name}",
        "schema": "/v2/schemas/metadefs/object",
    }


def written_object(namespace_name: str, part: PartRow) -> dict[str, Any]:
    """An object as the answer to writing it: without what it does not have."""
    document = object_(namespace_name, part)
    for name in ("required", "properties"):
        if name not in part.definition:
            del document[name]
    return document


def properties(parts: Iterable[PartRow], prefix: str = "") -> dict[str, Any]:
    """Properties by name."""
    return {prefix + part.name: part.definition for part in parts}


def property_(part: PartRow) -> dict[str, Any]:
    """One property by itself."""
    return {**part.definition, "name": part.name}


def association(part: PartRow) -> dict[str, Any]:
    """What a namespace has to do with a resource type."""
    return {"name": part.name, **part.definition, **_times(part)}


def tag(part: PartRow) -> dict[str, Any]:
    """One tag by itself."""
    return {"name": part.name, **_times(part)}


def _times(row: Any) -> dict[str, str]:
    times = {"created_at": row.created_at, "updated_at": row.updated_at}
    return {name: moment for name, moment in times.items() if moment is not None}
