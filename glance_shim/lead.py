"""Who leads of two threads: the one that also works, or a deputy while its work takes long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from glance_shim import threads

log = logging.getLogger(__name__)

# How long whoever leads may work before a deputy leads.
BUSY_SECONDS = 0.01


class Lead:
    """Whoever holds it looks after what only one thread may touch.

    The thread that leads has it in a ``with`` block, and works without it (`work`). A deputy
    that takes it calls ``begin`` once, and then ``go_on`` until the work is done; it may not
    call `work`: the lead would change hands in the middle of what both do. It is called to
    with ``wake`` when the work is done, as it may be waiting for something.
    """

    def __init__(
        self,
        begin: Callable[[], None],
        go_on: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._begin = begin
        self._go_on = go_on
        self._wake = wake
        self._held = threading.Lock()
        self._is_working = False
        self._works = 0
        self._rests = True
        self._wanted = threading.Event()
        # How often a deputy has led.
        self.times_deputed = 0
        # Does a deputy lead now?
        self.is_deputed = False

    def __enter__(self) -> Lead:
        self._held.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self._held.release()

    def work(self, do: Callable[..., Any], *args: Any) -> tuple[Any, bool]:
        """What ``do(*args)`` returns, and whether a deputy has led meanwhile."""
        times_deputed = self.times_deputed
        self._is_working = True
        self._works += 1
        if self._rests:
            self._wanted.set()
        self._held.release()
        try:
            result = do(*args)
        finally:
            self._is_working = False
            if not self._held.acquire(blocking=False):
                self._wake()
                self._held.acquire()
        return result, self.times_deputed != times_deputed

    def have_deputy(self) -> None:
        """Start the deputy's thread, which ends with the process."""
        threads.require(self._stand_by)

    def _stand_by(self) -> None:
        """Look now and then, while there is work, whether it is still the same."""
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self._rests, works = False, -1
            while works != self._works or self._is_working:
                if works == self._works:
                    try:
                        self._depute()
                    except Exception:
                        log.exception("A deputy stumbled")
                works = self._works
                time.sleep(BUSY_SECONDS)
            self._rests = True
            if works != self._works:
                self._wanted.set()

    def _depute(self) -> None:
        if not self._held.acquire(blocking=False):
            return
        try:
            # Whose work is just done waits for the lead, and begins no other until it has it.
            if self._is_working:
                self.is_deputed = True
                self.times_deputed += 1
                self._begin()
            while self._is_working:
                self._go_on()
        finally:
            self.is_deputed = False
            self._held.release()
