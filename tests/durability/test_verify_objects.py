"""Verifying and mending what an object store has, with a real one."""

from __future__ import annotations

from typing import Any

import object_store
import pytest
from people import Person, Service

from glance_shim.core import verification
from glance_shim.db import connection

DATA = bytes(range(256)) * 40
DAMAGED = 3


@pytest.fixture
def service(engine: object_store.Swift, bucket: str, make_service: Any) -> Service:
    """A service with a bucket and a directory."""
    made: Service = make_service(
        enabled_backends={"fast": "s3", "cheap": "file"}, fast=engine.options(bucket)
    )
    return made


class Objects:
    """The bucket, as somebody with its keys sees it."""

    def __init__(self, engine: object_store.Swift, bucket: str) -> None:
        self._client, self._bucket = engine.client(), bucket

    def key(self, image_id: str) -> str:
        listed = self._client.list_objects_v2(Bucket=self._bucket)["Contents"]
        (key,) = (each["Key"] for each in listed if image_id in each["Key"])
        return str(key)

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data)

    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=key)


@pytest.fixture
def objects(engine: object_store.Swift, bucket: str) -> Objects:
    return Objects(engine, bucket)


def content(person: Person, image_id: str) -> Any:
    return person.get(f"/v2/images/{image_id}/file")


def test_a_damaged_object_is_found_by_reading_it_and_not_served(
    run: Any, alice: Person, golden: str, objects: Objects
) -> None:
    assert run("verify")[0] == run("verify", "--deep")[0] == 0
    objects.put(objects.key(golden), DATA[:-1] + b"x")
    assert run("verify")[0] == 0

    code, report = run("verify", "--deep")

    (damage,) = report["damages"]
    assert (code, damage["store_id"], damage["kind"]) == (DAMAGED, "fast", "changed")
    assert content(alice, golden).status_code == 503


@pytest.mark.parametrize("kind", ["missing", "short", "changed"])
def test_an_object_is_written_anew_from_another_store(
    run: Any, alice: Person, copied: str, objects: Objects, kind: str
) -> None:
    key = objects.key(copied)
    if kind == "missing":
        objects.remove(key)
    else:
        objects.put(key, DATA[:-1] + (b"x" if kind == "changed" else b""))
    code, report = run("verify", "--deep")
    assert (code, [each["kind"] for each in report["damages"]]) == (DAMAGED, [kind])
    assert content(alice, copied).data == DATA

    code, report = run("verify", "--deep", "--repair")

    assert (code, report["repaired"], report["damages"]) == (0, 1, [])
    assert run("verify", "--deep")[0] == 0
    only_here = {"x-openstack-image-store-ids": "fast"}
    answer = alice.get(f"/v2/images/{copied}/file", headers=only_here)
    assert answer.data == DATA


def test_a_run_over_objects_that_died_is_gone_on_with(
    run: Any, service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        alice.active(DATA, name=str(number))
    read = type(service.deployment.stores["fast"]).read
    asked: list[str] = []

    def dying(store: Any, blob_id: str, *args: Any) -> Any:
        asked.append(blob_id)
        if len(asked) == 3:
            raise SystemExit
        return read(store, blob_id, *args)

    monkeypatch.setattr(verification, "BATCH", 1)
    monkeypatch.setattr(type(service.deployment.stores["fast"]), "read", dying)
    with connection.connected(service.deployment.database), pytest.raises(SystemExit):
        verification.Run(service.deployment, "deep").go()

    code, report = run("verify", "--deep")

    assert (code, report["images"]) == (0, 4)
    assert len(asked) < 3 + 4
