"""Downloads from a real server process, byte for byte."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from real_server import MIB, Answer, Server, reset, running, surviving, until


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(process: Server) -> Iterator[Server]:
    """The server, which must survive the test."""
    with surviving(process):
        yield process


@pytest.fixture(scope="module")
def data() -> bytes:
    return random.Random(2).randbytes(64 * MIB)


@pytest.fixture(scope="module")
def path(process: Server, data: bytes) -> Iterator[str]:
    image = process.alice.create()
    assert process.upload(image["id"], data).status == 204
    yield f"/v2/images/{image['id']}/file"
    process.request("DELETE", f"/v2/images/{image['id']}")


def test_the_whole_is_what_was_sent(server: Server, path: str, data: bytes) -> None:
    answer = server.get(path)

    assert answer.status == 200
    assert answer.headers["Content-Length"] == str(len(data))
    assert answer.data == data


def test_parts_and_other_requests_share_a_connection(
    server: Server, path: str, data: bytes
) -> None:
    size, token = len(data), {"X-Auth-Token": server.token}
    spans = [
        (0, 0),
        (0, MIB),
        (1, 262_144),
        (262_143, 262_145),
        (33 * MIB + 1, 34 * MIB),
        (size - 1, size - 1),
        (size - 5, size + 100),
        (1, size - 2),
    ]
    with contextlib.closing(server.http()) as connection:
        for first, last in spans:
            connection.request("GET", path, headers={**token, "Range": f"bytes={first}-{last}"})
            answer = Answer(connection.getresponse())
            assert answer.status == 206
            assert answer.data == data[first : last + 1]
            used = connection.sock
            connection.request("GET", "/v2/images", headers=token)
            assert Answer(connection.getresponse()).status == 200
            connection.request("GET", path, headers={**token, "Range": f"bytes={size}-"})
            assert Answer(connection.getresponse()).status == 416
            assert connection.sock is used


@pytest.mark.parametrize("line", ["", "Range: bytes=1-\r\n"])
def test_a_client_that_leaves_in_the_middle_keeps_nothing_open(
    server: Server, path: str, line: str
) -> None:
    for leave in (socket.socket.close, reset):
        connection = server.connect()
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n{line}\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 20")
        leave(connection)

    until(lambda: not server.open_blobs(), "the data is closed")


def test_many_clients_read_at_once(server: Server, path: str, data: bytes) -> None:
    right: list[bool] = []

    def download(part: int) -> None:
        first = part * 8 * MIB
        answer = server.get(path, Range=f"bytes={first}-{first + 8 * MIB - 1}")
        right.append(answer.data == data[first : first + 8 * MIB])

    threads = [threading.Thread(target=download, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert right == [True] * 8


def test_data_outlives_the_image_for_who_is_reading_it(server: Server) -> None:
    body = random.Random(3).randbytes(32 * MIB)
    image_id = server.alice.create()["id"]
    assert server.upload(image_id, body).status == 204

    with contextlib.closing(server.http()) as connection:
        connection.request(
            "GET", f"/v2/images/{image_id}/file", headers={"X-Auth-Token": server.token}
        )
        response = connection.getresponse()
        begun = response.read(1000)
        assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
        assert begun + response.read() == body


def test_the_log_says_how_much_was_sent(server: Server, path: str, data: bytes) -> None:
    before = len(server.log())
    server.get(path)
    server.get(path, Range="bytes=10-19")
    connection = server.connect()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n".encode()
    )
    come = b""
    while not come.partition(b"\r\n\r\n")[2]:
        come += connection.recv(65_536)
    reset(connection)

    def counts() -> list[int]:
        found = re.findall(r": (\d+) bytes sent", server.log()[before:])
        return sorted(int(count) for count in found)

    until(lambda: len(counts()) == 3, "three downloads are in the log")
    part, aborted, whole = counts()
    assert (part, whole) == (10, len(data))
    assert aborted < len(data)
