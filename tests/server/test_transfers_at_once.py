"""Many transfers at a server of two processes, and small requests beside them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator

import pytest
from real_server import IN_CHUNKS, Server, answer_on, running, until

OPTIONS = {"workers": 2, "threads": 8, "max_uploads": 5, "max_downloads": 3}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("transfers"), **OPTIONS) as process:
        yield process


def test_of_many_slow_uploads_so_many_are_taken(server: Server) -> None:
    images = [server.alice.create()["id"] for _ in range(30)]
    with contextlib.ExitStack() as open_ones:
        connections: list[socket.socket] = []
        for number, image_id in enumerate(images):
            connection = open_ones.enter_context(server.connect())
            connection.sendall(server.upload_head(image_id, IN_CHUNKS) + b"5\r\n01234\r\n")
            connections.append(connection)
            if number < 5:
                server.wait_for(image_id, "saving")
        refused = [answer_on(each) for each in connections[5:]]

        assert {answer.status for answer in refused} == {503}
        assert {answer.headers["Retry-After"] for answer in refused} == {"5"}
        for _ in range(20):
            assert server.get("/v2/images?limit=1").status == 200
        connections[0].sendall(b"5\r\n56789\r\n0\r\n\r\n")
        assert answer_on(connections[0]).status == 204
        assert server.upload(images[-1], b"01234").status == 204


def test_what_a_killed_process_was_taking_in_leaves_room(server: Server) -> None:
    images = [server.alice.create()["id"] for _ in range(6)]
    with contextlib.ExitStack() as open_ones:
        for image_id in images[:5]:
            connection = open_ones.enter_context(server.connect())
            connection.sendall(server.upload_head(image_id, IN_CHUNKS) + b"5\r\n01234\r\n")
            server.wait_for(image_id, "saving")
        assert server.upload(images[5], b"01234").status == 503
        before = server.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(server.workers()) - set(before)) == 2, "others have begun")

        def taken() -> bool:
            with contextlib.suppress(OSError):
                return server.upload(images[5], b"01234").status == 204
            return False

        until(taken, "the image takes data")
