"""The time that people see, and that which passes, in one place, so that tests can move both.

Leases and heartbeats have nothing to do with what people see: they say whether a process
lives, and processes go on living while a clock stands still, or jumps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

source: Callable[[], float] = time.time
# Seconds that pass in this process; no clock that is set changes them.
steady_source: Callable[[], float] = time.monotonic


def now() -> float:
    """Seconds since 1970."""
    return source()


def steady() -> float:
    """Seconds since some moment, the same for this process as long as it lives."""
    return steady_source()


def moment(seconds: float = 0) -> str:
    """The moment in so many seconds, as it goes over the wire and is kept."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now() + seconds))


def sleep(seconds: float) -> None:
    time.sleep(seconds)
