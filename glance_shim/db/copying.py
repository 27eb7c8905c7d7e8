"""Moving a whole catalogue from one database to another, of whatever kinds."""

from __future__ import annotations

import functools
import hashlib
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import peewee

from glance_shim import errors
from glance_shim.db import connection, schema
from glance_shim.db.engines import Engine
from glance_shim.db.models import (
    activity,
    cache,
    identity,
    images,
    marks,
    metadefs,
    quotas,
    tasks,
    verification,
)

BATCH = 500

# Those that others refer to come first.
TABLES: tuple[type[peewee.Model], ...] = (
    images.Image,
    images.ImageProperty,
    images.ImageTag,
    images.ImageMember,
    images.Upload,
    images.Removal,
    activity.ImageActivity,
    identity.Project,
    identity.User,
    identity.RoleAssignment,
    identity.ApplicationCredential,
    identity.Token,
    identity.LoginFailure,
    identity.BrowserSession,
    metadefs.MetadefNamespace,
    metadefs.MetadefPart,
    metadefs.MetadefResourceType,
    tasks.Task,
    cache.CachedImage,
    quotas.Limit,
    quotas.QuotaHold,
    verification.Damage,
    verification.Verification,
    marks.ServiceId,
)

Digest = tuple[int, str]


def copy(source: Engine, target: Engine, tell: Callable[[str], None]) -> None:
    """Copy every row and prove that both sides say the same, table by table.

    The target has the schema and no rows. All is written in one transaction, so a copy
    that fails leaves nothing. Raises `errors.Conflict` for a target with rows, and where
    the sides differ afterwards, which is when somebody has written meanwhile.
    """
    schema.check(source)
    schema.check(target)
    with connection.connected(target):
        for table in TABLES:
            if table.select().exists():
                raise errors.Conflict(
                    reason=f"The target is not empty: {table._meta.table_name} has rows"
                )
        with connection.writing():
            for table in TABLES:
                _copy_table(table, source)
        target.continue_counting(TABLES)
    for table in TABLES:
        there, here = digest(source, table), digest(target, table)
        if there != here:
            raise errors.Conflict(
                reason=f"The table {table._meta.table_name} differs: {there[0]} rows there, "
                f"{here[0]} here; stop every server and worker, empty the target, copy again"
            )
        tell(f"{table._meta.table_name}: {here[0]} rows, {here[1][:16]}")


def digest(db: Engine, table: type[peewee.Model]) -> Digest:
    """How many rows a table has, and a sum over all of them, whatever their order."""
    count, total = 0, 0
    for batch in _batches(table, db):
        for row in batch:
            count += 1
            line = orjson.dumps([_plain(value) for value in row])
            total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return count, f"{total % (1 << 256):064x}"


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _copy_table(table: type[peewee.Model], source: Engine) -> None:
    fields = table._meta.sorted_fields
    inward = [f for f in fields if getattr(f, "rel_model", None) is table]
    later: list[tuple[Any, Any]] = []
    for batch in _batches(table, source):
        rows = [dict(zip(fields, row, strict=True)) for row in batch]
        for row in rows:
            # A row may refer to one of its own table that comes after it.
            later += [(row[fields[0]], row[f]) for f in inward if row[f] is not None]
            row.update(dict.fromkeys(inward))
        table.insert_many(rows).execute()
    for key, other in later:
        table.update({inward[0]: other}).where(fields[0] == key).execute()


def _batches(table: type[peewee.Model], db: Engine) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of a table in the order of its key, as values of its columns."""
    key = table._meta.primary_key
    names = key.field_names if isinstance(key, peewee.CompositeKey) else (key.name,)
    columns = [table._meta.fields[name] for name in names]
    fields = table._meta.sorted_fields
    places = [[field.name for field in fields].index(name) for name in names]
    last: Sequence[Any] | None = None
    while True:
        with connection.connected(db):
            query = table.select(*fields).order_by(*columns).limit(BATCH)
            if last is not None:
                query = query.where(_beyond(columns, last))
            batch = list(query.tuples())
        if not batch:
            return
        yield batch
        last = [batch[-1][place] for place in places]


def _beyond(columns: Sequence[Any], last: Sequence[Any]) -> Any:
    alternatives = []
    for place, column in enumerate(columns):
        equal = [c == v for c, v in zip(columns[:place], last, strict=False)]
        alternatives.append(functools.reduce(operator.and_, [*equal, column > last[place]]))
    return functools.reduce(operator.or_, alternatives)
