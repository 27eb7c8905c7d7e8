"""Writing one after the other, in the order in which one came.

SQLite lets one transaction write at a time and has the others look again after pauses
of up to a tenth of a second. Who comes at the right moment goes first, so that of eight
writers one may wait for more than a second while others come and go. Here they wait for
each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator


class TooLong(Exception):
    """Others took so long that the turn did not come."""


class Queue:
    """Lets one thread at a time through, whoever has waited longest."""

    def __init__(self) -> None:
        self._access = threading.Lock()
        self._busy = False
        self._waiting: deque[threading.Event] = deque()

    @contextlib.contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Have one's turn in the block; `TooLong` if it has not come after so many seconds."""
        mine = threading.Event()
        with self._access:
            if self._busy:
                self._waiting.append(mine)
            else:
                self._busy = True
                mine.set()
        if not mine.wait(patience) and self._gave_up(mine):
            raise TooLong()
        try:
            yield
        finally:
            self._pass_on()

    def _gave_up(self, mine: threading.Event) -> bool:
        """Leave the queue, unless the turn has come meanwhile."""
        with self._access:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True

    def _pass_on(self) -> None:
        with self._access:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Be the only one of all processes in such a block with that file, which is made.

    The kernel lets them through in the order in which they came. Where the file cannot
    be made nobody is waited for.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
