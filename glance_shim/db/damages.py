"""Queries on copies of image data that are not what they were."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from glance_shim.db import connection
from glance_shim.db.models.verification import Damage

Copy = tuple[str, str]


class DamageRow(NamedTuple):
    """A damaged copy: which it is, what is wrong, what it should be and what was found."""

    image_id: str
    store_id: str
    blob_id: str
    kind: str
    expected: str | None
    found: str | None
    noted_at: float


COLUMNS = (
    Damage.image,
    Damage.store_id,
    Damage.blob_id,
    Damage.kind,
    Damage.expected,
    Damage.found,
    Damage.noted_at,
)


def note(damage: DamageRow) -> bool:
    """Write down a damaged copy, in place of what was known of it; was it not known yet?"""
    with connection.writing():
        new = not clear(damage.image_id, damage.store_id, damage.blob_id)
        image_id, *values = damage
        names = DamageRow._fields[1:]
        Damage.insert(image=image_id, **dict(zip(names, values, strict=True))).execute()
    return new


def clear(image_id: str, store_id: str, blob_id: str, but: str | None = None) -> bool:
    """Forget that a copy is damaged, unless it is of the kind ``but``; was it known?"""
    where = _is(image_id, store_id, blob_id)
    if but is not None:
        where &= Damage.kind != but
    return Damage.delete().where(where).execute() > 0


def _is(image_id: str, store_id: str, blob_id: str) -> Any:
    return (
        (Damage.image == image_id) & (Damage.store_id == store_id) & (Damage.blob_id == blob_id)
    )


def of(image_id: str) -> set[Copy]:
    """The damaged copies of an image, as store and blob."""
    statement = _of_statement(connection.engine().kind)
    found = connection.database.execute_sql(statement, (image_id,)).fetchall()
    return {(store_id, blob_id) for store_id, blob_id in found}


@functools.cache
def _of_statement(kind: str) -> str:
    """The text of that query for a kind of database, composed once: every download asks it."""
    query = Damage.select(Damage.store_id, Damage.blob_id).where(Damage.image == "")
    return str(query.sql()[0])


def select() -> list[DamageRow]:
    """All damaged copies that are known, oldest first."""
    query = Damage.select(*COLUMNS).order_by(Damage.id)
    return [DamageRow._make(values) for values in query.tuples()]


def count() -> int:
    """How many damaged copies are known."""
    return int(Damage.select().count())
