"""Leaving others their share of a disk or a network."""

from __future__ import annotations

import time

MIB = 1 << 20


class Pace:
    """Lets no more than so many MiB a second pass; 0 means as many as can."""

    def __init__(self, rate: int) -> None:
        self._rate = rate * MIB
        self._due = time.monotonic()

    def spend(self, chunk: bytes) -> None:
        """Wait until the chunk may have passed."""
        if not self._rate:
            return
        now = time.monotonic()
        self._due = max(self._due, now) + len(chunk) / self._rate
        if self._due > now:
            time.sleep(self._due - now)
