"""Queries on namespaces of metadata definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import paging
from glance_shim.db.models.base import now
from glance_shim.db.models.metadefs import MetadefNamespace, MetadefPart


class NamespaceRow(NamedTuple):
    """A namespace; ``updated_at`` is ``None`` if it is as it was loaded."""

    id: int
    namespace: str
    display_name: str | None
    description: str | None
    visibility: str
    protected: bool
    owner: str | None
    created_at: str
    updated_at: str | None


COLUMNS = tuple(getattr(MetadefNamespace, name) for name in NamespaceRow._fields)


def add(loaded: bool = False, **values: Any) -> NamespaceRow:
    """Insert a namespace; raises `errors.NamespaceExists`."""
    values |= {"created_at": now(), "updated_at": None if loaded else now()}
    try:
        namespace_id = MetadefNamespace.insert(values).execute()
    except peewee.IntegrityError as exc:
        raise errors.NamespaceExists(namespace=values["namespace"]) from exc
    return NamespaceRow(id=namespace_id, **values)


def find(name: str, scope: Any = None) -> NamespaceRow | None:
    """The namespace, if it lies within the scope."""
    query = MetadefNamespace.select(*COLUMNS).where(MetadefNamespace.namespace == name)
    if scope is not None:
        query = query.where(scope)
    found = query.tuples().first()
    return NamespaceRow._make(found) if found else None


def select(
    scope: Any = None,
    visibility: str | None = None,
    resource_types: Sequence[str] | None = None,
    sort: paging.Sort = (("created_at", "desc"), ("id", "desc")),
    limit: int | None = None,
    marker: NamespaceRow | None = None,
) -> list[NamespaceRow]:
    """Namespaces within the scope, of any of the resource types if such are given."""
    query = MetadefNamespace.select(*COLUMNS).order_by(*paging.order(MetadefNamespace, sort))
    if scope is not None:
        query = query.where(scope)
    if visibility is not None:
        query = query.where(MetadefNamespace.visibility == visibility)
    if resource_types is not None:
        associated = MetadefPart.select(MetadefPart.namespace).where(
            (MetadefPart.kind == "association") & MetadefPart.name.in_(resource_types)
        )
        query = query.where(MetadefNamespace.id.in_(associated))
    if marker is not None:
        query = query.where(paging.after(MetadefNamespace, sort, marker))
    if limit is not None:
        query = query.limit(limit)
    return [NamespaceRow._make(values) for values in query.tuples()]


def save(row: NamespaceRow, **values: Any) -> NamespaceRow:
    """Change the namespace; raises `errors.NamespaceExists` where the new name is taken."""
    values["updated_at"] = now()
    try:
        MetadefNamespace.update(values).where(MetadefNamespace.id == row.id).execute()
    except peewee.IntegrityError as exc:
        raise errors.NamespaceExists(namespace=values["namespace"]) from exc
    return row._replace(**values)


def delete(row: NamespaceRow) -> None:
    """Remove the namespace with all it holds."""
    MetadefPart.delete().where(MetadefPart.namespace == row.id).execute()
    MetadefNamespace.delete().where(MetadefNamespace.id == row.id).execute()


def count() -> int:
    """How many namespaces there are."""
    return MetadefNamespace.select().count()
