"""Whose the directories of the stores are.

Two services in one directory would remove each other's data, and what is written where a
disk is not mounted is lost to sight. So each directory has a mark, and is used by nobody else.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import cache
from glance_shim.db import cache as cached_rows
from glance_shim.db import connection
from glance_shim.db import marks as rows
from glance_shim.stores import STAGING
from glance_shim.stores.base import Store
from glance_shim.stores.cache import NAME as CACHE
from glance_shim.stores.filesystem import FilesystemStore

log = logging.getLogger(__name__)

BATCH = 200


def marked(deployment: Deployment) -> Iterator[FilesystemStore]:
    """Every store that is a directory, those of staged and of cached data too."""
    known = (*deployment.stores.values(), deployment.stores.staging, cache.store_of(deployment))
    yield from (store for store in known if isinstance(store, FilesystemStore))


def claim(deployment: Deployment) -> None:
    """Mark the directories that have no mark yet, and have no other used from now on.

    One that may be the place of a disk that is not mounted gets none. A store whose
    directory is not this service's is told in the log, and refuses whatever it is asked.
    """
    service_id = rows.service_id()
    for store in marked(deployment):
        store.guard(service_id)
        try:
            if store.mark() is None and _may_be_marked(store):
                _mark(store, service_id)
            else:
                store.require_mark(service_id)
        except errors.Error as exc:
            log.error("%s", exc)


def _mark(store: FilesystemStore, service_id: str) -> None:
    try:
        store.put_mark(service_id)
    except errors.Error as exc:
        # A disk that is full or takes no changes still has data to be read.
        log.warning("Store %s is used without a mark for now: %s", store.store_id, exc)
        store.guard(None)
    else:
        store.require_mark(service_id)


def claim_at_start(deployment: Deployment) -> None:
    """As `claim`, where the database may be away or take no changes; `claim` is then due."""
    try:
        with connection.connected(deployment.database):
            claim(deployment)
    except connection.FAILURES as exc:
        log.warning("Nobody looks yet whose the stores are: %s", exc)


def claim_as_it_is(deployment: Deployment, store_id: str) -> str:
    """Mark the directory of a store, whatever speaks against it; return its path.

    Raises `errors.StoreUnusable` where it has another mark, and `errors.UnknownStore`.
    """
    known = {store.store_id: store for store in marked(deployment)}
    if store_id not in known:
        raise errors.UnknownStore(store_id=store_id, known=", ".join(known))
    store, service_id = known[store_id], rows.service_id()
    store.put_mark(service_id)
    store.require_mark(service_id)
    return store.root


def check(store: Store) -> None:
    """Raise `errors.StoreUnusable` unless its directory is this service's, or may become so."""
    if not isinstance(store, FilesystemStore):
        return
    if store.mark() is not None or not _may_be_marked(store):
        store.require_mark(rows.find_service_id() or "")


def _may_be_marked(store: FilesystemStore) -> bool:
    """Does nothing speak against it that a directory without a mark is this service's?

    Of staged data each host may have its own, and what is lost there is sent again.
    """
    if store.store_id == STAGING:
        return True
    if store.store_id == CACHE:
        return next(store.names(), None) is None or _has_ours(store)
    return not rows.expects_blobs(store.store_id) or _has_ours(store)


def _has_ours(store: FilesystemStore) -> bool:
    """Is there a blob in the directory that the database knows?"""
    names = store.names()
    while batch := list(itertools.islice(names, BATCH)):
        if store.store_id == CACHE:
            found = cached_rows.any_among(batch)
        else:
            found = rows.has_any(store.store_id, batch)
        if found:
            return True
    return False
