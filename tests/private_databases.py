"""A PostgreSQL of one's own, to be stopped and started as a test likes."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_process import free_port

PATIENCE = 180


class Postgres:
    """A PostgreSQL of one's own that can be stopped and started."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs, self._data, self.port = programs, directory / "data", free_port()
        self._log = directory / "log"
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._data}"
        self._run("pg_ctl", "-w", "-t", str(PATIENCE), "-l", self._log, "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: Any) -> None:
        user = "postgres" if os.getuid() == 0 else None
        command = [self._programs / program, "-D", self._data, *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, user=user, timeout=PATIENCE
        )


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """The server for the block; a test that wants it is skipped where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = found[-1] if found else Path(shutil.which("initdb") or "")
    if not program.is_file():
        pytest.skip("PostgreSQL (package postgresql) is not installed")
    directory = Path("/var/tmp") / f"glance-shim-{os.getpid()}"
    directory.mkdir()
    try:
        if os.getuid() == 0:
            shutil.chown(directory, "postgres")
        server = Postgres(program.parent, directory)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(directory)
