"""How answers leave: in as few pieces as they can, with what HTTP wants of them."""

from __future__ import annotations

import os
import socket
import types

import pytest

from glance_shim import transport


class Recorded:
    """Stands for a connection; a real one does not show in how many pieces it was sent to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)


def answer(connection, *bodies, method="GET", length=True):
    request = types.SimpleNamespace(version=(1, 1), method=method, should_close=lambda: False)
    response = transport.Response(request, connection, types.SimpleNamespace(protocol="http"))
    headers = [("Content-Type", "text/plain")]
    if length:
        headers.append(("Content-Length", str(sum(len(body) for body in bodies))))
    response.start_response("200 OK", headers)
    for body in bodies:
        response.write(body)
    response.close()


def test_head_and_a_small_body_are_one_piece():
    connection = Recorded()
    answer(connection, b"small")
    (piece,) = connection.pieces
    head, _, body = piece.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 5" in head
    assert body == b"small"


def test_what_follows_the_first_piece_is_sent_as_it_comes():
    connection = Recorded()
    answer(connection, b"first", b"second")
    assert [piece[-6:] for piece in connection.pieces] == [b"\nfirst", b"second"]


def test_a_large_body_is_not_copied_to_be_sent():
    connection, body = Recorded(), bytes(transport.SMALL_BODY + 1)
    answer(connection, body)
    assert len(connection.pieces) == 2
    assert connection.pieces[1] is body


def test_an_answer_to_head_has_no_body():
    connection = Recorded()
    answer(connection, b"small", method="HEAD")
    assert b"".join(connection.pieces).endswith(b"Content-Length: 5\r\n\r\n")


def test_a_body_without_a_length_is_sent_in_chunks():
    connection = Recorded()
    answer(connection, b"small", length=False)
    assert connection.pieces[0].endswith(b"\r\n\r\n5\r\nsmall\r\n")
    assert connection.pieces[-1] == b"0\r\n\r\n"


def test_a_connection_waits_as_long_as_it_was_told_last():
    ours, _theirs = socket.socketpair()
    ours.setblocking(False)
    connection = transport.Connection(ours)
    with connection, _theirs:
        assert os.get_blocking(connection.fileno())
        for seconds in (0.01, 0.01, None, 0.01):
            connection.settimeout(seconds)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.setblocking(True)
        assert os.get_blocking(connection.fileno())


GET = b"GET /v2/images HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "come, expected",
    [
        (GET + b"\r\n", True),
        (GET.replace(b"GET", b"HEAD") + b"\r\n", True),
        (GET, False),
        (GET.replace(b"GET", b"POST") + b"\r\n", False),
        (GET.replace(b"images", b"images/1/file") + b"\r\n", False),
        # Whoever answers may have to wait for what follows.
        (GET + b"content-Length: 5\r\n\r\n", False),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n", False),
    ],
)
def test_a_read_without_a_body_asks_for_little(come, expected):
    assert transport.asks_for_little(come) is expected
