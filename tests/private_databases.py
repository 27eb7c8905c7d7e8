"""A PostgreSQL or MariaDB of one's own, to be stopped and started as a test likes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from server_process import free_port
from terminal import until

PATIENCE = 180


class Private(Protocol):
    """A server that listens at ``url`` and can be stopped and started.

    It is stopped as if the power had failed.
    """

    url: str

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Postgres:
    """A PostgreSQL of one's own."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs, self._data, self.port = programs, directory / "data", free_port()
        self._log = directory / "log"
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._data}"
        self._run("pg_ctl", "-w", "-t", str(PATIENCE), "-l", self._log, "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: Any) -> None:
        run([self._programs / program, "-D", self._data, *arguments], "postgres")


class Mariadb:
    """A MariaDB of one's own."""

    def __init__(self, program: Path, directory: Path) -> None:
        self._program, self._directory, self.port = program, directory, free_port()
        self._data = f"--datadir={directory}/data"
        self.url = f"mysql+pymysql://root@127.0.0.1:{self.port}/mysql"
        how = ("--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db")
        run(["mariadb-install-db", *how, self._data], "mysql")

    def start(self) -> None:
        where = (f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-log-bin")
        files = (f"--socket={self._directory}/socket", f"--log-error={self._directory}/log")
        self._process = subprocess.Popen(
            [self._program, "--no-defaults", self._data, *where, *files],
            user=_user("mysql"),
            stderr=subprocess.DEVNULL,
        )
        until(self._listens, "MariaDB listens")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)

    def _listens(self) -> bool:
        assert self._process.poll() is None, "mariadbd has ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False


def run(command: list[Any], user: str) -> None:
    """Run a command to its end, as that user if it were root's otherwise."""
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, user=_user(user), timeout=PATIENCE
    )


def _user(name: str) -> str | None:
    return name if os.getuid() == 0 else None


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """The server for the block; a test that wants it is skipped where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = found[-1] if found else Path(shutil.which("initdb") or "")
    if not program.is_file():
        pytest.skip("PostgreSQL (package postgresql) is not installed")
    with _directory("postgres") as directory:
        server = Postgres(program.parent, directory)
        with _started(server):
            yield server


@contextlib.contextmanager
def mariadb() -> Iterator[Mariadb]:
    """The server for the block; a test that wants it is skipped where it is not installed."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or shutil.which("mariadb-install-db") is None:
        pytest.skip("MariaDB (package mariadb-server) is not installed")
    with _directory("mysql") as directory:
        server = Mariadb(Path(program), directory)
        with _started(server):
            yield server


SERVERS = {"postgresql": postgres, "mariadb": mariadb}


@contextlib.contextmanager
def _directory(user: str) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="glance-shim-", dir="/var/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(directory, user)
        yield directory
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def _started(server: Private) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()
