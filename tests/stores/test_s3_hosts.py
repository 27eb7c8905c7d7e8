"""Hosts with directories of their own and one object store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import object_store
import pytest
from real_server import MIB, Server, until

from glance_shim import config, deployment
from glance_shim.core import recovery
from glance_shim.db import connection
from glance_shim.db.models.images import Upload
from glance_shim.stores import s3

SECTIONS = """
default_backend = big
[DEFAULT]
enabled_backends = big:s3
[task]
workers = 0
[big]
"""


@pytest.fixture
def hosts(
    engine: object_store.Swift, bucket: str, tmp_path: Path
) -> Iterator[tuple[Server, Server]]:
    options = engine.options(
        bucket, s3_store_large_object_size=5, s3_store_large_object_chunk_size=5
    )
    sections = SECTIONS + "".join(f"{name} = {value}\n" for name, value in options.items())
    with contextlib.ExitStack() as stopping:
        one = Server(tmp_path / "one", sections, workers=1)
        stopping.callback(one.stop)
        other = Server(tmp_path / "other", sections, beside=one, workers=1)
        stopping.callback(other.stop)
        yield one, other


def test_what_is_uploaded_through_one_host_is_served_by_the_other(
    hosts: tuple[Server, Server],
) -> None:
    one, other = hosts
    data, image_id = os.urandom(11 * MIB), str(one.alice.create()["id"])

    assert one.upload(image_id, data).status == 204
    assert other.get(f"/v2/images/{image_id}/file").data == data
    assert other.get(f"/v2/images/{image_id}/file", Range="bytes=5-9").data == data[5:10]

    assert other.request("DELETE", f"/v2/images/{image_id}").status == 204
    assert one.get(f"/v2/images/{image_id}/file").status == 404


def test_what_a_killed_host_was_sending_is_removed_and_the_image_takes_data_again(
    hosts: tuple[Server, Server],
    engine: object_store.Swift,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = hosts
    image_id = str(one.alice.create()["id"])
    with one.connect() as client:
        client.sendall(one.upload_head(image_id, f"Content-Length: {30 * MIB}"))
        client.sendall(b"x" * 16 * MIB)
        until(lambda: engine_has_parts(engine, bucket), "parts are in the engine")
        one.kill()
    assert engine.objects(bucket) == []

    # As if the time had passed after which what is silent counts as dead.
    monkeypatch.setattr(s3, "ABANDONED_SECONDS", -60)
    until(lambda: swept(other) and not engine.unfinished(bucket), "the parts are removed")

    assert other.status(image_id) == "queued"
    assert other.upload(image_id, b"again").status == 204
    assert other.get(f"/v2/images/{image_id}/file").data == b"again"
    assert len(engine.objects(bucket)) == 1
    one.start()
    assert one.get(f"/v2/images/{image_id}/file").data == b"again"


def engine_has_parts(engine: object_store.Swift, bucket: str) -> Any:
    with contextlib.suppress(engine.client().exceptions.NoSuchBucket):
        return engine.unfinished(bucket)


def swept(host: Server) -> bool:
    """Do what the host does every minute, with what it is configured to have."""
    built = deployment.build(config.load([str(host.configuration)]))
    with connection.connected(built.database):
        Upload.update(heartbeat=0).execute()
        recovery.sweep(built)
    return True


def test_parts_of_a_living_upload_stay_whatever_their_age(
    hosts: tuple[Server, Server],
    engine: object_store.Swift,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = hosts
    monkeypatch.setattr(s3, "ABANDONED_SECONDS", -60)
    image_id = str(one.alice.create()["id"])
    data = os.urandom(16 * MIB)
    with one.connect() as client:
        client.sendall(one.upload_head(image_id, f"Content-Length: {len(data)}"))
        client.sendall(data[:-1])
        until(lambda: engine_has_parts(engine, bucket), "parts are in the engine")
        built = deployment.build(config.load([str(other.configuration)]))
        with connection.connected(built.database):
            recovery.sweep(built)
        client.sendall(data[-1:])
        one.wait_for(image_id, "active")

    assert other.get(f"/v2/images/{image_id}/file").data == data
