"""A process that may open no more files, write no larger ones, or have no more memory."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import signal
import socket
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
    running,
    surviving,
    until,
)

DATA = os.urandom(2 * MIB)
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pool = "[database]\nmax_pool_size = 80\n"
    directory = tmp_path_factory.mktemp("limits") / "server"
    with running(directory, sections=pool, workers=1) as server:
        yield server


@contextlib.contextmanager
def limited(server: Server, what: int, most: int) -> Iterator[None]:
    """In the block the process that serves may have no more of it than that."""
    (pid,) = server.workers()
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (most, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


def ask(connection: http.client.HTTPConnection, server: Server, *request: Any) -> Answer:
    """A request on a connection that is there already."""
    connection.request(*request, headers={"X-Auth-Token": server.token, **OCTETS})
    return Answer(connection.getresponse())


def test_a_file_may_become_no_larger(server: Server) -> None:
    image_id = server.alice.create()["id"]
    with surviving(server):
        with limited(server, resource.RLIMIT_FSIZE, MIB):
            answer = server.upload(image_id, DATA)
            assert (answer.status, server.status(image_id)) == (413, "queued")
            assert server.service.blobs() == []
        server.assert_takes(image_id, DATA)


def test_the_database_may_not_grow(server: Server) -> None:
    image_id = server.alice.create()["id"]
    with surviving(server):
        with limited(server, resource.RLIMIT_FSIZE, 100):
            assert server.upload(image_id, DATA).status == 503
            assert server.get(f"/v2/images/{image_id}").status == 200
        assert server.status(image_id) == "queued"
        server.assert_takes(image_id, DATA)


def test_no_more_files_can_be_opened(server: Server) -> None:
    """Whoever is connected is told to come again; whoever comes waits until there are some."""
    image_id = server.alice.create()["id"]
    workers = server.workers()
    with contextlib.closing(server.http()) as old, contextlib.closing(server.http()) as new:
        assert ask(old, server, "GET", "/healthcheck").status == 200
        with limited(server, resource.RLIMIT_NOFILE, 3):
            answer = ask(old, server, "PUT", f"/v2/images/{image_id}/file", DATA)
            assert (answer.status, server.status(image_id)) == (503, "queued")
            old.close()
            new.request("GET", "/v2/images", headers={"X-Auth-Token": server.token})
            until(lambda: "No connection" in server.log(), "it could not be accepted")
        assert Answer(new.getresponse()).status == 200
    assert server.workers() == workers
    server.assert_takes(image_id, DATA)


def hold_a_thread(server: Server, connection: socket.socket, image_id: str) -> None:
    """Send a change of nothing, without its one chunk: a thread waits for it."""
    head = (
        f"PATCH /v2/images/{image_id} HTTP/1.1",
        f"X-Auth-Token: {server.token}",
        "Content-Type: application/openstack-images-v2.1-json-patch",
        IN_CHUNKS,
    )
    connection.sendall("".join(f"{line}\r\n" for line in (*head, "")).encode())


def assert_is_answered(connection: socket.socket) -> None:
    """Send what a thread waits for."""
    connection.sendall(b"2\r\n[]\r\n0\r\n\r\n")
    assert answer_on(connection).status == 200


def keep_threads_at_hand(server: Server, count: int) -> None:
    """Have the process start the threads that later requests are answered on."""
    (pid,) = server.workers()
    image_id = server.alice.create()["id"]
    before = len(os.listdir(f"/proc/{pid}/task"))
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(server.connect()) for _ in range(count)]
        for connection in connections:
            hold_a_thread(server, connection, image_id)
        until(lambda: len(os.listdir(f"/proc/{pid}/task")) > before, "each holds a thread")
        for connection in connections:
            assert_is_answered(connection)
    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204


def address_space(pid: int) -> int:
    """Bytes that the process has mapped."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def test_there_is_no_memory_for_another_thread(server: Server) -> None:
    """The threads that hash die before their first line, and nobody waits for them."""
    (pid,) = server.workers()
    keep_threads_at_hand(server, 4)
    server.assert_takes(server.alice.create()["id"], DATA)
    image_id = server.alice.create()["id"]
    with limited(server, resource.RLIMIT_AS, address_space(pid)):
        answer = server.upload(image_id, DATA)
    assert answer.status in (204, 503), answer.data
    assert server.workers() == [pid]
    if answer.status == 503:
        assert server.status(image_id) == "queued"
        server.assert_takes(image_id, DATA)
    else:
        assert server.get(f"/v2/images/{image_id}/file").data == DATA
        assert server.request("DELETE", f"/v2/images/{image_id}").status == 204


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def test_requests_wait_for_the_threads_that_are_there(server: Server) -> None:
    """Less than the stack of a thread is left; a transfer that is under way goes on."""
    (pid,) = server.workers()
    server.assert_takes(server.alice.create()["id"], DATA)
    image_id = server.alice.create()["id"]
    half = len(DATA) // 2
    with surviving(server), contextlib.ExitStack() as opened:
        upload = opened.enter_context(server.connect())
        upload.sendall(server.upload_head(image_id, f"Content-Length: {len(DATA)}"))
        upload.sendall(DATA[:half])
        server.wait_for(image_id, "saving")
        before = threads_of(pid)
        with limited(server, resource.RLIMIT_AS, address_space(pid) + 6 * MIB):
            waiting = [opened.enter_context(server.connect()) for _ in range(2 * before)]
            for each in waiting:
                hold_a_thread(server, each, image_id)
            until(lambda: "No thread can be started" in server.log(), "there is none for all")
            upload.sendall(DATA[half:])
            for each in waiting:
                assert_is_answered(each)
            assert answer_on(upload).status == 204
            assert threads_of(pid) <= before
        assert server.get(f"/v2/images/{image_id}/file").data == DATA
        keep_threads_at_hand(server, 2 * before)
        assert threads_of(pid) > before
    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204


def test_a_process_that_cannot_be_replaced_yet_takes_no_other_with_it(tmp_path: Path) -> None:
    with running(tmp_path / "server", workers=2) as server:
        one, other = server.workers()
        parent = server.process.pid
        before = resource.prlimit(parent, resource.RLIMIT_NOFILE)
        resource.prlimit(parent, resource.RLIMIT_NOFILE, (3, before[1]))
        os.kill(one, signal.SIGKILL)
        until(lambda: "No process can be started" in server.log(), "it is tried")
        assert server.get("/v2/images").status == 200
        assert server.workers() == [other]
        resource.prlimit(parent, resource.RLIMIT_NOFILE, before)
        until(lambda: len(server.workers()) == 2, "it is replaced")
        assert server.get("/v2/images").status == 200
