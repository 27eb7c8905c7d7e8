"""Requests that two programs might read in two ways: refused, and only once answered."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator

import pytest
from real_server import Server, answer_on, everything_on, running, surviving

# What must never be answered: it would show versions.
SMUGGLED = b"GET /versions HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(process: Server) -> Iterator[Server]:
    """The server, which must survive the test."""
    with surviving(process):
        yield process


def sent(server: Server, raw: bytes) -> tuple[list[int], bytes]:
    """Send exactly this; return the codes of all answers, and everything that came."""
    with server.connect() as connection:
        # A server that has read enough may close before everything is sent.
        with contextlib.suppress(OSError):
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
        data = everything_on(connection)
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d+) ", data)], data


def head(server: Server, first: str, *lines: bytes) -> bytes:
    return b"\r\n".join(
        [first.encode(), b"X-Auth-Token: " + server.token.encode(), *lines, b"", b""]
    )


LENGTH = b"Content-Length: %d" % len(SMUGGLED)


@pytest.mark.parametrize(
    "lines, body",
    [
        ((LENGTH, b"Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked", b"Content-Length: 5"), b"0\r\n\r\n"),
        ((b"Content-Length: 0", b"Content-Length: 5"), b""),
        ((b"Content-Length: 5", b"Content-Length: 0"), b""),
        ((b"Content-Length: 0, 5",), b""),
        ((b"Content-Length: +5",), b"01234"),
        ((b"Content-Length: -5",), b""),
        ((b"Content-Length: 1_0",), b"0123456789"),
        ((b"Content-Length: 0x5",), b"01234"),
        ((b"Content-Length: five",), b""),
        ((b"Content-Length: 5 5",), b""),
        ((b"Content-Length:",), b""),
        ((b"Content-Length : 5",), b"01234"),
        ((b"Transfer-Encoding : chunked",), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: xchunked",), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked, identity",), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        ((b"Transfer-Encoding: \x0bchunked",), b"0\r\n\r\n"),
        ((b"X-Folded: a", b" b"), b""),
        ((b"X-Folded: a", b"\tTransfer-Encoding: chunked"), b""),
        ((b" X-Leading: a",), b""),
        ((b"X-Nul: a\x00b",), b""),
        ((b"X-N\x00ul: a",), b""),
        ((b"X-Return: a\rContent-Length: 5",), b""),
        ((b"X-Line: a\nContent-Length: 5",), b""),
        ((b"No colon",), b""),
        ((b": no name",), b""),
        ((b"X Y: blank in the name",), b""),
        ((b"X(Y): parentheses",), b""),
    ],
)
@pytest.mark.parametrize(
    "first", ["POST /v2/images HTTP/1.1", "PUT /v2/images/x/file HTTP/1.1"]
)
def test_a_request_of_two_meanings_is_refused(
    server: Server, first: str, lines: tuple[bytes, ...], body: bytes
) -> None:
    raw = head(server, first, b"Host: x", *lines)

    codes, data = sent(server, raw + body + SMUGGLED)

    assert codes in ([400], [501], [])
    assert b'"versions"' not in data
    assert server.alice.ids() == []


def test_data_in_a_coding_that_is_not_undone_is_refused(server: Server) -> None:
    image_id = server.alice.create()["id"]
    octets = b"Content-Type: application/octet-stream"
    lines = (b"Host: x", octets, b"Transfer-Encoding: gzip, chunked")
    raw = head(server, f"PUT /v2/images/{image_id}/file HTTP/1.1", *lines)

    codes, _ = sent(server, raw + b"5\r\n01234\r\n0\r\n\r\n")

    assert codes in ([400], [415], [501], [])
    assert server.status(image_id) == "queued"
    server.request("DELETE", f"/v2/images/{image_id}")


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n",
        b"zz\r\n0\r\n\r\n",
        b"5\r\n01234XX",
        b"5\r\n01234XX0\r\n\r\n",
        b"5\r\n01234\r\n-1\r\n",
        b"0\r\nX",
    ],
)
def test_after_malformed_chunks_nothing_more_is_answered(server: Server, body: bytes) -> None:
    image_id = server.alice.create()["id"]
    octets = b"Content-Type: application/octet-stream"
    lines = (b"Host: x", octets, b"Transfer-Encoding: chunked")
    raw = head(server, f"PUT /v2/images/{image_id}/file HTTP/1.1", *lines)

    codes, data = sent(server, raw + body + SMUGGLED)

    assert codes in ([400], [])
    assert b'"versions"' not in data
    server.request("DELETE", f"/v2/images/{image_id}")


def test_two_hosts_are_refused(server: Server) -> None:
    codes, data = sent(
        server, head(server, "GET /v2/images HTTP/1.1", b"Host: a", b"Host: b") + SMUGGLED
    )

    assert codes in ([400], [])
    assert b'"versions"' not in data


@pytest.mark.parametrize(
    "host", [b'evil"x', b"evil<x>", b"evil/x", b"x@evil", b"evil x", b"evil\r x: y", b"ev\xefl"]
)
def test_a_host_that_is_none_is_refused(server: Server, host: bytes) -> None:
    codes, data = sent(server, head(server, "GET / HTTP/1.1", b"Host: " + host))

    assert codes == [400]
    assert b"evil" not in data and b'"versions"' not in data


@pytest.mark.parametrize(
    "first",
    [
        "GET /v2/images",
        "GET  /v2/images HTTP/1.1",
        "GET /v2/images HTTP/9.9",
        "GET /v2/images HTTP/1.1 x",
        "GET /v2/im ages HTTP/1.1",
        "G\x00ET /v2/images HTTP/1.1",
        "get{} /v2/images HTTP/1.1",
        " GET /v2/images HTTP/1.1",
        "",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
)
def test_a_first_line_that_is_none_is_refused(server: Server, first: str) -> None:
    codes, data = sent(server, head(server, first, b"Host: x") + SMUGGLED)

    assert codes in ([400], [505], [])
    assert b'"versions"' not in data


def test_a_header_with_underscores_is_not_taken_for_another(server: Server) -> None:
    lines = [
        b"Host: x",
        b"X_Roles: admin",
        b"X_Project_Id: admin",
        b"X_OpenStack_Image_Size: 99",
        b"Content_Length: 500",
        b"Connection: close",
    ]
    nobody = b"\r\n".join([b"GET /v2/images HTTP/1.1", *lines, b"", b""])
    with_token = b"X_Auth_Token: " + server.token.encode() + b"\r\n"
    disguised = nobody.replace(b"\r\n\r\n", b"\r\n" + with_token + b"\r\n")

    for raw in (nobody, disguised):
        codes, _ = sent(server, raw)
        assert codes in ([401], [400])
    codes, _ = sent(server, head(server, "GET /v2/info/stores/detail HTTP/1.1", *lines))
    assert codes in ([404], [400])


@pytest.mark.parametrize(
    "first, token",
    [
        ("PUT /v2/images/x/file HTTP/1.1", True),
        ("PUT /v2/images/x/file HTTP/1.1", False),
        ("GET /v2/images HTTP/1.1", True),
        ("GET /v2/images/x HTTP/1.1", True),
        ("POST /v2/images HTTP/1.1", False),
        ("POST /v2/foo HTTP/1.1", True),
        ("BREW /v2/foo HTTP/1.1", True),
        ("GET /versions/ HTTP/1.1", False),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_nobody_reads_is_not_taken_for_a_request(
    server: Server, first: str, token: bool, chunked: bool
) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED) if chunked else SMUGGLED
    line = b"Transfer-Encoding: chunked" if chunked else LENGTH
    raw = head(server, first, b"Host: x", b"Content-Type: application/octet-stream", line)
    if not token:
        raw = raw.replace(b"X-Auth-Token", b"X-No-Token")

    codes, data = sent(server, raw + body)

    assert len(codes) == 1
    assert codes[0] < 500 or "BREW" in first
    assert data.count(b'"versions"') == (1 if "/versions/" in first else 0)


def test_requests_after_one_another_are_answered_in_order(server: Server) -> None:
    get = head(server, "GET /v2/images HTTP/1.1", b"Host: x")
    unknown = head(server, "GET /v2/images/nope HTTP/1.1", b"Host: x")
    post = head(server, "POST /v2/images HTTP/1.1", b"Host: x", b"Content-Length: 3") + b"{] "

    with server.connect() as connection:
        for raw, code in ((get, 200), (unknown, 404), (post, 400), (get, 200), (unknown, 404)):
            connection.sendall(raw)
            assert answer_on(connection).status == code


@pytest.mark.parametrize(
    "size, codes", [(8000, [200]), (9000, [431, 400]), (300_000, [431, 400])]
)
def test_a_header_has_a_largest_size(server: Server, size: int, codes: list[int]) -> None:
    lines = (b"Host: x", b"Connection: close", b"X-Large: " + b"a" * size)

    found, _ = sent(server, head(server, "GET /v2/images HTTP/1.1", *lines))

    assert found == [] or (len(found) == 1 and found[0] in codes)
    assert found or size > 8190


@pytest.mark.parametrize("count, codes", [(90, [200]), (150, [431, 400]), (5000, [431, 400])])
def test_a_request_has_a_largest_number_of_headers(
    server: Server, count: int, codes: list[int]
) -> None:
    lines = [b"Host: x", b"Connection: close"] + [b"X-Many-%d: a" % n for n in range(count)]

    found, _ = sent(server, head(server, "GET /v2/images HTTP/1.1", *lines))

    assert found == [] or (len(found) == 1 and found[0] in codes)
    assert found or count > 100


@pytest.mark.parametrize(
    "length, codes", [(8000, [200]), (9000, [414, 400]), (100_000, [414, 400])]
)
def test_an_address_has_a_largest_length(server: Server, length: int, codes: list[int]) -> None:
    path = "/v2/images?name=".ljust(length, "a")

    found, _ = sent(
        server, head(server, f"GET {path} HTTP/1.1", b"Host: x", b"Connection: close")
    )

    assert found == [] or (len(found) == 1 and found[0] in codes)
    assert found or length > 8190


@pytest.mark.parametrize(
    "path",
    [
        "/v2/images/%0d%0aevil:%20yes",
        "/v2/images/%00",
        "/v2/images?name=%0d%0aevil:%20yes",
        "/v2/images/x/tags/%0d%0aevil:%20yes",
        "//evil.example.org/v2/images",
        "/v2/images/..%2f..%2fetc",
    ],
)
def test_nothing_of_an_address_becomes_a_header_or_a_redirect(
    server: Server, path: str
) -> None:
    codes, data = sent(
        server, head(server, f"GET {path} HTTP/1.1", b"Host: x", b"Connection: close")
    )

    assert len(codes) == 1
    assert codes[0] < 500
    assert b"\r\nevil:" not in data
    assert b"\r\nlocation:" not in data.lower()


@pytest.mark.parametrize(
    "line", [b"X-Image-Meta-Store: a\r\n evil: yes", b"X-Auth-Token: \xff\xfe"]
)
def test_odd_header_values_are_not_errors_of_ours(server: Server, line: bytes) -> None:
    codes, data = sent(
        server, head(server, "GET /v2/images HTTP/1.1", b"Host: x", b"Connection: close", line)
    )

    assert len(codes) <= 1
    assert all(code < 500 for code in codes)
    assert b"\r\nevil:" not in data


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-Proto: https",
        "X-Forwarded-Ssl: on",
        "SCRIPT_NAME: /else",
        "PATH_INFO: /else",
    ],
)
def test_headers_of_proxies_are_not_believed_unless_that_is_said(
    server: Server, header: str
) -> None:
    plain = server.get("/versions").data
    head = f"GET /versions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{header}\r\n\r\n"
    codes, data = sent(server, head.encode())
    assert codes == [200] and data.endswith(plain)
