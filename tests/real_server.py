"""A server process of one's own, on a free port of this machine, and ways to talk to it."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from people import Service

CONFIGURATION = """\
[DEFAULT]
state_path = {directory}
bind_port = {port}
{options}

[database]
connection = {database}
max_pool_size = 8

[glance_store]
filesystem_store_datadir = {shared}/images
"""

MIB = 1 << 20

# An upload that is answered while it comes; what is small has come whole before.
IN_CHUNKS = "Transfer-Encoding: chunked"

# How long to wait for what must happen, before it counts as not happening.
PATIENCE = 60


def until(happened: Callable[[], Any], what: str) -> Any:
    """Wait until ``happened()`` is true, and return what it said."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = happened()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"not in {PATIENCE} seconds: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_alive(pid: int) -> bool:
    """Is there still more of the process than its exit code?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    """The ids of the processes that the process has started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def open_files(pids: list[int], directory: Path) -> list[str]:
    """What the processes hold open of the directory, files without a name included."""
    found = []
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(entry.readlink())
                if target.startswith(f"{directory}/"):
                    found.append(target)
    return found


class Answer:
    """What came back over the wire."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.data = response.read()


class Server:
    """The process, its data, and a person who owns images there.

    One ``beside`` another is a second host: it has a directory of its own, and
    shares the database, the store and the people.
    """

    program = ("-m", "glance_shim")

    def __init__(
        self,
        directory: Path,
        sections: str = "",
        beside: Server | None = None,
        **options: Any,
    ) -> None:
        directory.mkdir(exist_ok=True)
        self.directory = directory
        self.service = beside.service if beside else Service(directory, {"DEFAULT": options})
        self.alice = beside.alice if beside else self.service.person("p1", "member")
        self.token = self.alice.token or ""
        self.port = free_port()
        self.processes = int(options.get("workers", 2))
        options = {"graceful_timeout": 5, **options}
        lines = "\n".join(f"{name} = {value}" for name, value in options.items())
        self.configuration = directory / "glance-shim.conf"
        self.configuration.write_text(
            CONFIGURATION.format(
                directory=directory,
                shared=self.service.directory,
                database=self.service.database_url,
                port=self.port,
                options=lines,
            )
            + sections
        )
        self._command = [
            *(sys.executable, *self.program),
            *("--config-file", str(self.configuration)),
        ]
        self._log = (directory / "log").open("w")
        self.start()

    def start(self) -> None:
        """Serve, with the data of before."""
        self.process = subprocess.Popen(
            [*self._command, "serve"],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(self._is_up, f"the server is up; see {self.directory / 'log'}")

    def kill(self) -> None:
        """End all processes in the middle of whatever they do; the port is free then."""
        workers = self.workers()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(map(_is_alive, workers)), "all processes have ended")

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"the server has ended:\n{self.log()}")
        with contextlib.suppress(OSError):
            served = self.get("/healthcheck").status == 200
            return served and len(self.workers()) == self.processes
        return False

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def terminate(self) -> None:
        """End it as an operator does, and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0

    def stop(self) -> None:
        """End the process that was started here, and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
        self.service.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def workers(self) -> list[int]:
        """The ids of the processes that serve."""
        return children(self.process.pid)

    def open_blobs(self) -> list[str]:
        """What the processes hold open of the store."""
        return open_files(self.workers(), self.directory / "images")

    def http(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def request(
        self, method: str, path: str, body: Any = None, headers: Any = None, **kwargs: Any
    ) -> Answer:
        """One request on a connection of its own, with alice's token."""
        with contextlib.closing(self.http()) as connection:
            connection.request(
                method, path, body, {"X-Auth-Token": self.token, **(headers or {})}, **kwargs
            )
            return Answer(connection.getresponse())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, headers=headers)

    def upload(self, image_id: str, data: Any, **headers: str) -> Answer:
        headers = {"Content-Type": "application/octet-stream", **headers}
        return self.request("PUT", f"/v2/images/{image_id}/file", data, headers)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def upload_head(self, image_id: str, *lines: str, token: str | None = None) -> bytes:
        """The head of an upload, to be followed by data."""
        head = (
            f"PUT /v2/images/{image_id}/file HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"X-Auth-Token: {self.token if token is None else token}",
            "Content-Type: application/octet-stream",
            *lines,
        )
        return "".join(f"{line}\r\n" for line in (*head, "")).encode()

    def status(self, image_id: str) -> str:
        return str(self.alice.show(image_id)["status"])

    def wait_for(self, image_id: str, status: str) -> None:
        until(lambda: self.status(image_id) == status, f"the image is {status}")

    def assert_takes(self, image_id: str, data: bytes = b"0123456789") -> None:
        """The image takes data, and nothing is left of attempts before."""

        def taken() -> bool:
            # While an attempt before is being torn down, it is in the way.
            answer = self.upload(image_id, data)
            assert answer.status in (204, 409), answer.data
            return answer.status == 204

        until(taken, "the image takes data")
        assert self.get(f"/v2/images/{image_id}/file").data == data
        assert len(self.service.blobs()) == 1
        assert self.request("DELETE", f"/v2/images/{image_id}").status == 204
        assert self.service.blobs() == []


def answer_on(connection: socket.socket) -> Answer:
    """The next answer on a bare connection; interim ones are passed over."""
    response = http.client.HTTPResponse(connection, method="PUT")
    response.begin()
    return Answer(response)


def everything_on(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@contextlib.contextmanager
def running(directory: Path, **options: Any) -> Iterator[Server]:
    """A server for the block."""
    server = Server(directory, **options)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def surviving(server: Server) -> Iterator[None]:
    """Whatever happens in the block, the server goes on with the processes it has."""
    workers, logged = server.workers(), len(server.log())
    yield
    assert server.get("/v2/images").status == 200
    assert server.workers() == workers
    assert "Traceback" not in server.log()[logged:]


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset and not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
