"""What a request lacks, by its beginning, and how long it is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from glance_shim.unfinished import Part, Unfinished, what_is_lacking

GET = b"GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: abc\r\n\r\n"
POST = b"POST /v2/images HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("before", [b"", b"\r\n"])
def test_each_beginning_of_a_head_lacks_its_end(before: bytes) -> None:
    head = before + GET
    assert [what_is_lacking(head[:end]) for end in range(len(head) + 1)] == [
        *[Part.HEAD] * len(head),
        None,
    ]


@pytest.mark.parametrize(
    "length", [b"Content-Length: 4", b"content-length:\t004 ", b"Content-Length:4"]
)
def test_each_beginning_of_a_small_body_lacks_its_end(length: bytes) -> None:
    head = POST + length + b"\r\nA: b\r\n\r\n"
    found = [what_is_lacking(head + b"{{}}and more"[:end]) for end in range(8)]
    assert found == [*[Part.BODY] * 4, *[None] * 4]


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 0",
        b"Content-Length: 100000",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nExpect: 100-continue",
        # Whatever else is no length, or more than one, is refused, and nobody waits for more.
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length : 5",
        b"Content-Length: +5",
        b"Content-Length: 5x",
        b"Content-Length: 5, 5",
        b"X-Content-Length: 5",
        b"X-A: b\r\n Content-Length: 5",
    ],
)
def test_no_other_body_is_waited_for(lines: bytes) -> None:
    assert what_is_lacking(POST + lines + b"\r\n\r\n") is None


class Waiting:
    """Stands for a connection."""

    timeout: Any = None


def test_who_is_late_is_told_until_taken_away() -> None:
    unfinished = Unfinished({Part.HEAD: 0, Part.BODY: 0})
    first, second, third = Waiting(), Waiting(), Waiting()
    unfinished.add(first, Part.BODY)
    unfinished.add(second, Part.BODY)
    unfinished.add(third, Part.HEAD)
    assert len(unfinished) == 3
    told = []
    for conn, part in unfinished.late():
        told.append((conn, part))
        unfinished.lacking(part).remove(conn)
    assert told == [(third, Part.HEAD), (first, Part.BODY), (second, Part.BODY)]
    assert not unfinished


def test_who_still_has_time_is_not_late() -> None:
    unfinished = Unfinished({Part.HEAD: 0, Part.BODY: 600})
    late, waiting = Waiting(), Waiting()
    unfinished.add(waiting, Part.BODY)
    assert list(unfinished.late()) == []
    unfinished.add(late, Part.HEAD)
    assert next(unfinished.late()) == (late, Part.HEAD)
    assert unfinished.among(waiting) is unfinished.lacking(Part.BODY)
    assert unfinished.among(Waiting()) is None
