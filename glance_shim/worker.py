"""Work beside the requests: tasks and cleaning up, in any process or one of its own."""

from __future__ import annotations

import logging
import queue
import random
import signal
import threading
import time
from typing import Any

from glance_shim import threads
from glance_shim.context import Deployment
from glance_shim.core import (
    cache,
    cache_filling,
    marks,
    recovery,
    task_types,
    tasks,
    verification,
)
from glance_shim.db import connection

log = logging.getLogger(__name__)

IDLE_SECONDS = 2.0
SWEEP_SECONDS = 60
REMOTE = "glance-download"


class Workers:
    """Threads that do one task after the other; they end with the process.

    What they are doing when it dies is taken over by others once its lease
    has run out.
    """

    def __init__(self, deployment: Deployment, count: int, only_kept: bool = False) -> None:
        self._deployment = deployment
        self._only_kept = only_kept
        self._stopping = threading.Event()
        self._at_work = set(range(count))

    def start(self) -> None:
        """Start them, as soon as they can be had."""
        for number in sorted(self._at_work):
            threads.require(self._run, number)

    def begin_no_more(self) -> None:
        """Let each thread end with the task that it is doing."""
        self._stopping.set()
        tasks.wake.set()

    def at_work(self) -> bool:
        return bool(self._at_work)

    def _run(self, number: int) -> None:
        while not self._stopping.is_set():
            tasks.wake.wait(IDLE_SECONDS)
            tasks.wake.clear()
            try:
                self._do_all()
            except (*connection.FAILURES, tasks.NoThread) as exc:
                log.warning("Tasks have to wait: %s", exc)
                self._stopping.wait(IDLE_SECONDS)
            except Exception:
                log.exception("A worker stumbled")
                self._stopping.wait(IDLE_SECONDS)
        self._at_work.discard(number)

    def _do_all(self) -> None:
        with connection.connected(self._deployment.database):
            while not self._stopping.is_set():
                if not task_types.run_next(self._deployment, self._only_kept):
                    return


def start_beside_requests(deployment: Deployment) -> None:
    """Start what a process of the server does beside its requests.

    One that leaves tasks to others still does those that need the token of a
    caller, which nobody else has.
    """
    keep_house_in_background(deployment)
    config = deployment.config
    if config.task.workers:
        Workers(deployment, config.task.workers).start()
    elif REMOTE in config.enabled_import_methods:
        Workers(deployment, 1, only_kept=True).start()


def run(deployment: Deployment, count: int) -> None:
    """Do tasks, and nothing else, until told to stop by SIGTERM or SIGINT.

    Tasks at hand then have ``graceful_timeout`` seconds to end; the rest are
    given back, and at a second signal all of them.
    """
    told: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda sent, frame: told.put(sent))
    marks.claim_at_start(deployment)
    keep_house_in_background(deployment)
    workers = Workers(deployment, count)
    workers.start()
    log.info("Doing tasks as %s, %d at a time", tasks.worker_name(), count)
    told.get()
    workers.begin_no_more()
    log.info("Beginning no more tasks; the next signal ends those at hand")
    _wait(workers, told, deployment.config.graceful_timeout)
    give_back()


def _wait(workers: Workers, told: Any, seconds: float) -> None:
    """Wait until the last task has ended, but not longer, and not once told again."""
    deadline = time.monotonic() + seconds
    while workers.at_work() and told.empty() and time.monotonic() < deadline:
        time.sleep(0.1)


def give_back() -> None:
    """Leave the tasks at hand to others, at the very end of a process."""
    try:
        tasks.give_back_all()
    except connection.FAILURES as exc:
        log.warning("Tasks are left to others once their leases have run out: %s", exc)


def keep_house_in_background(deployment: Deployment) -> None:
    """Clean up after dead processes and verify image data, until this one ends."""
    threads.require(keep_house, deployment)
    # Not by the same thread: reading all data takes hours.
    threads.require(keep_verified, deployment)


def keep_verified(deployment: Deployment) -> None:
    """Verify image data whenever that is due, for ever."""
    while True:
        time.sleep(SWEEP_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311
        try:
            with connection.connected(deployment.database):
                verification.run_due(deployment)
        except connection.FAILURES as exc:
            log.warning("Verifying has to wait: %s", exc)
        except Exception:
            log.exception("Verifying failed")


def keep_house(deployment: Deployment) -> None:
    """Clean up after dead processes, for ever."""
    while True:
        try:
            with connection.connected(deployment.database):
                recovery.sweep(deployment)
                cache.sweep(deployment)
            cache_filling.start(deployment)
        except connection.FAILURES as exc:
            log.warning("Cleaning up has to wait: %s", exc)
        except Exception:
            log.exception("Cleaning up failed")
        # Processes that began together shall not sweep together.
        time.sleep(SWEEP_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311
