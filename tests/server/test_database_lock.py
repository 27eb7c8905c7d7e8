"""Somebody else who holds the database for seconds, beside a real server."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import databases
import pytest
from real_server import Answer, Server, running

from glance_shim.db import connection, urls

STATEMENTS = {
    "postgresql": "LOCK TABLE images IN ACCESS EXCLUSIVE MODE",
    "mariadb": "SELECT id FROM images FOR UPDATE",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "server", workers=2, threads=8) as server:
        yield server


@contextlib.contextmanager
def locked(server: Server) -> Iterator[None]:
    """Nobody writes images during the block."""
    if databases.KIND == "sqlite":
        path = urls.path_of(server.service.database_url)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    other = connection.open_database(server.service.database_url)
    with connection.connected(other), other.atomic():
        other.execute_sql(STATEMENTS[databases.KIND])
        yield
    other.close_all()


def create(server: Server) -> Answer:
    document = json.dumps({"disk_format": "raw", "container_format": "bare"})
    headers = {"Content-Type": "application/json"}
    return server.request("POST", "/v2/images", document, headers)


def delete(server: Server, image_id: str) -> Answer:
    return server.request("DELETE", f"/v2/images/{image_id}")


def test_changes_wait_for_a_lock_of_seconds(server: Server) -> None:
    ids = [server.alice.create()["id"] for _ in range(6)]
    with ThreadPoolExecutor(12) as pool, locked(server):
        asked = [pool.submit(create, server) for _ in range(6)]
        asked += [pool.submit(delete, server, image_id) for image_id in ids]
        time.sleep(2)
        assert not all(each.done() for each in asked)
    assert [each.result().status for each in asked] == [201] * 6 + [204] * 6
    assert server.get("/v2/images").status == 200
    assert "Traceback" not in server.log()


@pytest.mark.skipif(databases.KIND != "sqlite", reason="who waits, and how long, is theirs")
def test_a_lock_that_stays_is_said_and_stops_no_reader(server: Server) -> None:
    with locked(server):
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(create, server)
            while not asked.done():
                assert server.get("/v2/images").status == 200
        answer = asked.result()
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert create(server).status == 201
    assert "Traceback" not in server.log()
