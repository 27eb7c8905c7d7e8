"""Requests that no library would send, to the process that is shipped: framing and headers."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tally
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from real_server import Server, everything_on, running, surviving, until

# What a process may have more after twice as many requests, in KiB.
MOST_GROWTH = 16 * 1024

METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
PATHS = st.sampled_from(
    [
        *("/", "/v2/images", "/v2/images?limit=1", "/v2/images/{image}", "/healthcheck"),
        *("/v2/images/{image}/file", "/v2/images/{image}/stage", "/v2/images/{image}/members"),
        *("/identity/v3/auth/tokens", "/v2/metadefs/namespaces", "//v2/images", "/v2/../v2"),
        *("/v2/images/%00", "/v2/images/%ff", "/v2/images/%2e%2e/", "/dashboard", "*"),
    ]
)
ODD = st.binary(max_size=20).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b""))
NAMES = st.sampled_from(
    [
        *(b"Content-Type", b"Range", b"Accept", b"Expect", b"Connection", b"X-Auth-Token"),
        *(b"X-OpenStack-Image-Size", b"X-Image-Meta-Store", b"X-Forwarded-For", b"Cookie"),
        *(b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Host", b"X_Y"),
    ]
)
FRAMING = (b"Content-Length", b"Transfer-Encoding", b"Host", b"X-Auth-Token")
VALUES = ODD | st.sampled_from(
    [
        *(b"application/json", b"application/octet-stream", b"bytes=0-5", b"100-continue"),
        *(b"close", b"chunked", b"gzip", b"gzip, chunked", b"0", b"5", b"-1", b"+5", b"1e3"),
    ]
)
LEGAL = st.tuples(NAMES, VALUES)
HEADERS = st.one_of(
    st.just([]),
    st.lists(LEGAL.filter(lambda header: header[0] not in FRAMING), max_size=2),
    st.lists(LEGAL | st.tuples(ODD, ODD), max_size=4),
)
CHUNKS = st.lists(
    st.sampled_from(
        [
            *(b"5\r\nabcde\r\n", b"0\r\n\r\n", b"5;x=y\r\nabcde\r\n", b"5\r\nabc\r\n"),
            *(b"-5\r\nabcde\r\n", b"0x5\r\nabcde\r\n", b"ffffffffffffffff\r\n", b"\r\n", b"5"),
            *(b"0\r\nX-Auth-Token: x\r\n\r\n", b"5 \r\nabcde\r\n", b"5\nabcde\n"),
        ]
    ),
    max_size=4,
).map(b"".join)
LENGTHS = st.sampled_from(
    [b"0", b"3", b"5", b"500", b"05", b"5, 5", b" 5", b"9999999999999999"]
)
BODIES = st.one_of(
    st.just((b"", b"")),
    st.tuples(LENGTHS.map(lambda length: b"Content-Length: %s\r\n" % length), ODD),
    st.tuples(st.just(b"Transfer-Encoding: chunked\r\n"), CHUNKS | ODD),
    st.tuples(st.just(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), CHUNKS),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), workers=1) as started:
        yield started


def resident(server: Server) -> int:
    """KiB of memory of the process that serves."""
    (pid,) = server.workers()
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


def handles(server: Server) -> int:
    """All but those of the database: its connections are as many as were wanted at once."""
    (pid,) = server.workers()
    count = 0
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        # What is closed while we look is not counted.
        with contextlib.suppress(FileNotFoundError):
            count += "glance.db" not in str(handle.readlink())
    return count


def ask(server: Server, image_id: str, method: str, path: str, rest: bytes) -> None:
    """Send it, say that this was all, and judge the first answer."""
    line = f"{method} {path.format(image=image_id)} HTTP/1.1\r\nHost: x\r\n"
    with contextlib.closing(server.connect()) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(line.encode() + rest)
            connection.shutdown(socket.SHUT_WR)
        answer = everything_on(connection)
    if answer:
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
        assert status, answer
        tally.count(method, f"{path} as sent", int(status[1]))
        # RFC 9112, 6.1: so is a transfer coding refused that nobody knows.
        is_coding = status[1] == b"501" and b"Unsupported transfer coding" in answer
        assert int(status[1]) < 500 or is_coding, answer


def test_T_HTTP_1_whatever_is_sent_is_answered_or_refused(server: Server) -> None:
    image_id = server.alice.active(b"0123456789")["id"]
    token = f"X-Auth-Token: {server.token}\r\n".encode()

    @given(method=METHODS, path=PATHS, headers=HEADERS, body=BODIES, known=st.booleans())
    @examples(60)
    def send(method: str, path: str, headers: Any, body: Any, known: bool) -> None:
        framing, data = body
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        rest = (token if known else b"") + framing + lines + b"\r\n" + data
        ask(server, image_id, method, path, rest)

    with surviving(server):
        send()
        held, used = handles(server), resident(server)
        send()
        until(lambda: handles(server) <= held, "no more handles are held than halfway")
        assert resident(server) - used < MOST_GROWTH
