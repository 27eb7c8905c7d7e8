"""How fast bytes may pass, and how fast they have to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

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


class Patience:
    """Gives up who sends less than ``least`` bytes in ``seconds`` of waiting for them.

    Only the waiting counts: while we are busy with what has come, nobody has to send.
    """

    def __init__(self, seconds: float, least: float) -> None:
        self._seconds = seconds
        self._least = least
        self._waited = 0.0
        self._count = 0

    def receive(self, receive: Callable[..., bytes], *args: Any) -> bytes:
        """What ``receive(*args)`` returns; raises ``TimeoutError`` if that is too little."""
        began = time.monotonic()
        data = receive(*args)
        self._waited += time.monotonic() - began
        self._count += len(data)
        if self._waited >= self._seconds:
            if self._count < self._least:
                raise TimeoutError(f"{self._count} bytes in {self._waited:.0f} seconds")
            self._waited, self._count = 0.0, 0
        return data
