"""What counts as an answer, and as the whole of it."""

from __future__ import annotations

import contextlib
import gzip
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import web_server
from fetches import LIMIT, fetched
from web_server import Request, Web

from glance_shim import errors, exchange, fetching

DATA = bytes(range(256)) * 4000
# What a connection holds in the kernels of both sides besides what has been read.
UNDERWAY = 16 << 20


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GAP_SECONDS", 1.0)


def pieces(*sizes: int) -> Iterator[bytes]:
    """The data in pieces of these sizes, again and again."""
    position = 0
    for size in itertools.cycle(sizes):
        if position >= len(DATA):
            return
        yield DATA[position : position + size]
        position += size


WHOLE: dict[str, Callable[[], Any]] = {
    "with a length": lambda: web_server.reply(DATA),
    "with a length, byte by byte at first": lambda: [
        *(bytes([byte]) for byte in web_server.reply(DATA)[:300]),
        web_server.reply(DATA)[300:],
    ],
    "with the same length twice": lambda: [
        web_server.head(f"Content-Length: {len(DATA)}", f"Content-Length: {len(DATA)}"),
        DATA,
    ],
    "until the end of the connection": lambda: [web_server.head(), DATA],
    "from an old server": lambda: [b"HTTP/1.0 200\r\n\r\n", DATA],
    "in large chunks": lambda: web_server.chunked(pieces(400_000)),
    "in small chunks": lambda: web_server.chunked(pieces(1, 700)),
    "in chunks with extensions and trailers": lambda: [
        web_server.head("Transfer-Encoding: Chunked"),
        b"%X ; a=b\r\n%b\r\n0;c\r\nX-Sum: 1\r\n\r\n" % (len(DATA), DATA),
    ],
    "after interim answers": lambda: [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        web_server.reply(DATA),
    ],
    "encoded as itself": lambda: web_server.reply(DATA, Content_Encoding="identity"),
}

