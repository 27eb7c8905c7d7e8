"""How many transfers of data a server has at once, over all of its processes."""

from __future__ import annotations

import fcntl
import functools
import tempfile
import threading
from collections.abc import Callable

from glance_shim import errors


class Places:
    """So many places, for all processes that are forked from the one that made them.

    Each is a byte of a file without a name, locked while it is taken: what a process
    had that dies is given back by the kernel.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        # Never closed: the first close would drop all locks of a process.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._taken: set[int] = set()
        self._next = 0
        # Not a plain lock: a transfer may end by itself while one begins.
        self._lock = threading.RLock()

    def take(self) -> int | None:
        """A place that was free; ``None`` if there is none."""
        with self._lock:
            for step in range(self._count):
                place = (self._next + step) % self._count
                # Of itself a process would get each lock again.
                if place not in self._taken and self._locked(place):
                    self._taken.add(place)
                    self._next = place + 1
                    return place
        return None

    def _locked(self, place: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True

    def give_back(self, place: int) -> None:
        """Let others have the place."""
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)
            self._taken.discard(place)
            self._next = place


class Transfers:
    """The places of uploads and of downloads, and the threads of a process that they may hold.

    Some threads are always left to small requests, see `threads_for_transfers`.
    """

    def __init__(self, uploads: int, downloads: int, threads: int) -> None:
        self._limits = {"max_uploads": uploads, "max_downloads": downloads}
        self._places = {option: Places(limit) for option, limit in self._limits.items()}
        self._most = threads_for_transfers(threads)
        self._here: set[tuple[str, int]] = set()
        self._lock = threading.RLock()

    def upload(self) -> Transfer:
        """Begin an upload; raises `errors.TooManyTransfers`."""
        return self._begin("max_uploads")

    def download(self) -> Transfer:
        """Begin a download; raises `errors.TooManyTransfers`."""
        return self._begin("max_downloads")

    def downloads_here(self) -> int:
        """How many downloads this process has under way."""
        return sum(option == "max_downloads" for option, _ in tuple(self._here))

    def _begin(self, option: str) -> Transfer:
        with self._lock:
            if len(self._here) >= self._most:
                raise errors.TooManyTransfers(limit=self._most, option="threads")
            place = self._places[option].take()
            if place is None:
                raise errors.TooManyTransfers(limit=self._limits[option], option=option)
            self._here.add((option, place))
            return Transfer(functools.partial(self._end, option, place))

    def _end(self, option: str, place: int) -> None:
        with self._lock:
            self._here.discard((option, place))
            self._places[option].give_back(place)


class Transfer:
    """One that has begun. It is over when it is closed, or nobody knows it any more."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end: Callable[[], None] | None = end

    def close(self) -> None:
        """End it; twice is no error."""
        end, self._end = self._end, None
        if end:
            end()

    def __enter__(self) -> Transfer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # An answer that fails before anything of it is sent is closed by nobody.
    __del__ = close


def threads_for_transfers(threads: int) -> int:
    """How many threads of a process transfers may hold: all but one of sixteen, or but one."""
    return max(1, threads - max(1, threads // 16))
