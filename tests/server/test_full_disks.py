"""A server whose disks are full: a small file system of their own lies beneath them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from real_server import MIB, Answer, Server, running, surviving

from glance_shim.db import urls

DATA = os.urandom(5 * MIB)
NO_RESERVE: dict[str, Any] = {"free_space_percent": 0, "free_space_mib": 0, "workers": 1}


@contextlib.contextmanager
def small_disk(directory: Path, size: int) -> Iterator[None]:
    """In the block the directory is a disk of so many bytes; skips where none can be had."""
    directory.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(directory)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as exc:
        reason = getattr(exc, "stderr", None) or str(exc)
        pytest.skip(f"no small disk can be mounted here: {reason.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """A file that takes all that is free of a disk."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError as exc:
                assert exc.errno == errno.ENOSPC
    return ballast


def create(server: Server) -> Answer:
    document = json.dumps({"disk_format": "raw", "container_format": "bare"})
    headers = {"Content-Type": "application/json"}
    return server.request("POST", "/v2/images", document, headers)


def delete(server: Server, image_id: str) -> int:
    return server.request("DELETE", f"/v2/images/{image_id}").status


def parts() -> Iterator[bytes]:
    """The data without its length, so that nobody knows before that it does not fit."""
    for start in range(0, len(DATA), MIB):
        yield DATA[start : start + MIB]


def refused(server: Server, image_id: str, data: Any) -> Answer:
    """The answer to data that is not read to its end."""
    headers = {"X-Auth-Token": server.token, "Content-Type": "application/octet-stream"}
    with contextlib.closing(server.http()) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("PUT", f"/v2/images/{image_id}/file", data, headers)
        return Answer(connection.getresponse())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Its store is a disk of eight MiB."""
    directory = tmp_path / "server"
    with (
        small_disk(directory / "images", 8 * MIB),
        running(directory, **NO_RESERVE) as server,
    ):
        yield server


def test_a_store_that_is_full_takes_data_again_when_there_is_room(server: Server) -> None:
    partial = server.directory / "images" / "partial"
    first, second = (server.alice.create()["id"] for _ in range(2))
    with surviving(server):
        assert server.upload(first, DATA).status == 204
        for data in (DATA, parts(), parts()):
            answer = refused(server, second, data)
            assert (answer.status, server.status(second)) == (413, "queued"), answer.data
            assert b"room" in answer.data
            assert (len(server.service.blobs()), list(partial.iterdir())) == (1, [])
        third = json.loads(create(server).data)["id"]
        assert server.upload(third, b"small").status == 204
        assert server.get(f"/v2/images/{first}/file").data == DATA

        assert delete(server, first) == 204
        assert server.upload(second, parts()).status == 204
        assert server.get(f"/v2/images/{second}/file").data == DATA


@pytest.mark.skipif(databases.KIND != "sqlite", reason="the database has a disk of its own")
def test_a_database_on_a_full_disk_is_read_and_changes_again_when_there_is_room(
    tmp_path: Path,
) -> None:
    """Everything is on that disk: the database, the store, and the log."""
    directory = tmp_path / "server"
    with small_disk(directory, 24 * MIB), running(directory, **NO_RESERVE) as server:
        path = urls.path_of(server.service.database_url)
        kept, queued = (server.alice.create()["id"] for _ in range(2))
        assert server.upload(kept, b"kept").status == 204
        workers = server.workers()

        ballast = fill(directory)
        answer = create(server)
        assert answer.status == 503, answer.data
        assert int(answer.headers["Retry-After"]) > 0
        assert server.upload(queued, b"more").status in (413, 503)
        assert delete(server, kept) == 503
        assert server.get(f"/v2/images/{queued}").status == 200
        assert server.get(f"/v2/images/{kept}/file").data == b"kept"
        assert server.get("/v2/images").status == 200

        ballast.unlink()
        assert server.workers() == workers
        assert len(server.service.blobs()) == 1
        assert create(server).status == 201
        assert delete(server, kept) == 204
        server.assert_takes(queued)
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
