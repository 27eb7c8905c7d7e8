"""Queries on the cache. A node's rows are its queue, and say what its directory holds."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from glance_shim.db import connection
from glance_shim.db.models.cache import CachedImage
from glance_shim.db.models.images import Image

QUEUED, FETCHING, CACHED = "queued", "fetching", "cached"
OPEN = (QUEUED, FETCHING)


class EntryRow(NamedTuple):
    """An entry as it stands in the database."""

    id: int
    image_id: str
    status: str
    blob_id: str | None
    size: int
    hits: int
    last_accessed: float
    last_modified: float
    due: float
    attempts: int


COLUMNS = tuple(getattr(CachedImage, name) for name in EntryRow._fields)


def find(node: str, image_id: str) -> EntryRow | None:
    """The entry of an image in the cache of a node."""
    query = CachedImage.select(*COLUMNS).where(_of_image(node, image_id))
    found = query.tuples().first()
    return EntryRow._make(found) if found else None


def _of_image(node: str, image_id: str) -> Any:
    return (CachedImage.node == node) & (CachedImage.image == image_id)


def select(node: str) -> list[EntryRow]:
    """All entries of a node; those in the queue in the order of processing."""
    query = (
        CachedImage.select(*COLUMNS)
        .where(CachedImage.node == node)
        .order_by(CachedImage.due, CachedImage.id)
    )
    return [EntryRow._make(values) for values in query.tuples()]


def select_cached(node: str) -> list[EntryRow]:
    """What the directory of a node holds, least recently used first."""
    query = (
        CachedImage.select(*COLUMNS)
        .where((CachedImage.node == node) & (CachedImage.status == CACHED))
        .order_by(CachedImage.last_accessed, CachedImage.id)
    )
    return [EntryRow._make(values) for values in query.tuples()]


def select_of_image(image_id: str) -> list[EntryRow]:
    """The entries of an image on all nodes."""
    query = CachedImage.select(*COLUMNS).where(CachedImage.image == image_id)
    return [EntryRow._make(values) for values in query.tuples()]


def select_of_deleted() -> list[EntryRow]:
    """Entries on all nodes whose image has been deleted."""
    query = CachedImage.select(*COLUMNS).join(Image).where(Image.deleted)
    return [EntryRow._make(values) for values in query.tuples()]


def nodes(image_id: str) -> list[str]:
    """The nodes whose cache holds the image."""
    query = (
        CachedImage.select(CachedImage.node)
        .where((CachedImage.image == image_id) & (CachedImage.status == CACHED))
        .order_by(CachedImage.node)
    )
    return [node for (node,) in query.tuples()]


def any_among(blob_ids: Sequence[str]) -> bool:
    """Is one of the blobs in the cache of any node?"""
    return CachedImage.select().where(CachedImage.blob_id.in_(blob_ids)).exists()


def add(node: str, image_id: str, size: int) -> None:
    """Queue the image, unless it is in the queue or the cache already."""
    moment = time.time()
    insert = CachedImage.insert(
        node=node,
        image=image_id,
        status=QUEUED,
        size=size,
        last_accessed=moment,
        last_modified=moment,
        due=moment,
    )
    connection.engine().unless_there(insert, CachedImage.node, CachedImage.image).execute()


def hasten(node: str, image_id: str) -> None:
    """Let a queued image that was put off be fetched now."""
    moment = time.time()
    CachedImage.update(due=moment).where(
        _of_image(node, image_id) & (CachedImage.status == QUEUED) & (CachedImage.due > moment)
    ).execute()


def claim(node: str, lease_seconds: float) -> EntryRow | None:
    """The first entry that is due, now for the caller to fetch into the blob it names.

    ``None`` if there is none. One whose fetch has given no sign of life for
    its lease is taken over.
    """
    moment = time.time()
    free = CachedImage.status.in_(OPEN) & (CachedImage.due <= moment)
    candidates = (
        CachedImage.select(CachedImage.id, CachedImage.image)
        .where((CachedImage.node == node) & free)
        .order_by(CachedImage.due, CachedImage.id)
        .limit(10)
    )
    # Read to the end first: SQLite refuses to write in the middle of a reading
    # when somebody else has written since it began.
    for entry_id, image_id in list(candidates.tuples()):
        claimed = (
            CachedImage.update(
                status=FETCHING,
                blob_id=f"{image_id}-{secrets.token_hex(4)}",
                due=moment + lease_seconds,
                attempts=CachedImage.attempts + 1,
            )
            .where((CachedImage.id == entry_id) & free)
            .execute()
        )
        if claimed:
            return find(node, image_id)
    return None


def renew(entry: EntryRow, lease_seconds: float) -> bool:
    """Say that data arrives; ``False`` if the entry is no longer the caller's."""
    return _change_claimed(entry, due=time.time() + lease_seconds)


def finish(entry: EntryRow) -> bool:
    """Make a fetched entry a cached one; ``False`` if it is no longer the caller's."""
    moment = time.time()
    return _change_claimed(entry, status=CACHED, last_accessed=moment, last_modified=moment)


def give_back(entry: EntryRow, pause_seconds: float) -> bool:
    """Queue a claimed entry again, to be fetched after a pause."""
    due = time.time() + pause_seconds
    return _change_claimed(entry, status=QUEUED, blob_id=None, due=due)


def _change_claimed(entry: EntryRow, **values: Any) -> bool:
    """Change the entry if it still names the blob that its claim gave it."""
    changed = (
        CachedImage.update(**values)
        .where(
            (CachedImage.id == entry.id)
            & (CachedImage.blob_id == entry.blob_id)
            & (CachedImage.status == FETCHING)
        )
        .execute()
    )
    return changed == 1


def count_use(entry: EntryRow, hits: int) -> None:
    """Note that a cached image is used now, and that these are hits."""
    CachedImage.update(hits=CachedImage.hits + hits, last_accessed=time.time()).where(
        CachedImage.id == entry.id
    ).execute()


def delete(entry_id: int) -> bool:
    """Forget an entry; say whether it still was there."""
    return CachedImage.delete().where(CachedImage.id == entry_id).execute() == 1
