"""What a test can turn while the service runs: faults, and the time.

The side of the test holds the `Switches`. A service in a thread looks at them
directly, one in a process at the file they are written to.
"""

from __future__ import annotations

import calendar
import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from glance_shim import clock

STORE = "store"
ANSWER = "answer"


class Turned(NamedTuple):
    """How the switches stand: the time that is shown instead of the real one, and faults."""

    time: float | None = None
    faults: tuple[dict[str, Any], ...] = ()


class Switches:
    """The switches, for tests; what is turned in a block is turned back after it."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._numbers = itertools.count()
        self.turned = Turned()
        self._publish()

    @contextlib.contextmanager
    def answer(
        self, status: int, *, times: int | None = None, path: str = "/v2/", method: str = ""
    ) -> Iterator[None]:
        """Answer requests with an error instead of serving them.

        It concerns paths that begin with ``path``, all methods unless one is
        named, and only the first ``times`` such requests.
        """
        fault = {"kind": ANSWER, "status": status, "times": times, "path": path}
        with self._fault(fault | {"method": method.upper()}):
            yield

    def unavailable(self, **which: Any) -> contextlib.AbstractContextManager[None]:
        """Answer 503 with ``Retry-After: 1``; for which requests is said as for `answer`."""
        return self.answer(503, **which)

    @contextlib.contextmanager
    def slow_store(self, seconds: float) -> Iterator[None]:
        """Let whatever is done with data in a store take so many seconds more."""
        with self._fault({"kind": STORE, "seconds": seconds}):
            yield

    @contextlib.contextmanager
    def store_away(self) -> Iterator[None]:
        """Let stores be out of reach: uploads and downloads are answered with 503."""
        with self._fault({"kind": STORE, "away": True}):
            yield

    @contextlib.contextmanager
    def _fault(self, fault: dict[str, Any]) -> Iterator[None]:
        fault["number"] = next(self._numbers)
        self._turn(faults=(*self.turned.faults, fault))
        try:
            yield
        finally:
            self._turn(faults=tuple(each for each in self.turned.faults if each is not fault))

    @contextlib.contextmanager
    def frozen_clock(self, moment: str | float | None = None) -> Iterator[Clock]:
        """Let the time of the service stand still, now or at ``moment``.

        That is seconds since 1970, or text such as ``2026-01-01T00:00:00Z``.
        Of services in threads of one process all have the same clock. A moment
        to come is better than one gone by, at which clients with a clock of
        their own take every new token for expired, and log in each time.
        """
        before, source = self.turned.time, clock.source
        stopped = Clock(self._set_time, time.time() if moment is None else seconds(moment))
        try:
            yield stopped
        finally:
            clock.source = source
            self._turn(time=before)

    def _set_time(self, at: float) -> None:
        clock.source = lambda: at
        self._turn(time=at)

    def _turn(self, **changes: Any) -> None:
        self.turned = self.turned._replace(**changes)
        self._publish()

    def _publish(self) -> None:
        if self._file is None:
            return
        partial = self._file.with_suffix(".new")
        partial.write_text(json.dumps(self.turned))
        partial.replace(self._file)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, tell: Callable[[float], None], at: float) -> None:
        self._tell = tell
        self.move_to(at)

    def move_to(self, moment: str | float) -> None:
        """Let it be this moment, written as for `Switches.frozen_clock`."""
        self.at = seconds(moment)
        self._tell(self.at)

    def tick(self, seconds: float = 1) -> None:
        """Let so many seconds pass."""
        self.move_to(self.at + seconds)


def seconds(moment: str | float) -> float:
    """A moment in seconds since 1970; raises ``ValueError`` for other text than ISO 8601."""
    if isinstance(moment, str):
        return float(calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")))
    return float(moment)


class FileSwitches:
    """The switches as a process sees them: it looks whether the file is another."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: Any = None
        self._turned = Turned()

    @property
    def turned(self) -> Turned:
        """How they stand at this moment."""
        found = self._file.stat()
        if (found.st_ino, found.st_mtime_ns) != self._seen:
            moment, faults = json.loads(self._file.read_text())
            self._turned = Turned(moment, tuple(faults))
            self._seen = found.st_ino, found.st_mtime_ns
        return self._turned
