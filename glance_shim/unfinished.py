"""Requests of which a part has come, and how long the rest may take."""

from __future__ import annotations

import collections
import enum
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from glance_shim import siblings

FIRST_LINE = re.compile(rb"[!-~]+ .* HTTP/1\.[01]\r")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*([0-9]{1,5})[ \t]*(?=\r)", re.IGNORECASE)


class Part(enum.Enum):
    """What a request lacks."""

    HEAD = "the end of its head"
    BODY = "the end of its body, which is a small one"


def what_is_lacking(come: bytes) -> Part | None:
    """What one has to wait for, of the request that begins like this.

    Nothing where it is whole, is followed by more data than one waits for before it is
    looked at (`siblings.sends_data`), or is refused without waiting for more.
    """
    head, is_whole, body = come.partition(b"\r\n\r\n")
    if not is_whole:
        return Part.HEAD if _is_part_of_head(come) else None
    lengths = LENGTH.findall(head + b"\r")
    if len(lengths) != 1 or siblings.sends_data(come) or len(body) >= int(lengths[0]):
        return None
    return Part.BODY


def _is_part_of_head(come: bytes) -> bool:
    first, *more = come.removeprefix(b"\r\n").split(b"\n")
    if not more:
        return True
    del more[-1]
    return bool(FIRST_LINE.fullmatch(first)) and all(line.endswith(b"\r") for line in more)


class Unfinished:
    """Connections on which a part of a request has come; no thread waits for the rest.

    A thread was held by each before: 200 clients with a slow head, or with a slow body for the
    login, kept all others out.
    """

    def __init__(self, seconds: Mapping[Part, float]) -> None:
        """Let each part take so long."""
        self._seconds = seconds
        # Of each kind, the one whose time is over first stands first.
        self._waiting: dict[Part, collections.deque[Any]] = {
            part: collections.deque() for part in Part
        }

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, conn: Any, part: Part) -> None:
        """Let it wait for what it lacks, from now on."""
        conn.timeout = time.monotonic() + self._seconds[part]
        self._waiting[part].append(conn)

    def lacking(self, part: Part) -> collections.deque[Any]:
        """Those that lack it."""
        return self._waiting[part]

    def among(self, conn: Any) -> collections.deque[Any] | None:
        """Those among which it waits, if it does."""
        return next((each for each in self._waiting.values() if conn in each), None)

    def late(self) -> Iterator[tuple[Any, Part]]:
        """Those whose time is over, until they are taken away."""
        now = time.monotonic()
        for part, waiting in self._waiting.items():
            while waiting and waiting[0].timeout <= now:
                yield waiting[0], part
