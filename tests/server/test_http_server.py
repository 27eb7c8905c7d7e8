"""Uploads and downloads that go wrong, against a real server process."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_server import (
    IN_CHUNKS,
    MIB,
    Answer,
    Server,
    answer_on,
    reset,
    running,
    surviving,
    until,
)

CAP = 128 * MIB


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server"), image_size_cap=CAP) as server:
        yield server


@pytest.fixture
def server(process: Server) -> Iterator[Server]:
    """The server, which must survive the test; then it is emptied."""
    with surviving(process):
        yield process
    for image_id in process.alice.ids():
        assert process.request("DELETE", f"/v2/images/{image_id}").status == 204


@pytest.fixture
def image_id(server: Server) -> str:
    return str(server.alice.create()["id"])


def half_close(connection: socket.socket) -> None:
    """Send no more, but listen: the answer must be 400."""
    connection.shutdown(socket.SHUT_WR)
    answer = answer_on(connection)
    assert answer.status == 400
    connection.close()


@pytest.mark.parametrize("leave", [socket.socket.close, half_close, reset])
@pytest.mark.parametrize("sent", [0, 1, 50, 99])
def test_a_body_shorter_than_its_length_is_no_upload(
    server: Server, image_id: str, sent: int, leave: Any
) -> None:
    connection = server.connect()
    connection.sendall(server.upload_head(image_id, "Content-Length: 100") + b"x" * sent)
    leave(connection)

    server.assert_takes(image_id)


@pytest.mark.parametrize("leave", [socket.socket.close, half_close, reset])
def test_a_long_body_cut_short_is_no_upload(server: Server, image_id: str, leave: Any) -> None:
    connection = server.connect()
    connection.sendall(server.upload_head(image_id, f"Content-Length: {4 * MIB}"))
    connection.sendall(b"x" * (4 * MIB - 1))
    leave(connection)

    server.assert_takes(image_id)


@pytest.mark.parametrize("leave", [socket.socket.close, half_close, reset])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"5\r\n",
        b"5\r\n012",
        b"5\r\n01234",
        b"5\r\n01234\r\n",
        b"5\r\n01234\r\n5",
        b"5\r\n01234\r\n0",
        b"5\r\n01234\r\n0\r\n",
        b"100000\r\n" + b"x" * 0x100000 + b"\r\n",
        b"100000\r\n" + b"x" * 0xFFFFF,
    ],
    ids=lambda body: f"{len(body)} bytes",
)
def test_chunks_without_their_end_are_no_upload(
    server: Server, image_id: str, body: bytes, leave: Any
) -> None:
    connection = server.connect()
    connection.sendall(server.upload_head(image_id, "Transfer-Encoding: chunked") + body)
    leave(connection)

    server.assert_takes(image_id)


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n01234\r\n0\r\n\r\n",
        b"0x5\r\n01234\r\n0\r\n\r\n",
        b"+5\r\n01234\r\n0\r\n\r\n",
        b"-1\r\n01234\r\n0\r\n\r\n",
        b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
        b" 5\r\n01234\r\n0\r\n\r\n",
        b"\r\n01234\r\n0\r\n\r\n",
        b"5\r\n01234XX0\r\n\r\n",
        b"5\r\n0123456789\r\n0\r\n\r\n",
        b"5\r\n01234\r\nzz\r\n56789\r\n0\r\n\r\n",
        b"5\r\n01234\r\n5\r\n567\r\n0\r\n\r\n",
    ],
)
def test_malformed_chunks_are_no_upload(server: Server, image_id: str, body: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, "Transfer-Encoding: chunked") + body)
        connection.shutdown(socket.SHUT_WR)
        assert answer_on(connection).status == 400

    server.assert_takes(image_id)


@pytest.mark.parametrize("declared", ["9", "11", "x"])
def test_a_wrong_size_header_is_no_upload(server: Server, image_id: str, declared: str) -> None:
    headers = {"X-OpenStack-Image-Size": declared}
    assert server.upload(image_id, b"0123456789", **headers).status == 400
    assert server.upload(image_id, iter([b"01234", b"56789"]), **headers).status == 400

    server.assert_takes(image_id)


def test_an_upload_may_come_in_chunks(server: Server, image_id: str) -> None:
    data = random.Random(1).randbytes(3 * MIB + 7)

    answer = server.upload(
        image_id, (data[i : i + 70_001] for i in range(0, len(data), 70_001))
    )

    assert answer.status == 204
    assert server.alice.show(image_id)["size"] == len(data)
    assert server.get(f"/v2/images/{image_id}/file").data == data


def test_data_of_no_kind_is_no_error(server: Server, image_id: str) -> None:
    assert server.upload(image_id, random.Random(1).randbytes(30)).status == 204
    assert " ERROR " not in server.log()


def test_a_client_may_ask_before_it_sends(server: Server, image_id: str) -> None:
    lines = ("Content-Length: 10", "Expect: 100-continue")
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, *lines))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"0123456789")
        assert answer_on(connection).status == 204
    # The image has data now: refused, whether or not the body is waited for.
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, *lines))
        assert answer_on(connection).status == 409
    assert server.get(f"/v2/images/{image_id}/file").data == b"0123456789"


def refusals(server: Server) -> dict[int, tuple[str, list[str], str | None]]:
    """By code: an image that no data can be sent to, lines of a head, and a token."""
    taken = server.alice.create()["id"]
    assert server.upload(taken, b"0123456789").status == 204
    queued = server.alice.create()["id"]
    length = f"Content-Length: {64 * MIB}"
    return {
        401: (queued, [length], "nonsense"),
        404: ("00000000-0000-4000-8000-000000000000", [length], None),
        409: (taken, [length], None),
        413: (queued, [f"Content-Length: {CAP + 1}"], None),
        400: (queued, [length, "X-OpenStack-Image-Size: x"], None),
    }


@pytest.mark.parametrize("code", [401, 404, 409, 413, 400])
def test_a_refusal_is_answered_before_the_data_is_sent(server: Server, code: int) -> None:
    image_id, lines, token = refusals(server)[code]

    for extra in (b"", b"x" * 1000):
        with server.connect() as connection:
            connection.sendall(server.upload_head(image_id, *lines, token=token) + extra)
            answer = answer_on(connection)
            assert answer.status == code
            assert answer.headers["Connection"] == "close"
    if code == 409:
        assert server.get(f"/v2/images/{image_id}/file").data == b"0123456789"
    elif code != 404:
        assert server.status(image_id) == "queued"
    assert len(server.service.blobs()) == 1


@pytest.mark.parametrize("code", [401, 404, 409, 413, 400])
def test_a_refusal_reaches_a_client_that_sends_on(server: Server, code: int) -> None:
    image_id, lines, token = refusals(server)[code]
    block = b"x" * MIB

    for _ in range(3):
        with server.connect() as connection:
            connection.sendall(server.upload_head(image_id, *lines, token=token))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(64):
                    connection.sendall(block)
            assert answer_on(connection).status == code
    assert len(server.service.blobs()) == 1


def test_what_is_not_large_is_taken_from_a_client_that_is_refused(server: Server) -> None:
    image_id, _, _ = refusals(server)[409]

    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, f"Content-Length: {8 * MIB}"))
        assert connection.recv(1, socket.MSG_PEEK)
        for _ in range(8):
            connection.sendall(b"x" * MIB)
        assert answer_on(connection).status == 409


def test_more_than_the_largest_image_in_chunks_is_refused(
    server: Server, image_id: str
) -> None:
    block = b"100000\r\n" + b"x" * MIB + b"\r\n"

    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, "Transfer-Encoding: chunked"))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(CAP // MIB + 16):
                connection.sendall(block)
        assert answer_on(connection).status == 413
    server.assert_takes(image_id)


CLIENT = """
import socket, sys, time
port, head = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
connection = socket.create_connection(("127.0.0.1", port))
connection.sendall(head + b"x" * (2 << 20))
time.sleep(600)
"""


@pytest.mark.parametrize("how", [f"Content-Length: {64 * MIB}", "Transfer-Encoding: chunked"])
def test_a_client_that_is_killed_leaves_nothing(
    server: Server, image_id: str, how: str
) -> None:
    head = server.upload_head(image_id, how)
    head += b"4000000\r\n" if "chunked" in how else b""
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(server.port), head.hex()])
    try:
        server.wait_for(image_id, "saving")
        until(lambda: sum(p.stat().st_size for p in server.service.blobs()), "data arrives")
    finally:
        os.kill(client.pid, signal.SIGKILL)
        client.wait()

    server.assert_takes(image_id)


def test_a_second_upload_is_refused_and_the_first_goes_on(
    server: Server, image_id: str
) -> None:
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, IN_CHUNKS) + b"5\r\n01234\r\n")
        server.wait_for(image_id, "saving")
        assert server.upload(image_id, b"other").status == 409
        connection.sendall(b"5\r\n56789\r\n0\r\n\r\n")
        assert answer_on(connection).status == 204
    assert server.get(f"/v2/images/{image_id}/file").data == b"0123456789"


def test_an_image_deleted_under_an_upload_is_gone(server: Server, image_id: str) -> None:
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, IN_CHUNKS) + b"5\r\n01234\r\n")
        server.wait_for(image_id, "saving")
        assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
        connection.sendall(b"5\r\n56789\r\n0\r\n\r\n")
        assert answer_on(connection).status == 410
    until(lambda: not server.service.blobs(), "the store is empty")


def test_of_many_uploads_at_once_one_wins(server: Server, image_id: str) -> None:
    bodies = [bytes([number]) * 300_000 for number in range(8)]
    answers: dict[int, Answer] = {}

    def upload(number: int) -> None:
        answers[number] = server.upload(image_id, bodies[number])

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers.values()) == [204] + [409] * 7
    (winner,) = (number for number, answer in answers.items() if answer.status == 204)
    assert server.get(f"/v2/images/{image_id}/file").data == bodies[winner]
    assert len(server.service.blobs()) == 1


def test_more_connections_than_threads_are_all_answered(tmp_path: Path) -> None:
    with running(tmp_path, workers=1, threads=2) as server, contextlib.ExitStack() as open_:
        connections = [open_.enter_context(server.connect()) for _ in range(5)]
        asked = f"GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n"
        # In turns, so that each is in the way of the others.
        for _ in range(5):
            for connection in connections:
                connection.sendall(asked.encode())
            assert [answer_on(each).status for each in connections] == [200] * 5
        # And one after the other, so that a thread is there for the next request.
        for connection in connections:
            for _ in range(3):
                connection.sendall(asked.encode())
                assert answer_on(connection).status == 200
