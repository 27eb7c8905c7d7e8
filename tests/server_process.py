"""The command ``glance-shim`` as a process, the way it is run by whoever installed it."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from terminal import PATIENCE, answers, until

COMMAND = (sys.executable, "-m", "glance_shim")


def environment(home: Path) -> dict[str, str]:
    """Without the options and credentials of whoever runs the tests."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def free_port() -> int:
    """A port that nobody listens on, out of those that connections are not given."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def operate(directory: Path, *arguments: str) -> str:
    """Run ``glance-shim`` to its end in a directory; what it printed."""
    finished = subprocess.run(
        [*COMMAND, *arguments],
        cwd=directory,
        env=environment(directory),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


class Server:
    """``glance-shim quickstart`` or ``serve``, started in a directory."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self._out, self._err = directory / "server.out", directory / "server.err"
        with open(self._out, "w") as out, open(self._err, "w") as err:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=directory,
                env=environment(directory),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def wait_until_it_serves(self, root: str) -> None:
        until(
            lambda: self.process.poll() is not None or answers(f"{root}/healthcheck"),
            f"{root} answers",
        )
        assert self.process.poll() is None, self.err

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def interrupt(self) -> None:
        """Press Ctrl-C: a terminal tells every process of the session."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self) -> int:
        """Its exit code, once it has ended; nothing of it lives longer than we wait."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        self.terminate()
        return self.wait()


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Http:
    """Requests without any client, with a token."""

    def __init__(self, root: str, token: str, timeout: float = PATIENCE) -> None:
        self._url = urllib.parse.urlsplit(root)
        self._token = token
        self._timeout = timeout

    def request(
        self, method: str, path: str, body: str | Iterable[bytes] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of an answer; a body in parts is sent in chunks, part by part."""
        answer = self.answer(method, path, body, **headers)
        return answer.status, answer.body

    def answer(
        self, method: str, path: str, body: str | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        """As `request`, with the headers of the answer."""
        assert self._url.hostname
        connection = http.client.HTTPConnection(
            self._url.hostname, self._url.port, timeout=self._timeout
        )
        with contextlib.closing(connection):
            connection.request(
                method,
                self._url.path + path,
                body,
                {"X-Auth-Token": self._token, **headers},
                encode_chunked=not isinstance(body, (str, type(None))),
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def upload(self, image_id: str, parts: Iterable[bytes]) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
        return self.request("PUT", f"/v2/images/{image_id}/file", parts, **headers)
