"""Queries on data that is arriving, and on blobs that are to go.

An `Upload` row is the lease of the process that receives data; a `Removal`
row names a blob that no image refers to any more.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from glance_shim.db import leases
from glance_shim.db.models.images import Removal, Upload

_watch = leases.Watch()


class UploadRow(NamedTuple):
    image_id: str
    store_id: str
    blob_id: str


class RemovalRow(NamedTuple):
    id: int
    store_id: str
    blob_id: str


def add(image_id: str, store_id: str, blob_id: str, owner: str | None, reserved: int) -> None:
    """Record that this process brings data for the image into a blob."""
    Upload.insert(
        blob_id=blob_id,
        image=image_id,
        store_id=store_id,
        owner=owner,
        reserved=reserved,
        heartbeat=time.time(),
    ).execute()


def renew(blob_id: str, reserved: int) -> bool:
    """Say that data still arrives; ``False`` when the lease has been taken away."""
    changed = (
        Upload.update(heartbeat=time.time(), reserved=reserved)
        .where(Upload.blob_id == blob_id)
        .execute()
    )
    return changed == 1


def delete(blob_id: str, sign: float | None = None) -> bool:
    """End the lease, only if it has this sign if one is given; say whether it was so."""
    wanted = Upload.blob_id == blob_id
    if sign is not None:
        wanted &= Upload.heartbeat == sign
    return Upload.delete().where(wanted).execute() == 1


def exists(blob_id: str) -> bool:
    """Is there a lease on this blob?"""
    return Upload.select(Upload.blob_id).where(Upload.blob_id == blob_id).exists()


def select(image_id: str) -> list[UploadRow]:
    """The leases on an image."""
    query = Upload.select(Upload.image, Upload.store_id, Upload.blob_id).where(
        Upload.image == image_id
    )
    return [UploadRow._make(values) for values in query.tuples()]


def select_silent(seconds: float) -> list[tuple[UploadRow, float]]:
    """Leases that this process has not seen renewed for this long, and the sign they have."""
    query = Upload.select(Upload.image, Upload.store_id, Upload.blob_id, Upload.heartbeat)
    rows = [(UploadRow._make(values), sign) for *values, sign in query.tuples()]
    silent = _watch.silent({row.blob_id: sign for row, sign in rows}, seconds)
    return [(row, sign) for row, sign in rows if row.blob_id in silent]


def any_looks_silent(seconds: float) -> bool:
    """Does a lease, by the clock of this host, seem to be as old as that, or of the future?"""
    moment = time.time()
    lately = Upload.heartbeat.between(moment - seconds, moment + seconds)
    return Upload.select(Upload.blob_id).where(~lately).exists()


def add_removals(image_id: str, blobs: Iterable[tuple[str, str]], delay: float) -> None:
    """Record that blobs, given as store and blob id, are to go after ``delay`` seconds."""
    due = time.time() + delay
    rows = [(image_id, store_id, blob_id, due) for store_id, blob_id in blobs]
    if rows:
        fields = [Removal.image_id, Removal.store_id, Removal.blob_id, Removal.due]
        Removal.insert_many(rows, fields=fields).execute()


def select_removals(
    image_id: str | None = None, after: int = 0, but: Collection[str] = (), limit: int = 100
) -> list[RemovalRow]:
    """Blobs that are due to go, of one image or of all, by their ids, the first ones ``after``.

    Those in the stores ``but`` are left out.
    """
    query = Removal.select(Removal.id, Removal.store_id, Removal.blob_id).where(
        (Removal.due <= time.time()) & (Removal.id > after)
    )
    if but:
        query = query.where(Removal.store_id.not_in(list(but)))
    if image_id is not None:
        query = query.where(Removal.image_id == image_id)
    return [
        RemovalRow._make(values) for values in query.order_by(Removal.id).limit(limit).tuples()
    ]


def delete_removal(removal_id: int) -> None:
    """Forget a blob that is gone."""
    Removal.delete().where(Removal.id == removal_id).execute()


def count() -> int:
    """How many blobs data is on its way to."""
    return int(Upload.select().count())


def count_removals() -> int:
    """How many blobs are due to go."""
    return int(Removal.select().where(Removal.due <= time.time()).count())


def noted_among(blob_ids: Sequence[str]) -> set[str]:
    """Those of the blobs that somebody has a lease on, or that are to go."""
    found: set[str] = set()
    for table in (Upload, Removal):
        query = table.select(table.blob_id).where(table.blob_id.in_(list(blob_ids)))
        found.update(blob_id for (blob_id,) in query.tuples())
    return found
