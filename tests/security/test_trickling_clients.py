"""Clients that send or take a byte now and then, at a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from real_server import MIB, Server, answer_on, everything_on, running, until

# Never three seconds without a byte, and still too little in the end.
OPTIONS = {
    "workers": 2,
    "threads": 8,
    "client_socket_timeout": 3,
    "client_header_timeout": 2,
    "min_upload_rate": 100,
    "min_upload_rate_seconds": 1,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("trickling"), **OPTIONS) as process:
        yield process


class Trickling:
    """Sends a piece over and over, five times a second, until nobody listens any more."""

    def __init__(self, connection: socket.socket, piece: bytes) -> None:
        self.connection = connection
        self._piece = piece
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self.connection.sendall(self._piece)
            except OSError:
                return

    def __enter__(self) -> Trickling:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()
        self.connection.close()


UPLOADS = {
    "announced": ("Content-Length: 1000000", b"x"),
    "in chunks": ("Transfer-Encoding: chunked", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("way", ["file", "stage"])
@pytest.mark.parametrize("header, piece", UPLOADS.values(), ids=UPLOADS)
def test_T_HTTP_3_data_that_trickles_is_given_up(
    server: Server, header: str, piece: bytes, way: str
) -> None:
    image_id = server.alice.create()["id"]
    head = server.upload_head(image_id, header).replace(b"/file", f"/{way}".encode())
    connection = server.connect()
    connection.sendall(head)
    with Trickling(connection, piece):
        server.wait_for(image_id, "saving" if way == "file" else "uploading")
        answer = answer_on(connection)
        server.wait_for(image_id, "queued")

    assert answer.status == 400
    assert b"min_upload_rate" in answer.data
    assert not server.service.blobs()
    server.assert_takes(image_id)


def test_DUR_38_data_that_comes_fast_enough_is_waited_for(server: Server) -> None:
    image_id = server.alice.create()["id"]
    # 500 bytes a second, for more than two of the seconds over which they are counted.
    with server.connect() as connection:
        connection.sendall(server.upload_head(image_id, "Content-Length: 1300"))
        stop = threading.Event()
        for _ in range(13):
            stop.wait(0.2)
            connection.sendall(b"x" * 100)
        assert answer_on(connection).status == 204
    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204


@pytest.mark.parametrize("start", [b"GET /v2/images HTTP/1.1\r\nX-A: ", b"GET /v2/images?"])
def test_T_HTTP_3_a_head_that_trickles_is_given_up(server: Server, start: bytes) -> None:
    connection = server.connect()
    connection.sendall(start)
    with Trickling(connection, b"a"):
        assert everything_on(connection) == b""

    assert server.get("/v2/images").status == 200
    assert "Traceback" not in server.log()


def test_T_HTTP_3_a_second_head_that_trickles_is_given_up(server: Server) -> None:
    connection = server.connect()
    connection.sendall(b"GET /versions HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer_on(connection).status == 200
    with Trickling(connection, b"a"):
        assert everything_on(connection) == b""


def test_T_HTTP_3_data_that_is_taken_by_trickles_is_given_up(server: Server) -> None:
    image_id = server.alice.active(b"x" * 32 * MIB)["id"]
    stop = threading.Event()

    def take() -> None:
        while not stop.wait(0.2):
            connection.recv(1)

    with server.connect() as connection:
        path = f"/v2/images/{image_id}/file"
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n".encode()
        )
        until(server.open_blobs, "the server reads")
        reader = threading.Thread(target=take)
        reader.start()
        until(lambda: not server.open_blobs(), "the server reads no more")
        stop.set()
        reader.join()
    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
