"""Several things at the same moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE = 60


def rounds(count: int) -> range:
    """So many rounds in the short run; else as many as ``GLANCE_SHIM_ROUNDS`` says."""
    return range(int(os.environ.get("GLANCE_SHIM_ROUNDS") or count))


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Begin all actions at the same time; what they return, in their order."""
    barrier = threading.Barrier(len(actions))

    def wait_and(action: Callable[[], Any]) -> Any:
        barrier.wait(PATIENCE)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [each.result() for each in [pool.submit(wait_and, a) for a in actions]]


def codes(*requests: Callable[[], Any]) -> list[int]:
    """The statuses of answers to requests made at the same time."""
    return [int(response.status_code) for response in together(*requests)]
