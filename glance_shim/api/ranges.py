"""Which bytes of an image a download asks for."""

from __future__ import annotations

import re
from collections.abc import Callable

from glance_shim import errors
from glance_shim.api import at_hand

Span = Callable[[int], tuple[int, int]]

RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE)
CONTENT_RANGE = re.compile(r"\s*bytes\s+([0-9]+)-([0-9]+)/(\*|[0-9]+)\s*", re.IGNORECASE)
BEYOND = 10**18


def asked_for() -> Span | None:
    """A function from the size to start and length, or ``None`` for everything.

    Takes one range of ``Range``, else the request header ``Content-Range``
    that old clients send. Several ranges raise `errors.Invalid`; what does
    not lie in the data raises `errors.RangeNotSatisfiable`, when the function
    is called.
    """
    headers = at_hand.request().headers
    if "Range" in headers:
        text = headers["Range"]
        if "," in text:
            raise errors.Invalid(reason="Only one range can be asked for at a time")
        return lambda size: _from_range(text, size)
    if "Content-Range" in headers:
        text = headers["Content-Range"]
        return lambda size: _from_content_range(text, size)
    return None


def _number(digits: str) -> int:
    """The number; one of hundreds of digits counts as beyond any image."""
    significant = digits.lstrip("0")
    return BEYOND if len(significant) > 18 else int(significant or "0")


def _from_range(text: str, size: int) -> tuple[int, int]:
    match = RANGE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise errors.RangeNotSatisfiable(range=text, size=size)
    if not match[1]:
        start, last = max(0, size - _number(match[2])), size - 1
    else:
        start, last = (
            _number(match[1]),
            min(_number(match[2]) if match[2] else size - 1, size - 1),
        )
    if start > last:
        raise errors.RangeNotSatisfiable(range=text, size=size)
    return start, last - start + 1


def _from_content_range(text: str, size: int) -> tuple[int, int]:
    match = CONTENT_RANGE.fullmatch(text)
    if match is None:
        raise errors.RangeNotSatisfiable(range=text, size=size)
    start, last = _number(match[1]), _number(match[2])
    if start > last or last >= size or (match[3] not in ("*",) and last >= _number(match[3])):
        raise errors.RangeNotSatisfiable(range=text, size=size)
    return start, last - start + 1
