"""Queries on what namespaces hold: objects, properties, tags and associations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import connection, paging
from glance_shim.db.models.base import now
from glance_shim.db.models.metadefs import MetadefPart, MetadefResourceType


class PartRow(NamedTuple):
    """One part; ``definition`` is everything but its name."""

    id: int
    namespace_id: int
    kind: str
    name: str
    definition: dict[str, Any]
    created_at: str
    updated_at: str | None


COLUMNS = (
    MetadefPart.id,
    MetadefPart.namespace,
    MetadefPart.kind,
    MetadefPart.name,
    MetadefPart.definition,
    MetadefPart.created_at,
    MetadefPart.updated_at,
)

OLDEST_FIRST = (("id", "asc"),)


def add(
    namespace_id: int,
    kind: str,
    name: str,
    definition: Mapping[str, Any] | None = None,
    loaded: bool = False,
) -> PartRow:
    """Insert a part; raises `errors.PartExists`."""
    row = PartRow(
        0, namespace_id, kind, name, dict(definition or {}), now(), None if loaded else now()
    )
    try:
        part_id = MetadefPart.insert(dict(zip(COLUMNS[1:], row[1:], strict=True))).execute()
    except peewee.IntegrityError as exc:
        raise errors.PartExists(kind=kind, name=name) from exc
    return row._replace(id=part_id)


def find(namespace_id: int, kind: str, name: str) -> PartRow | None:
    """The part of that kind and name, if there is one."""
    found = (
        MetadefPart.select(*COLUMNS)
        .where(
            (MetadefPart.namespace == namespace_id)
            & (MetadefPart.kind == kind)
            & (MetadefPart.name == name)
        )
        .tuples()
        .first()
    )
    return PartRow._make(found) if found else None


def select(
    namespace_ids: Sequence[int],
    kind: str | None = None,
    sort: paging.Sort = OLDEST_FIRST,
    limit: int | None = None,
    marker: PartRow | None = None,
) -> list[PartRow]:
    """The parts of some namespaces, of one kind or all, oldest first."""
    query = (
        MetadefPart.select(*COLUMNS)
        .where(MetadefPart.namespace.in_(namespace_ids))
        .order_by(*paging.order(MetadefPart, sort))
    )
    if kind is not None:
        query = query.where(MetadefPart.kind == kind)
    if marker is not None:
        query = query.where(paging.after(MetadefPart, sort, marker))
    if limit is not None:
        query = query.limit(limit)
    return [PartRow._make(values) for values in query.tuples()]


def save(row: PartRow, name: str, definition: Mapping[str, Any]) -> PartRow:
    """Replace the part; raises `errors.PartExists` where the new name is taken."""
    values: dict[str, Any] = {"name": name, "definition": dict(definition), "updated_at": now()}
    try:
        MetadefPart.update(values).where(MetadefPart.id == row.id).execute()
    except peewee.IntegrityError as exc:
        raise errors.PartExists(kind=row.kind, name=name) from exc
    return row._replace(**values)


def delete(row: PartRow) -> None:
    MetadefPart.delete().where(MetadefPart.id == row.id).execute()


def delete_all(namespace_id: int, kind: str) -> None:
    """Remove every part of that kind."""
    mine = (MetadefPart.namespace == namespace_id) & (MetadefPart.kind == kind)
    MetadefPart.delete().where(mine).execute()


def count(namespace_id: int, kind: str) -> int:
    """How many parts of that kind the namespace has."""
    mine = (MetadefPart.namespace == namespace_id) & (MetadefPart.kind == kind)
    return MetadefPart.select().where(mine).count()


class ResourceTypeRow(NamedTuple):
    """A kind of resource."""

    name: str
    created_at: str
    updated_at: str | None


def know(resource_types: Iterable[str], loaded: bool = False) -> None:
    """Add to the resource types those that are not known yet."""
    updated_at = None if loaded else now()
    for name in resource_types:
        insert = MetadefResourceType.insert(
            name=name, protected=loaded, created_at=now(), updated_at=updated_at
        )
        connection.engine().unless_there(insert, MetadefResourceType.name).execute()


def resource_types() -> list[ResourceTypeRow]:
    """Every resource type that was ever associated, oldest first."""
    columns = [getattr(MetadefResourceType, name) for name in ResourceTypeRow._fields]
    query = MetadefResourceType.select(*columns).order_by(MetadefResourceType.id)
    return [ResourceTypeRow._make(values) for values in query.tuples()]


def forget_resource_types() -> None:
    """Remove every resource type; no association may be left."""
    MetadefResourceType.delete().execute()
