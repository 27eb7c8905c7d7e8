"""Bringing images into the cache, one after the other, beside the requests.

A client's own download is never tapped: the cache reads the image for itself,
so that a client that stops leaves nothing behind.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from glance_shim import errors, threads
from glance_shim.context import Deployment
from glance_shim.core import cache, copies
from glance_shim.db import cache as rows
from glance_shim.db import connection
from glance_shim.db import images as image_rows
from glance_shim.db.cache import EntryRow
from glance_shim.db.images import ImageRow, Location
from glance_shim.stores.filesystem import FilesystemStore

log = logging.getLogger(__name__)

# No source is waited for half as long without a byte.
LEASE_SECONDS = 120.0
FIRST_PAUSE = 60.0
LONGEST_PAUSE = 86400.0


class NoRoom(errors.Error):
    message = "Other images on their way into the cache leave no room"


class Lost(errors.Error):
    message = "It was taken out of the queue, or is fetched by somebody else"


def queue(deployment: Deployment, image: ImageRow) -> None:
    """Queue the image and begin at once, unless the cache has it or it is on its way.

    One that was put off after a failure is fetched now.
    """
    with connection.writing():
        rows.add(cache.node(deployment), image.id, image.size or 0)
        rows.hasten(cache.node(deployment), image.id)
    start(deployment)


def after_download(deployment: Deployment, image: ImageRow, location: Location) -> None:
    """Queue an image that was just opened at a slow place; never fails the download."""
    if not cache.wants(deployment, image, location):
        return
    try:
        if rows.find(cache.node(deployment), image.id) is None:
            queue(deployment, image)
    except connection.FAILURES as exc:
        log.warning("Image %s is not queued for the cache: %s", image.id, exc)


def fetch_next(deployment: Deployment) -> bool:
    """Bring the first queued image into the cache; say whether there was one.

    One that fails stays in the queue and is tried again, each time after
    twice as long.
    """
    store = cache.store_of(deployment)
    entry = rows.claim(cache.node(deployment), LEASE_SECONDS) if store else None
    if store is None or entry is None:
        return False
    image = image_rows.find_any(entry.image_id)
    if image is None or image.status != "active":
        rows.delete(entry.id)
        return True
    try:
        _fetch(deployment, store, entry, image)
    except Exception as exc:
        expected = isinstance(exc, (errors.Error, OSError))
        log.warning(
            "Image %s is not cached: %s", image.id, exc, exc_info=None if expected else exc
        )
        rows.give_back(entry, _pause(entry.attempts))
    else:
        log.info("Image %s is cached", image.id)
    return True


def _pause(attempts: int) -> float:
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)


def _fetch(
    deployment: Deployment, store: FilesystemStore, entry: EntryRow, image: ImageRow
) -> None:
    """Copy the data and make the entry a cached one, or leave nothing of it."""
    blob_id = entry.blob_id or ""
    if not cache.make_room(deployment, entry):
        raise NoRoom()

    def progress(count: int) -> None:
        with connection.borrowed():
            if not rows.renew(entry, LEASE_SECONDS):
                raise Lost()

    sources = copies.usable(deployment, image)
    with connection.released():
        _copy(deployment, store, blob_id, image, sources, progress)
    try:
        if not rows.finish(entry):
            raise Lost()
    except BaseException:
        store.delete(blob_id)
        raise


def _copy(
    deployment: Deployment,
    store: FilesystemStore,
    blob_id: str,
    image: ImageRow,
    sources: Sequence[Location],
    progress: Callable[[int], None],
) -> None:
    """Copy the data from the first of ``sources`` that has what the image says."""
    stores = deployment.stores
    failure: Exception = errors.BlobNotFound(store_id="")
    for location in sources:
        try:
            reading = stores.find(location.store_id).read(location.blob_id)
            try:
                store.add(blob_id, copies.verified(image, location, reading, progress))
            finally:
                reading.close()
            return
        except Lost:
            raise
        except (errors.Error, OSError) as exc:
            log.warning("Image %s, store %s: %s", image.id, location.store_id, exc)
            failure = exc
    raise failure


class _Background:
    """A thread that empties the queues of this process's deployments, while there are any.

    A deployment that is named while the thread looks at its queue is looked
    at once more, so nothing that was queued before `wake` waits for long. Where
    no thread can be had it waits for the next `wake`, which cleaning up calls too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Deployment] = []
        self._runs = False

    def wake(self, deployment: Deployment) -> None:
        with self._lock:
            if not any(each is deployment for each in self._waiting):
                self._waiting.append(deployment)
            if not self._runs:
                self._runs = threads.start(self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._runs = False
                    return
                deployment = self._waiting.pop(0)
            try:
                with connection.connected(deployment.database):
                    while fetch_next(deployment):
                        pass
            except Exception:
                log.exception("The cache is not filled")


_background = _Background()


def start(deployment: Deployment) -> None:
    """Begin to fetch what is queued, on a thread, and return at once."""
    if deployment.config.image_cache_dir:
        _background.wake(deployment)
