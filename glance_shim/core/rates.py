"""How often somebody may call."""

from __future__ import annotations

import mmap
import time

SLOTS = 1 << 16
# Seconds that adding up many small ones may be wrong by.
ROUNDING = 1e-6


class Rate:
    """So many calls a second for each caller, and ``burst`` of them at once.

    For each caller there is a time up to which its calls are spoken for (the generic cell
    rate algorithm, which lets pass what a token bucket does). It stands in memory that all
    processes share that are forked from this one, in two places chosen by a hash, of which
    the earlier time counts: the calls of one caller hardly ever count for another, and
    nothing grows with their number. Nobody waits for a lock, so of two calls in the same
    microsecond one may go uncounted.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._ahead = (burst - 1) * self._interval
        self._times = memoryview(mmap.mmap(-1, SLOTS * 8)).cast("d")

    def wait(self, caller: str) -> float:
        """Count a call; the seconds until it may be made, if it may not be made now.

        A call that has to wait does not count.
        """
        times, now, mark = self._times, time.monotonic(), hash(caller)
        first, second = mark % SLOTS, (mark >> 20) % SLOTS
        until = max(now, min(times[first], times[second]))
        wait = until - now - self._ahead
        if wait > ROUNDING:
            return wait
        until += self._interval
        times[first] = max(times[first], until)
        times[second] = max(times[second], until)
        return 0.0
