"""Threads, where the process may be at the limit of its memory or the machine of its threads.

`threading.Thread.start` waits for the first line of the new thread, and for ever for one that
finds no memory for it.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import logging
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable
from concurrent import futures
from typing import Any

log = logging.getLogger(__name__)

# Seconds that a thread may take to its first line, and between looks whether it has died.
BIRTH_SECONDS = 5.0
LOOK_SECONDS = 0.02

# By how much a thread gives way: with both to do, it gets about a tenth of a core's time.
NICER = 10

# Seconds until another thread is tried for, once none could be had.
PAUSE_SECONDS = 1.0


def start(function: Callable[..., Any], *args: Any) -> bool:
    """Run the function on a thread of its own; false, and it is not run, if none can be had.

    The process does not wait for the thread when it ends.
    """
    undecided, unborn = _thread.allocate_lock(), _thread.allocate_lock()
    unborn.acquire()

    def run() -> None:
        if undecided.acquire(blocking=False):
            unborn.release()
            function(*args)

    with contextlib.suppress(RuntimeError, MemoryError):
        is_there = weakref.ref(run)
        _thread.start_new_thread(run, ())
        # Only the thread still holds it then, for as long as that lives.
        del run
        deadline = time.monotonic() + BIRTH_SECONDS
        while not unborn.acquire(timeout=LOOK_SECONDS):
            if is_there() is None or time.monotonic() > deadline:
                break
    return not undecided.acquire(blocking=False)


def require(function: Callable[..., Any], *args: Any) -> None:
    """Run the function on a thread of its own; return once there is one."""
    while not start(function, *args):
        log.warning("No thread can be started for now")
        time.sleep(PAUSE_SECONDS)


def give_way() -> None:
    """Have the threads of all others go first, from now on, where this one competes with them.

    It cannot be taken back without rights. What the kernel does not allow is left.
    """
    with contextlib.suppress(OSError):
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, niceness + NICER)
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class Pool:
    """Threads, up to ``most``, for what one other thread has to be done.

    Where no more can be had, work waits for those that are there. The process does not wait
    for them when it ends. Each begins with ``at_birth``.
    """

    def __init__(self, most: int, at_birth: Callable[[], None] = lambda: None) -> None:
        self._most = most
        self._at_birth = at_birth
        self._lock = threading.Lock()
        self._threads = 0
        # Threads that wait for work; below zero, work that waits for a thread.
        self._free = 0
        self._next_try = 0.0
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def begin(self) -> None:
        """Have one thread at least; returns once there is."""
        require(self._run)
        self._threads, self._free = 1, 1

    def submit(self, function: Callable[..., Any], *args: Any) -> futures.Future[Any]:
        """Have the function called; by the caller itself, where there is no thread at all."""
        if self._free <= 0:
            self._grow()
        future: futures.Future[Any] = futures.Future()
        work = functools.partial(_do, future, function, args)
        if self._threads:
            with self._lock:
                self._free -= 1
            self._work.put(work)
        else:
            work()
        return future

    def catch_up(self) -> None:
        """Try again to have threads for all that waits; for who submits, from time to time."""
        while self._free < 0 and self._grow():
            pass

    def _grow(self) -> bool:
        if self._threads >= self._most or time.monotonic() < self._next_try:
            return False
        if not start(self._run):
            self._next_try = time.monotonic() + PAUSE_SECONDS
            log.warning("No thread can be started for now; there are %d", self._threads)
            return False
        self._threads += 1
        with self._lock:
            self._free += 1
        return True

    def _run(self) -> None:
        self._at_birth()
        while True:
            work = self._work.get()
            if work is None:
                break
            try:
                work()
            except BaseException:
                log.exception("A thread stumbled")
            del work
            with self._lock:
                self._free += 1
        # For the next of them.
        self._work.put(None)

    def shutdown(self, wait: bool = False) -> None:
        """Let each thread end once nothing waits; nobody can wait for that here."""
        self._work.put(None)


def _do(future: futures.Future[Any], function: Callable[..., Any], args: Any) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args)
    except BaseException as exc:
        future.set_exception(exc)
    else:
        future.set_result(result)
