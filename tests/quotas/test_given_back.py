"""What was taken of a limit is given back, however it ends."""

from __future__ import annotations

from typing import Any

import pytest
from bodies import arriving
from people import Person, Service

from glance_shim.core import import_steps, recovery, tasks
from glance_shim.db import connection, leases
from glance_shim.db import tasks as task_rows
from glance_shim.db.models.images import Upload
from glance_shim.db.models.tasks import Task

MIB = 1 << 20
NOTHING = {
    "image_size_total": 0,
    "image_stage_total": 0,
    "image_count_total": 1,
    "image_count_uploading": 0,
}


@pytest.fixture(autouse=True)
def one_mebibyte(alice: Person, limit: Any) -> None:
    limit(alice, image_size_total=1, image_stage_total=1, image_count_uploading=1)


def full(person: Person, what: str = "file") -> Any:
    """Use everything that there is for one image."""
    image_id = person.create()["id"]
    data = b"x" * MIB
    return person.upload(image_id, data) if what == "file" else person.stage(image_id, data)


@pytest.mark.parametrize("what", ["file", "stage"])
def test_an_upload_that_breaks_off_gives_everything_back(
    service: Service, alice: Person, used: Any, what: str
) -> None:
    image_id = alice.create()["id"]
    path = f"/v2/images/{image_id}/{what}"

    assert alice.put(path, **arriving(b"x" * 1000, length=MIB)).status_code == 400
    assert used(alice) == NOTHING
    assert service.staged() == service.blobs() == []
    assert full(alice, what).status_code == 204


@pytest.mark.parametrize("what", ["file", "stage"])
def test_an_upload_of_another_size_than_declared_gives_everything_back(
    alice: Person, used: Any, what: str
) -> None:
    image_id = alice.create()["id"]
    path = f"/v2/images/{image_id}/{what}"
    declared = {"x-openstack-image-size": str(MIB)}

    assert alice.put(path, **arriving(b"x" * 1000, **declared)).status_code == 400
    assert used(alice) == NOTHING
    assert full(alice, what).status_code == 204


def test_data_of_the_wrong_format_gives_everything_back(alice: Person, used: Any) -> None:
    image_id = alice.create(disk_format="qcow2")["id"]

    assert alice.upload(image_id, b"x" * MIB).status_code == 415
    assert used(alice) == NOTHING
    assert full(alice).status_code == 204


@pytest.mark.parametrize("status", ["queued", "staged", "active", "deactivated"])
def test_a_deleted_image_counts_no_more(
    service: Service, alice: Person, boss: Person, used: Any, status: str
) -> None:
    image_id = alice.create()["id"]
    if status == "staged":
        assert alice.stage(image_id, b"x" * MIB).status_code == 204
    elif status != "queued":
        assert alice.upload(image_id, b"x" * MIB).status_code == 204
    if status == "deactivated":
        boss.post(f"/v2/images/{image_id}/actions/deactivate")
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204

    assert used(alice) == {**NOTHING, "image_count_total": 0}
    assert full(alice, "stage").status_code == 204


def test_an_import_that_fails_gives_everything_back(
    service: Service, alice: Person, used: Any
) -> None:
    image_id = alice.create()["id"]
    assert alice.stage(image_id, b"x" * MIB).status_code == 204
    assert alice.import_(image_id, stores=["fast", "web"]).status_code == 202
    service.work()

    assert alice.show(image_id)["status"] == "queued"
    assert used(alice) == NOTHING
    assert alice.stage(image_id, b"x" * MIB).status_code == 204


def test_a_copy_that_is_removed_counts_no_more(
    service: Service, alice: Person, boss: Person, limit: Any, used: Any
) -> None:
    limit(alice, image_size_total=2)
    image_id = alice.active(b"x" * MIB)["id"]
    assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()
    assert used(alice)["image_size_total"] == 2
    assert full(alice).status_code == 413

    assert boss.delete(f"/v2/stores/fast/{image_id}").status_code == 204
    assert used(alice)["image_size_total"] == 1
    assert full(alice).status_code == 204


@pytest.mark.parametrize("what", ["file", "stage"])
def test_data_of_a_deleted_image_counts_until_it_has_stopped_arriving(
    service: Service, alice: Person, used: Any, what: str
) -> None:
    first = alice.create()["id"]
    seen: list[int] = []

    def delete_and_try_again() -> None:
        seen.append(alice.delete(f"/v2/images/{first}").status_code)
        seen.append(full(alice, what).status_code)

    path = f"/v2/images/{first}/{what}"
    half = b"x" * (MIB // 2)
    response = alice.put(path, **arriving(half, delete_and_try_again, half, length=MIB))

    assert seen == [204, 413]
    assert response.status_code == 410
    assert service.staged() == service.blobs() == []
    assert full(alice, what).status_code == 204


@pytest.mark.parametrize("what", ["file", "stage"])
@pytest.mark.parametrize("deleted", [False, True])
def test_what_a_dead_process_had_reserved_is_given_back(
    service: Service, alice: Person, used: Any, what: str, deleted: bool
) -> None:
    image_id = alice.create()["id"]
    seen: list[int] = []

    def lose_the_process() -> None:
        if deleted:
            seen.append(alice.delete(f"/v2/images/{image_id}").status_code)
        with connection.connected(service.deployment.database):
            Upload.update(heartbeat=0).execute()
            recovery.sweep(service.deployment)
        seen.append(full(alice, what).status_code)

    path = f"/v2/images/{image_id}/{what}"
    half = b"x" * (MIB // 2)
    response = alice.put(path, **arriving(half, lose_the_process, half, length=MIB))

    assert seen == ([204, 204] if deleted else [204])
    assert response.status_code in (410, 413)
    assert used(alice)[f"image_{'size' if what == 'file' else 'stage'}_total"] == 1


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_import_that_is_taken_over_needs_its_room_once(
    service: Service, alice: Person, used: Any, steps: int
) -> None:
    image_id = alice.create()["id"]
    assert alice.stage(image_id, b"x" * MIB).status_code == 204
    assert alice.import_(image_id).status_code == 202
    with connection.connected(service.deployment.database):
        task = task_rows.claim("a worker that dies", lease_seconds=60)
        assert task is not None
        deployment = service.deployment
        job = import_steps.Import(deployment, task, tasks.Working(deployment, task))
        for step in (import_steps.pick_up, import_steps.fetch, import_steps.store)[:steps]:
            step(job)
        Task.update(lease_until=leases.RELEASED).execute()
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["stores"]) == ("active", "fast")
    assert used(alice) == {**NOTHING, "image_size_total": 1}
    assert len(service.blobs()) == 1 and service.staged() == []


def test_an_import_that_fails_when_all_is_stored_leaves_the_data_to_the_image(
    service: Service, alice: Person, used: Any
) -> None:
    image_id = alice.create()["id"]
    assert alice.stage(image_id, b"x" * MIB).status_code == 204
    assert alice.import_(image_id).status_code == 202
    with connection.connected(service.deployment.database):
        task = task_rows.claim("a worker that dies", lease_seconds=60)
        assert task is not None
        working = tasks.Working(service.deployment, task)
        job = import_steps.Import(service.deployment, task, working)
        for step in (import_steps.pick_up, import_steps.fetch, import_steps.store):
            step(job)
        import_steps.abandon(service.deployment, task, working)

    assert alice.show(image_id)["status"] == "active"
    assert len(alice.get(f"/v2/images/{image_id}/file").data) == MIB
    assert used(alice) == {**NOTHING, "image_size_total": 1}