FAILING: dict[str, tuple[str, Any]] = {
    "no answer": (fetching.NOT_FETCHED, b""),
    "no HTTP": (fetching.NOT_FETCHED, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "the first HTTP": (fetching.NOT_FETCHED, b"<html></html>"),
    "a status that is none": (fetching.NOT_FETCHED, b"HTTP/1.1 0200 OK\r\n\r\n"),
    "a head that breaks off": (fetching.NOT_FETCHED, web_server.head("Server: x")[:-2]),
    "a header that breaks off": (fetching.NOT_FETCHED, b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a header without a colon": (fetching.NOT_FETCHED, web_server.head("x", "Server: x")),
    "too many headers": (fetching.NOT_FETCHED, web_server.head(*["A: b"] * 200)),
    "a header without end": (fetching.NOT_FETCHED, web_server.head("A: " + "b" * 100_000)),
    "interim answers without end": (
        fetching.NOT_FETCHED,
        itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ),
    "not found": (fetching.NOT_FETCHED, web_server.reply(b"x", "404 Not Found")),
    "a failure": (fetching.NOT_FETCHED, web_server.reply(b"x", "500 Failed")),
    "no content": (fetching.NOT_FETCHED, web_server.reply(b"", "204 No Content")),
    "a part": (
        fetching.NOT_FETCHED,
        web_server.reply(b"x", "206 Part", Content_Range="bytes 0-0/9"),
    ),
    "a choice": (fetching.NOT_FETCHED, web_server.reply(b"", "300 Many", Location="/y")),
    "a redirect to nowhere": (fetching.NOT_FETCHED, web_server.reply(b"", "302 Found")),
    "two lengths": (
        fetching.NOT_FETCHED,
        web_server.head("Content-Length: 1", "Content-Length: 2") + b"xx",
    ),
    "a negative length": (fetching.NOT_FETCHED, web_server.head("Content-Length: -1")),
    "a length that is none": (fetching.NOT_FETCHED, web_server.head("Content-Length: 1_0")),
    "chunks and a length": (
        fetching.NOT_FETCHED,
        web_server.head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    ),
    "chunks of something else": (
        fetching.NOT_FETCHED,
        web_server.head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    ),
    "compressed data": (
        fetching.ENCODED,
        web_server.reply(gzip.compress(DATA), Content_Encoding="gzip"),
    ),
    "data compressed twice": (
        fetching.ENCODED,
        web_server.reply(gzip.compress(DATA), Content_Encoding="identity, br"),
    ),
    "less than announced": (
        fetching.NOT_WHOLE,
        web_server.head("Content-Length: 10") + b"123456789",
    ),
    "more than announced": (
        fetching.NOT_WHOLE,
        web_server.head("Content-Length: 10") + DATA,
    ),
    "a little more than announced": (
        fetching.NOT_WHOLE,
        [web_server.head("Content-Length: 10"), b"1234567890", b"1"],
    ),
    "chunks without an end": (
        fetching.NOT_WHOLE,
        web_server.head("Transfer-Encoding: chunked") + b"5\r\nabcde\r\n",
    ),
    "a chunk that breaks off": (
        fetching.NOT_WHOLE,
        web_server.head("Transfer-Encoding: chunked") + b"5\r\nabc",
    ),
    "a chunk that is too long": (
        fetching.NOT_WHOLE,
        web_server.head("Transfer-Encoding: chunked") + b"5\r\nabcdefg\r\n0\r\n\r\n",
    ),
    "a last chunk without an end": (
        fetching.NOT_WHOLE,
        web_server.head("Transfer-Encoding: chunked") + b"5\r\nabcde\r\n0\r\n",
    ),
    "trailers without end": (
        fetching.NOT_WHOLE,
        itertools.chain(
            [web_server.head("Transfer-Encoding: chunked"), b"0\r\n"],
            itertools.repeat(b"A: b\r\n"),
        ),
    ),
    "announced as too large": (
        fetching.TOO_LARGE,
        web_server.head(f"Content-Length: {LIMIT + 1}"),
    ),
}


@pytest.mark.parametrize("how", WHOLE)
def test_data_comes_as_it_is(how: str, pub: Web, options: Any) -> None:
    pub.answers["/x"] = WHOLE[how]()

    with contextlib.closing(fetching.fetch(pub.url("/x"), options, len(DATA))) as data:
        blocks = list(data)
    assert b"".join(blocks) == DATA
    assert {len(block) for block in blocks[:-1]} == {256 * 1024}
    assert data.size in (None, len(DATA))


@pytest.mark.parametrize("how", FAILING)
def test_what_is_not_the_whole_data_is_an_error(
    how: str, pub: Web, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "END_SECONDS", 60.0)  # However slow this machine is.
    reason, pub.answers["/x"] = FAILING[how]

    with pytest.raises(errors.SourceFailed) as failed:
        fetched(pub.url("/x"), options)
    assert failed.value.facts == {"reason": reason}


@pytest.mark.parametrize("size", ["-5", "+5", "0x5", "5_0", "", " 5", "g", "1" * 30])
def test_a_chunk_of_an_odd_size_is_an_error_at_once(size: str, pub: Web, options: Any) -> None:
    start = web_server.head("Transfer-Encoding: chunked") + size.encode() + b"\r\n"
    pub.answers["/x"] = itertools.chain([start], itertools.repeat(DATA))

    with pytest.raises(errors.SourceFailed):
        fetched(pub.url("/x"), options)
    pub.close()
    assert pub.sent < UNDERWAY


ENDLESS: dict[str, Callable[[], Iterator[bytes]]] = {
    "until the end of the connection": lambda: itertools.repeat(DATA),
    "in chunks": lambda: web_server.chunked(itertools.repeat(DATA)),
    "in tiny chunks": lambda: web_server.chunked(itertools.repeat(b"x" * 100)),
    "in one chunk": lambda: itertools.chain([b"fffffffffffffff\r\n"], itertools.repeat(DATA)),
}


@pytest.mark.parametrize("how", ENDLESS)
def test_data_without_end_is_cut_at_the_limit(how: str, pub: Web, options: Any) -> None:
    start = {
        "until the end of the connection": web_server.head(),
        "in one chunk": web_server.head("Transfer-Encoding: chunked"),
    }
    pub.answers["/x"] = itertools.chain([start.get(how, b"")], ENDLESS[how]())
    taken = 0

    with (
        contextlib.closing(fetching.fetch(pub.url("/x"), options, LIMIT)) as data,
        pytest.raises(errors.SourceFailed) as failed,
    ):
        for block in data:
            taken += len(block)
    pub.close()
    assert failed.value.facts == {"reason": fetching.TOO_LARGE}
    assert taken <= LIMIT
    assert pub.sent < LIMIT + UNDERWAY


def test_as_much_as_the_limit_is_not_too_large(pub: Web, options: Any) -> None:
    pub.answers |= {"/sized": web_server.reply(DATA), "/unsized": [web_server.head(), DATA]}

    for path in pub.answers:
        assert len(fetched(pub.url(path), options, len(DATA))) == len(DATA)
        with pytest.raises(errors.SourceFailed):
            fetched(pub.url(path), options, len(DATA) - 1)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "start, reason",
    [
        (b"", fetching.NOT_FETCHED),
        (b"HTTP/1.1 200 OK\r\nA:", fetching.NOT_FETCHED),
        (web_server.head("Content-Length: 10") + b"12345", fetching.NOT_WHOLE),
        (web_server.head("Transfer-Encoding: chunked") + b"5\r\n123", fetching.NOT_WHOLE),
        (web_server.head() + b"12345", fetching.NOT_WHOLE),
    ],
)
def test_a_source_that_stops_is_given_up(
    start: bytes, reason: str, pub: Web, options: Any
) -> None:
    pub.answers["/x"] = pub.stall(start)

    with pytest.raises(errors.SourceFailed) as failed:
        fetched(pub.url("/x"), options)
    assert failed.value.facts == {"reason": reason}


def test_a_server_may_keep_the_connection_after_all_data(
    pub: Web, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "END_SECONDS", 0.1)
    pub.answers["/x"] = pub.stall(web_server.reply(DATA))

    assert fetched(pub.url("/x"), options) == DATA


def test_a_connection_is_closed_when_nobody_reads_on(pub: Web, options: Any) -> None:
    pub.answers["/x"] = itertools.chain([web_server.head()], itertools.repeat(DATA))

    data = fetching.fetch(pub.url("/x"), options, LIMIT)
    data.close()
    data.close()
    pub.close()
    assert pub.sent < UNDERWAY


def test_failures_to_connect_and_wrong_answers_look_alike(pub: Web, options: Any) -> None:
    pub.answers["/no-http"] = b"220 mail.example\r\n"
    closed = "http://127.0.0.2:1/x"
    told = set()
    for url in (pub.url("/no-http"), pub.url("/missing"), pub.url("/x"), closed):
        with pytest.raises(errors.SourceFailed) as failed:
            fetching.fetch(url, options, LIMIT)
        told.add(str(failed.value))

    assert len(told) == 1


# Parts and sizes


def parts(request: Request) -> bytes:
    """Answer as a server that makes parts."""
    if "range" not in request.headers:
        return web_server.reply(DATA)
    first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
    part = DATA[int(first) : int(last or len(DATA) - 1) + 1]
    span = f"bytes {first}-{int(first) + len(part) - 1}/{len(DATA)}"
    return web_server.reply(part, "206 Partial Content", Content_Range=span)


@pytest.mark.parametrize("answer", [parts, WHOLE["with a length"](), WHOLE["in small chunks"]])
@pytest.mark.parametrize("offset, length", [(0, 1), (5, 300_000), (700_000, None), (0, 9)])
def test_a_part_can_be_fetched_from_any_server(
    offset: int, length: int | None, answer: Any, pub: Web, options: Any
) -> None:
    pub.answers["/x"] = answer if isinstance(answer, bytes) else lambda r: _answer(answer, r)
    end = None if length is None else offset + length

    part = fetched(pub.url("/x"), options, len(DATA), offset=offset, length=length)

    assert part == DATA[offset:end]
    last = "" if end is None else end - 1
    assert pub.requests[0].headers["range"] == f"bytes={offset}-{last}"


def _answer(answer: Any, request: Request) -> Any:
    made = answer(request) if answer is parts else answer()
    return [made] if isinstance(made, bytes) else made


@pytest.mark.parametrize(
    "span",
    ["bytes 0-9/100", "bytes 5-8/100", "bytes 5-15/100", "bytes 5-4/100", "bytes */9", "", "x"],
)
def test_another_part_than_the_one_asked_for_is_an_error(
    span: str, pub: Web, options: Any
) -> None:
    pub.answers["/x"] = web_server.reply(b"x" * 10, "206 Part", Content_Range=span)

    with pytest.raises(errors.SourceFailed):
        fetched(pub.url("/x"), options, offset=5, length=10)


def test_a_part_that_is_not_there_is_an_error(pub: Web, options: Any) -> None:
    pub.answers["/x"] = web_server.reply(DATA)

    with pytest.raises(errors.SourceFailed):
        fetched(pub.url("/x"), options, offset=len(DATA) - 1, length=2)


NO_HEAD = web_server.reply(b"", "405 No")


@pytest.mark.parametrize(
    "to_head, to_get, size",
    [
        (web_server.head("Content-Length: 123"), b"", 123),
        (NO_HEAD, parts, len(DATA)),
        (NO_HEAD, web_server.reply(DATA), len(DATA)),
        (NO_HEAD, web_server.reply(b"1", "206 Part", Content_Range="bytes 0-0/*"), None),
        (web_server.head(), parts, len(DATA)),
        (web_server.head("Transfer-Encoding: chunked"), web_server.head(), None),
        (web_server.head("Content-Length: 5", "Content-Encoding: br"), parts, len(DATA)),
    ],
)
def test_the_size_is_what_the_server_says(
    to_head: bytes, to_get: Any, size: int | None, pub: Web, options: Any
) -> None:
    def answer(request: Request) -> list[bytes]:
        if request.method == "HEAD":
            return [to_head]
        return [to_get(request) if callable(to_get) else to_get]

    pub.answers["/x"] = answer

    assert fetching.size(pub.url("/x"), options) == size


def test_what_is_not_there_has_no_size(pub: Web, options: Any) -> None:
    with pytest.raises(errors.SourceFailed):
        fetching.size(pub.url("/missing"), options)
