"""The time that people see, in one place, so that tests can move it.

Leases and heartbeats are none of it: they say whether a process lives, and
processes go on living while a test's clock stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable

source: Callable[[], float] = time.time


def now() -> float:
    """Seconds since 1970."""
    return source()


def moment(seconds: float = 0) -> str:
    """The moment in so many seconds, as it goes over the wire and is kept."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now() + seconds))


def sleep(seconds: float) -> None:
    time.sleep(seconds)
