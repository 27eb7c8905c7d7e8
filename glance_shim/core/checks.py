"""What would keep the service from working, found before it is started."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import cache, marks
from glance_shim.db import schema
from glance_shim.stores.base import Store

log = logging.getLogger(__name__)

# How long an answer to whether the service is ready is good, and how long one that is being
# looked for is waited for.
READY_SECONDS, NOT_READY_SECONDS = 5.0, 1.0
LONGEST_SECONDS, WAIT_SECONDS = 30.0, 5.0


def problems(deployment: Deployment) -> Iterator[str]:
    """A line for everything that is wrong; none if the service can start."""
    for name, check in all_of(deployment).items():
        try:
            check()
        except errors.Error as exc:
            yield f"{name}: {exc}"


def all_of(deployment: Deployment) -> dict[str, Callable[[], None]]:
    """A check of each part by its name; it raises `errors.Error` with what is wrong."""
    checks: dict[str, Callable[[], None]] = {"database": lambda: _database(deployment)}
    stores = {f"store {name}": store for name, store in deployment.stores.items()}
    stores["staging"] = deployment.stores.staging
    checks |= {
        name: functools.partial(_store, deployment, store) for name, store in stores.items()
    }
    if deployment.config.image_cache_dir:
        checks["cache"] = functools.partial(_cache, deployment)
    check_tokens = getattr(deployment.tokens, "check", None)
    if check_tokens is not None:
        checks["keystone"] = check_tokens
    return checks


def _database(deployment: Deployment) -> None:
    schema.check(deployment.database)
    with schema.reaching(deployment.database):
        if deployment.database.is_read_only():
            raise errors.ConfigurationError(
                reason="the database takes no changes; is it a replica, or its disk full?"
            )


def _store(deployment: Deployment, store: Store) -> None:
    store.check()
    # What is wrong with the database is said in its own line.
    with (
        contextlib.suppress(errors.ConfigurationError),
        schema.reaching(deployment.database),
    ):
        marks.check(store)


def _cache(deployment: Deployment) -> None:
    store = cache.store_of(deployment)
    if store is not None:
        _store(deployment, store)


class Readiness:
    """Can this process do its work now? It is looked at once in a while, by one thread.

    Whoever asks meanwhile hears what was found last, so that neither many who ask nor a
    store that hangs can take all threads.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self._missing: list[str] = []
        self._looked = -LONGEST_SECONDS

    def missing(self) -> list[str]:
        """What keeps it from its work, by name; nothing if it is ready."""
        age = time.monotonic() - self._looked
        if age < (NOT_READY_SECONDS if self._missing else READY_SECONDS):
            return self._missing
        hangs = age >= LONGEST_SECONDS
        if not self._lock.acquire(timeout=WAIT_SECONDS if hangs else 0):
            return ["answers in time"] if hangs else self._missing
        try:
            if time.monotonic() - self._looked >= age:
                self._look()
        finally:
            self._lock.release()
        return self._missing

    def _look(self) -> None:
        stores = self._deployment.stores
        needed: dict[str, Callable[[], None]] = {
            "database": lambda: _database(self._deployment),
            f"store {stores.default.store_id}": stores.default.check,
            "staging": stores.staging.check,
        }
        missing = []
        for name, check in needed.items():
            try:
                check()
            except errors.Error as exc:
                missing.append(name)
                if name not in self._missing:
                    log.error("Not ready: %s: %s", name, exc)
        if self._missing and not missing:
            log.info("Ready again")
        self._missing, self._looked = missing, time.monotonic()
