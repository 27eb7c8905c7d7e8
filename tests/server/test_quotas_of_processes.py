"""Limits hold across the processes of a server, and survive their end."""

from __future__ import annotations

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from real_server import MIB, PATIENCE, Answer, Server, running, until

from glance_shim.core import quotas, recovery
from glance_shim.core.identity import system_context
from glance_shim.db import connection
from glance_shim.db.models.images import Upload

CROWD = 20


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "data", workers=2) as server:
        yield server


@pytest.fixture
def server(running_server: Server) -> Iterator[Server]:
    """Two processes that serve, and a project without images and limits."""
    yield running_server
    for image_id in running_server.alice.ids():
        assert running_server.request("DELETE", f"/v2/images/{image_id}").status == 204
    limit(running_server, **dict.fromkeys(quotas.LIMITS, quotas.UNLIMITED))


def limit(server: Server, **limits: int) -> None:
    context = system_context(server.service.deployment)
    with connection.connected(context.deployment.database):
        for name, value in limits.items():
            quotas.set_limit(context, server.alice.project_id or "", name, value)


def usage(server: Server, name: str) -> int:
    shown: Any = json.loads(server.get("/v2/info/usage").data)
    return int(shown["usage"][name]["usage"])


def create(server: Server) -> Answer:
    document = {"disk_format": "raw", "container_format": "bare"}
    headers = {"Content-Type": "application/json"}
    return server.request("POST", "/v2/images", json.dumps(document), headers)


def at_once(*actions: Callable[[], Answer]) -> Counter[int]:
    barrier = threading.Barrier(len(actions))

    def wait_and(action: Callable[[], Answer]) -> int:
        barrier.wait(PATIENCE)
        return action().status

    with ThreadPoolExecutor(len(actions)) as pool:
        return Counter(pool.map(wait_and, actions))


def test_a_crowd_of_creators_gets_no_image_too_many(server: Server) -> None:
    limit(server, image_count_total=5)

    assert at_once(*[lambda: create(server)] * CROWD) == {201: 5, 413: CROWD - 5}
    assert len(server.alice.ids()) == usage(server, "image_count_total") == 5


def test_a_crowd_of_importers_waits_for_no_turn_too_many(tmp_path: Path) -> None:
    sections = "[task]\nmax_waiting = 5\nworkers = 0\n"
    server = Server(tmp_path / "server", sections, workers=2)
    try:
        ids = [server.alice.create()["id"] for _ in range(CROWD)]
        for image_id in ids:
            assert server.alice.stage(image_id).status_code == 204

        def ask(image_id: str) -> Answer:
            body = json.dumps({"method": {"name": "glance-direct"}})
            headers = {"Content-Type": "application/json"}
            return server.request("POST", f"/v2/images/{image_id}/import", body, headers)

        codes = at_once(*(functools.partial(ask, image_id) for image_id in ids))
        assert codes == {202: 5, 413: CROWD - 5}
    finally:
        server.stop()


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unknown"])
def test_a_crowd_of_uploads_gets_no_byte_too_many(server: Server, announced: bool) -> None:
    ids = [server.alice.create()["id"] for _ in range(CROWD)]
    limit(server, image_size_total=5)

    def upload(image_id: str) -> Answer:
        data: Any = b"x" * MIB if announced else iter([b"x" * (MIB // 4)] * 4)
        return server.upload(image_id, data)

    codes = at_once(*(lambda image_id=image_id: upload(image_id) for image_id in ids))

    assert codes == {204: 5, 413: CROWD - 5}
    assert [path.stat().st_size for path in server.service.blobs()] == [MIB] * 5
    assert usage(server, "image_size_total") == 5


def test_a_client_that_goes_away_gives_everything_back(server: Server) -> None:
    first, second = (server.alice.create()["id"] for _ in range(2))
    limit(server, image_size_total=1, image_count_uploading=1)
    with server.connect() as client:
        client.sendall(server.upload_head(first, f"Content-Length: {MIB}") + b"x" * 1000)
        server.wait_for(first, "saving")
        assert server.upload(second, b"x").status == 413
    server.wait_for(first, "queued")

    assert usage(server, "image_count_uploading") == usage(server, "image_size_total") == 0
    assert server.upload(second, b"x" * MIB).status == 204


def test_a_deleted_image_counts_until_its_upload_has_ended(server: Server) -> None:
    first, second = (server.alice.create()["id"] for _ in range(2))
    limit(server, image_size_total=1)
    with server.connect() as client:
        client.sendall(server.upload_head(first, f"Content-Length: {MIB}") + b"x" * 1000)
        server.wait_for(first, "saving")
        assert server.request("DELETE", f"/v2/images/{first}").status == 204
        assert server.upload(second, b"x").status == 413

    until(lambda: server.upload(second, b"x" * MIB).status == 204, "there is room again")
    assert len(server.service.blobs()) == 1


def test_what_was_reserved_at_a_crash_is_free_again(tmp_path: Path) -> None:
    with running(tmp_path / "data", workers=2) as server:
        first, second = (server.alice.create()["id"] for _ in range(2))
        limit(server, image_size_total=1, image_count_uploading=1)
        with server.connect() as client:
            client.sendall(server.upload_head(first, f"Content-Length: {MIB}") + b"x" * 1000)
            server.wait_for(first, "saving")
            server.kill()
        server.start()
        forget_the_dead(server)

        server.wait_for(first, "queued")
        until(lambda: server.upload(second, b"x" * MIB).status == 204, "there is room again")


def forget_the_dead(server: Server) -> None:
    """As if the time had passed after which a silent process counts as dead."""
    with connection.connected(server.service.deployment.database):
        Upload.update(heartbeat=0).execute()
        recovery.sweep(server.service.deployment)
