"""Cleaning up after the dead, and finding data that nothing refers to."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service

from glance_shim import clock
from glance_shim.core import orphans
from glance_shim.db import connection, uploads
from glance_shim.db.models.images import Removal, Upload

ORPHANS, UNCHECKED = 3, 4
DAY = 86400


def directory(service: Service, store_id: str = "fast") -> Path:
    return Path(service.deployment.stores.of_blob(store_id).properties()["data_dir"])


def orphan(service: Service, image_id: str, age: float = 2 * DAY, store: str = "fast") -> Path:
    """Data in a store that nothing refers to, named after an image."""
    path = directory(service, store) / f"{image_id}-{uuid.uuid4().hex[:8]}"
    path.write_bytes(b"left behind")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_where_all_is_well_there_is_nothing_to_do(run: Any, golden: str) -> None:
    code, report = run("recover")

    assert code == 0
    assert report == {
        "given_up": 0,
        "removed": 0,
        "partial": 0,
        "pending": 0,
        "away": [],
        "orphans_removed": [],
        "orphans": [],
        "empty_images": [],
    }


def test_an_upload_that_died_is_given_up(run: Any, service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    blob = orphan(service, image_id)
    with connection.connected(service.deployment.database):
        uploads.add(image_id, "fast", blob.name, alice.project_id, 10)
        Upload.update(heartbeat=0).execute()
        connection.database.execute_sql("UPDATE images SET status='saving'")

    code, report = run("recover")

    assert (code, report["given_up"], report["removed"]) == (0, 1, 1)
    assert alice.show(image_id)["status"] == "queued"
    assert service.blobs() == []
    assert alice.upload(image_id).status_code == 204


def test_an_upload_that_looks_dead_is_watched_before_it_is_given_up(
    run: Any, service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = alice.create()["id"]
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)
    monkeypatch.setattr(clock, "steady_source", lambda: sum(slept))
    with connection.connected(service.deployment.database):
        uploads.add(image_id, "fast", orphan(service, image_id).name, alice.project_id, 10)
        Upload.update(heartbeat=time.time() - 600).execute()

    assert run("recover")[1]["given_up"] == 1
    assert slept == [service.deployment.config.upload_lease_seconds]


def test_a_removal_waits_for_its_store_and_keeps_no_other_waiting(
    run: Any, service: Service, golden: str
) -> None:
    kept = orphan(service, golden, store="cheap")
    with connection.connected(service.deployment.database):
        uploads.add_removals(golden, [("gone", f"{n:036}-00000000") for n in range(150)], 0)
        uploads.add_removals(golden, [("cheap", kept.name)], 0)

    code, report = run("recover")

    assert (code, report["removed"], report["pending"]) == (0, 1, 150)
    assert not kept.exists()
    with connection.connected(service.deployment.database):
        Removal.delete().execute()


def test_orphans_are_listed_and_stay(run: Any, service: Service, golden: str) -> None:
    ours, foreign = orphan(service, golden), orphan(service, str(uuid.uuid4()), store="cheap")
    staged = orphan(service, golden, store="os_glance_staging_store")
    fresh = orphan(service, golden, age=DAY / 2)
    (directory(service) / "notes.txt").write_text("somebody else's")

    code, report = run("recover")

    found = {each["blob_id"]: each["known"] for each in report["orphans"]}
    assert code == ORPHANS
    assert found == {ours.name: True, staged.name: True, foreign.name: False}
    assert all(path.exists() for path in (ours, foreign, staged, fresh))


def test_orphans_of_known_images_are_removed_when_that_is_said(
    run: Any, service: Service, alice: Person, golden: str
) -> None:
    ours, foreign = orphan(service, golden), orphan(service, str(uuid.uuid4()))
    fresh = orphan(service, golden, age=DAY / 2)

    code, report = run("recover", "--remove-orphans")

    assert code == ORPHANS
    assert [each["blob_id"] for each in report["orphans_removed"]] == [ours.name]
    assert [each["blob_id"] for each in report["orphans"]] == [foreign.name]
    assert (ours.exists(), foreign.exists(), fresh.exists()) == (False, True, True)
    assert alice.get(f"/v2/images/{golden}/file").status_code == 200


def test_data_in_use_is_no_orphan_however_old(
    run: Any, service: Service, alice: Person, copied: str
) -> None:
    staged = alice.create()["id"]
    assert alice.stage(staged).status_code == 204
    leased, due = orphan(service, copied), orphan(service, copied)
    with connection.connected(service.deployment.database):
        uploads.add(copied, "fast", leased.name, None, 0)
        uploads.add_removals(copied, [("fast", due.name)], DAY)
    for path in (*service.blobs(), *service.staged()):
        os.utime(path, (time.time() - 100 * DAY,) * 2)
    before = {*service.blobs(), *service.staged()}

    code, report = run("recover", "--remove-orphans")

    assert (code, report["orphans"], report["orphans_removed"]) == (0, [], [])
    assert {*service.blobs(), *service.staged()} == before


def test_an_orphan_that_came_into_use_meanwhile_stays(service: Service, golden: str) -> None:
    path = orphan(service, golden)
    with connection.connected(service.deployment.database):
        (found,) = orphans.find(service.deployment)
        uploads.add(golden, "fast", path.name, None, 0)
        assert not orphans.remove(service.deployment, found)
    assert path.exists()


def test_a_store_that_is_away_is_named(run: Any, service: Service, golden: str) -> None:
    root = directory(service, "cheap")
    root.rename(root.with_name("elsewhere"))
    try:
        code, report = run("recover", "--remove-orphans")
    finally:
        root.with_name("elsewhere").rename(root)

    assert (code, report["away"]) == (UNCHECKED, ["cheap"])


def test_images_that_stay_without_data_are_listed_and_left_alone(
    run: Any, service: Service, alice: Person, golden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = alice.create(name="forgotten")
    now = clock.now()

    monkeypatch.setattr(clock, "source", lambda: now + 7 * DAY - 60)
    assert run("recover")[1]["empty_images"] == []
    monkeypatch.setattr(clock, "source", lambda: now + 7 * DAY + 60)
    code, report = run("recover")

    assert code == 0
    assert report["empty_images"] == [
        {
            "id": empty["id"],
            "name": "forgotten",
            "owner": alice.project_id,
            "created_at": empty["created_at"],
        }
    ]
    monkeypatch.undo()
    assert alice.upload(empty["id"]).status_code == 204
