"""Gibibytes through a server of two processes, whose memory stays what it was."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import MIB, Server, answer_on, running

from glance_shim.core.identity import browser_sessions
from glance_shim.dashboard import sealing, session
from glance_shim.db import connection

SIZE = 10 * 1024 * MIB
OF_A_FORM = 2 * 1024 * MIB
NEEDED = 15 * 1024 * MIB
GROWTH = 32 * MIB
ZEROS = bytes(MIB)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    free = shutil.disk_usage(tmp_path).free
    if free < NEEDED:
        pytest.skip(f"needs 15 GiB of free disk at {tmp_path}, there are {free // MIB} MiB")
    with running(tmp_path / "server", workers=2) as server:
        yield server


def resident(pid: int) -> int:
    """The bytes of memory that a process has."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@contextlib.contextmanager
def watched(server: Server) -> Iterator[None]:
    """While the block runs, no process of the server may grow by `GROWTH`."""
    before = {pid: resident(pid) for pid in server.workers()}
    most = dict(before)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            for pid in most:
                most[pid] = max(most[pid], resident(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    assert len(before) == 2
    for pid, size in before.items():
        grown = most[pid] - size
        print(f"process {pid} grew by {grown // 1024} KiB")
        assert grown < GROWTH, f"process {pid} grew by {grown // MIB} MiB"
    assert server.workers() == list(before)


def send_zeros(server: Server, image_id: str, size: int) -> int:
    """Upload zeros without having them; return the code of the answer."""
    with server.connect() as sending:
        sending.sendall(server.upload_head(image_id, f"Content-Length: {size}"))
        for _ in range(size // MIB):
            sending.sendall(ZEROS)
        sending.settimeout(None)
        return answer_on(sending).status


def count_zeros(server: Server, image_id: str) -> int:
    """Download zeros without keeping them; return how many there were."""
    head = f"GET /v2/images/{image_id}/file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    with server.connect() as receiving:
        receiving.sendall(f"{head}X-Auth-Token: {server.token}\r\n\r\n".encode())
        buffer = bytearray(MIB)
        received = receiving.recv_into(buffer)
        answer, _, data = bytes(buffer[:received]).partition(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert data == bytes(len(data))
        return len(data) + sum(_zeros(receiving, buffer))


def _zeros(receiving: socket.socket, buffer: bytearray) -> Iterator[int]:
    view, zeros = memoryview(buffer), memoryview(ZEROS)
    while received := receiving.recv_into(buffer):
        assert view[:received] == zeros[:received]
        yield received


def test_memory_does_not_grow_with_the_image(server: Server) -> None:
    # Both processes have done everything once before they are watched.
    for _ in range(30):
        small = server.alice.create()["id"]
        assert send_zeros(server, small, 4 * MIB) == 204
        assert count_zeros(server, small) == 4 * MIB
        assert server.request("DELETE", f"/v2/images/{small}").status == 204
    image_id = server.alice.create()["id"]

    with watched(server):
        assert send_zeros(server, image_id, SIZE) == 204
    assert server.alice.show(image_id)["size"] == SIZE
    with watched(server):
        assert count_zeros(server, image_id) == SIZE

    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
    assert server.service.blobs() == []


CSRF = "a word of the form"


def browser_session(server: Server) -> str:
    """Log the owner in as the dashboard does; return what a browser keeps of it."""
    content = [CSRF, server.token, server.token]
    with connection.connected(server.service.deployment.database):
        config = server.service.deployment.config
        return browser_sessions.begin(
            config, "alice", sealing.seal(config, session.NAME, content)
        )


def send_form(server: Server, cookie: str, image_id: str, size: int) -> int:
    """Upload zeros as a browser without scripts does; return the code of the answer."""
    before = (
        f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{CSRF}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="disk"\r\n\r\n'
    )
    after = "\r\n--x--\r\n"
    head = (
        f"POST /dashboard/images/{image_id}/upload HTTP/1.1\r\nHost: x\r\n"
        f"Cookie: {session.NAME}={cookie}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(before) + size + len(after)}\r\n\r\n"
    )
    with server.connect() as sending:
        sending.sendall((head + before).encode())
        for _ in range(size // MIB):
            sending.sendall(ZEROS)
        sending.sendall(after.encode())
        sending.settimeout(None)
        return answer_on(sending).status


def test_memory_does_not_grow_with_the_file_of_a_form(server: Server) -> None:
    cookie = browser_session(server)
    for _ in range(30):
        assert send_form(server, cookie, server.alice.create()["id"], 4 * MIB) == 303
    image_id = server.alice.create()["id"]

    with watched(server):
        assert send_form(server, cookie, image_id, OF_A_FORM) == 303

    assert server.alice.show(image_id)["size"] == OF_A_FORM
