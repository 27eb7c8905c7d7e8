"""A database that goes away and comes back: 503 meanwhile, and no restart afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from people import Service
from server_process import free_port

pytestmark = pytest.mark.xdist_group("private databases")

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


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
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


def test_a_database_that_was_away_is_used_again(postgres: Postgres, tmp_path: Path) -> None:
    url = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres"
    service = Service(tmp_path, {"database": {"connection": url}})
    alice = service.person("p1", "member")
    image = alice.active(b"kept")

    postgres.stop()
    answers = [alice.get("/v2/images"), alice.post("/v2/images", json={})]
    postgres.start()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert alice.get(f"/v2/images/{image['id']}/file").data == b"kept"
    assert alice.upload(alice.create()["id"]).status_code == 204
    service.close()
