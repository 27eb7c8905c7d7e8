"""The image cache: a fast directory of this node in front of slow stores.

What the directory holds is said by rows of the database, under the name of
the node. A row goes before its blob does, and a blob that no row names is
removed by `sweep`; so what is served from the cache was complete and verified
when its row came to say so (``core/cache_filling.py``).
"""

from __future__ import annotations

import logging
import socket
import time
from typing import NamedTuple

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import cache as rows
from glance_shim.db import connection
from glance_shim.db.cache import CACHED, FETCHING, QUEUED, EntryRow
from glance_shim.db.images import ImageRow, Location
from glance_shim.stores.base import Reading
from glance_shim.stores.cache import FilesystemStore, open_cache

log = logging.getLogger(__name__)

# Seconds for which reading further in an image is not written down as a use.
USE_SECONDS = 60

LOCAL = "file"


class Pruned(NamedTuple):
    """How many images have gone, and their bytes."""

    files: int = 0
    size: int = 0


def store_of(deployment: Deployment) -> FilesystemStore | None:
    """The cache of this node; ``None`` without ``image_cache_dir``.

    Raises `errors.ConfigurationError` if its directory cannot be used.
    """
    directory = deployment.config.image_cache_dir
    if not directory:
        return None
    known = (*deployment.stores.values(), deployment.stores.staging)
    return open_cache(directory, [store.root for store in known if hasattr(store, "root")])


def node(deployment: Deployment) -> str:
    """Under which name the entries of this node are kept."""
    config = deployment.config
    name = config.worker_self_reference_url
    return name or f"http://{socket.gethostname()[:200]}:{config.bind_port}"


def open_cached(
    deployment: Deployment, image: ImageRow, offset: int = 0, length: int | None = None
) -> Reading | None:
    """Open the data of an image if the cache of this node has it; else ``None``.

    An entry whose blob is gone or has the wrong size is dropped. A reading
    from the first byte on counts as a hit.
    """
    store = store_of(deployment)
    if store is None:
        return None
    entry = rows.find(node(deployment), image.id)
    if entry is None or entry.status != CACHED or entry.blob_id is None:
        return None
    try:
        reading = store.read(entry.blob_id, offset, length)
    except errors.BlobNotFound:
        _drop_damaged(deployment, entry)
        return None
    except errors.Unavailable as exc:
        log.error("Image %s is not read from the cache: %s", image.id, exc)
        return None
    if reading.size != image.size:
        reading.close()
        _drop_damaged(deployment, entry)
        return None
    _count_use(entry, offset)
    return reading


def _count_use(entry: EntryRow, offset: int) -> None:
    """A client that reads an image in pieces costs one small write a minute."""
    if offset and time.time() - entry.last_accessed < USE_SECONDS:
        return
    try:
        rows.count_use(entry, hits=0 if offset else 1)
    except connection.FAILURES as exc:
        log.warning("A use of image %s is not counted: %s", entry.image_id, exc)


def wants(deployment: Deployment, image: ImageRow, location: Location) -> bool:
    """Should an image that is being read from this location be cached?

    Not from a local store, and not what would drive out everything else.
    """
    config = deployment.config
    store = deployment.stores.get(location.store_id)
    return bool(
        config.image_cache_dir
        and store is not None
        and store.type != LOCAL
        and image.status == "active"
        and image.size is not None
        and image.size <= config.image_cache_max_size
    )


def forget(deployment: Deployment, image_id: str) -> None:
    """Drop a deleted image here; other nodes notice by themselves."""
    if deployment.config.image_cache_dir:
        for entry in rows.select_of_image(image_id):
            drop(deployment, entry)


def drop(deployment: Deployment, entry: EntryRow) -> bool:
    """Take an entry out of the cache or the queue; say whether it still was there.

    Who is just fetching it notices at his next step and keeps nothing.
    """
    there = rows.delete(entry.id)
    store = store_of(deployment)
    if store is not None and entry.blob_id is not None:
        try:
            store.delete(entry.blob_id)
        except errors.Error as exc:
            log.warning("Blob %s stays in the cache for now: %s", entry.blob_id, exc)
    return there


def _drop_damaged(deployment: Deployment, entry: EntryRow) -> None:
    if drop(deployment, entry):
        log.warning("Image %s was damaged in the cache and is dropped", entry.image_id)


def prune(deployment: Deployment) -> Pruned:
    """Drop the least recently used images until the others fit."""
    held = rows.select_cached(node(deployment))
    return _shrink(deployment, held, sum(entry.size for entry in held))


def make_room(deployment: Deployment, claimed: EntryRow) -> bool:
    """As `prune`, before a claimed image comes in; say whether all others fit now.

    Images on their way count too. Who claims looks at the others only
    afterwards, so of several at once the last one sees them all, and the
    cache never holds more than its size and one image.
    """
    held = rows.select_cached(node(deployment))
    _shrink(deployment, held, _held_beside(deployment, claimed))
    return _held_beside(deployment, claimed) <= deployment.config.image_cache_max_size


def _held_beside(deployment: Deployment, claimed: EntryRow) -> int:
    return sum(
        entry.size
        for entry in rows.select(node(deployment))
        if entry.status != QUEUED and entry.id != claimed.id
    )


def _shrink(deployment: Deployment, held: list[EntryRow], used: int) -> Pruned:
    files = size = 0
    for entry in held:
        if used <= deployment.config.image_cache_max_size:
            break
        # Gone from the cache in any case, whoever drops it.
        used -= entry.size
        if drop(deployment, entry):
            files, size = files + 1, size + entry.size
    if files:
        log.info("%d images of %d bytes are dropped from the cache", files, size)
    return Pruned(files, size)


def sweep(deployment: Deployment) -> None:
    """Drop entries that are damaged, stalled or of deleted images, and blobs of no entry.

    Safe to run at any time, by several processes at once.
    """
    store = store_of(deployment)
    if store is None:
        return
    for entry in rows.select_of_deleted():
        drop(deployment, entry)
    # The directory is read before the rows: a row is there before its blob,
    # so what has none is nobody's, and not just older than what was read.
    blobs = {blob.blob_id: blob.size for blob in store.blobs()}
    entries = rows.select(node(deployment))
    for entry in entries:
        if entry.status == FETCHING and _is_stalled(deployment, entry):
            drop(deployment, entry)
            log.warning("Image %s did not come into the cache; given up", entry.image_id)
        elif entry.status == CACHED and blobs.get(entry.blob_id or "") != entry.size:
            _drop_unless_whole(deployment, store, entry)
    for blob_id in blobs.keys() - {entry.blob_id for entry in entries}:
        store.delete(blob_id)
    store.sweep()


def _is_stalled(deployment: Deployment, entry: EntryRow) -> bool:
    return entry.due < time.time() - deployment.config.image_cache_stall_time


def _drop_unless_whole(deployment: Deployment, store: FilesystemStore, entry: EntryRow) -> None:
    """It may have come into the cache after the directory was read."""
    try:
        whole = store.size(entry.blob_id or "") == entry.size
    except (errors.BlobNotFound, errors.BlobUnreadable):
        whole = False
    if not whole:
        _drop_damaged(deployment, entry)
