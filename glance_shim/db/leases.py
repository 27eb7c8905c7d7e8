"""Telling dead holders of leases from living ones, whatever clocks say.

A holder renews its lease by writing another sign into its row. Who wants to take over
watches the row: a sign that has not changed for as long as a lease lasts, by the watcher's
own steady clock, is that of a dead process. No time of another host, of the database or
from before a restart is compared with any other, so that a clock that jumps, or goes
wrong for hours, costs nobody a lease and keeps none.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from glance_shim import clock

# The sign of a lease that its holder has let go of.
RELEASED = 0.0


class Watch:
    """What this process has seen of the leases of one kind, and since when."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def silent(self, signs: Mapping[str, float], seconds: float) -> dict[str, float]:
        """Those of all leases there are that were not renewed for so long, and their sign.

        Who takes one over must do so only if it still has that sign.
        """
        moment = clock.steady()
        with self._lock:
            before, self._seen = self._seen, {}
            for key, sign in signs.items():
                seen, since = before.get(key, (None, moment))
                self._seen[key] = sign, since if seen == sign else moment
            return {
                key: sign
                for key, (sign, since) in self._seen.items()
                if sign == RELEASED or moment - since >= seconds
            }
