"""Blobs that nothing refers to.

None should ever be: what a dead process leaves has a row that says so. They
come from outside, for example from a database that was put back to an earlier
state; so they are reported, and removed only by an operator who says so.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import images as rows
from glance_shim.db import uploads
from glance_shim.stores.base import Blob, Store

log = logging.getLogger(__name__)

BATCH = 200
IMAGE_ID = 36
HOUR = 3600.0


class Orphan(NamedTuple):
    """A blob that nothing refers to.

    ``known`` says whether this database has, or had, the image that its name speaks of; if
    not, the blob may be that of another deployment, or newer than the database.
    """

    store_id: str
    blob_id: str
    size: int
    modified_at: float
    known: bool


def find(deployment: Deployment, away: list[str] | None = None) -> Iterator[Orphan]:
    """Every orphan that has not been touched for ``[recovery] orphan_hours``.

    Stores that do not answer are passed over, and added to ``away``.
    """
    before = time.time() - deployment.config.recovery.orphan_hours * HOUR
    for store in (*deployment.stores.values(), deployment.stores.staging):
        try:
            old = (blob for blob in store.blobs() if blob.modified < before)
            while batch := list(itertools.islice(old, BATCH)):
                yield from _orphans(store, batch)
        except errors.Error as exc:
            log.warning("Store %s cannot be listed: %s", store.store_id, exc)
            if away is not None:
                away.append(store.store_id)


def _orphans(store: Store, blobs: Iterable[Blob]) -> Iterator[Orphan]:
    # Rows on blobs come before images: data whose upload ends in between is then
    # seen in one of both.
    noted = uploads.noted_among([blob.blob_id for blob in blobs])
    known = rows.known_among({blob.blob_id[:IMAGE_ID] for blob in blobs})
    for blob in blobs:
        image_id = blob.blob_id[:IMAGE_ID]
        if blob.blob_id not in noted and blob.blob_id not in known.get(image_id, ()):
            yield Orphan(store.store_id, *blob, image_id in known)


def remove(deployment: Deployment, orphan: Orphan) -> bool:
    """Remove an orphan whose image is known here, if it still is one; was it removed?"""
    store = deployment.stores.of_blob(orphan.store_id)
    blob = Blob(orphan.blob_id, orphan.size, orphan.modified_at)
    if not orphan.known or not any(_orphans(store, [blob])):
        return False
    store.delete(orphan.blob_id)
    log.warning("Store %s: the orphan %s is removed", orphan.store_id, orphan.blob_id)
    return True
