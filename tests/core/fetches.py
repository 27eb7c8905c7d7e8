"""Fetching as tests do it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from glance_shim import fetching

LIMIT = 1 << 20

Names = dict[str, list[list[str]]]
Make = Callable[..., Any]


def fetched(url: str, options: Any, limit: int = LIMIT, **named: Any) -> bytes:
    """All that is at ``url``."""
    with contextlib.closing(fetching.fetch(url, options, limit, **named)) as data:
        return b"".join(data)
