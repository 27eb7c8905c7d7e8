"""Tasks that change hands while somebody is at work on them."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

from glance_shim import threads
from glance_shim.core import import_steps, task_types, tasks
from glance_shim.db import connection, leases
from glance_shim.db import tasks as rows
from glance_shim.db.models.tasks import Task

STEPS = (import_steps.pick_up, import_steps.fetch, import_steps.store, import_steps.finish)


@pytest.fixture
def image_id(alice: Person) -> str:
    """An image whose import is queued."""
    image_id = str(alice.create()["id"])
    assert alice.stage(image_id).status_code == 204
    assert alice.import_(image_id).status_code == 202
    return image_id


@pytest.mark.parametrize("steps", range(len(STEPS)))
def test_who_has_lost_a_task_changes_nothing_any_more(
    service: Service, alice: Person, image_id: str, steps: int
) -> None:
    with connection.connected(service.deployment.database):
        task = rows.claim("a slow worker", lease_seconds=60)
        assert task is not None
        slow = import_steps.Import(
            service.deployment, task, tasks.Working(service.deployment, task)
        )
        for step in STEPS[:steps]:
            step(slow)
        Task.update(lease_until=leases.RELEASED).execute()
        taken = rows.claim("a slow worker", lease_seconds=60)
        assert taken is not None
        other = import_steps.Import(
            service.deployment, taken, tasks.Working(service.deployment, taken)
        )
        import_steps.pick_up(other)

        for act in (STEPS[steps], import_steps.give_up):
            with pytest.raises(tasks.Lost):
                act(slow)
        for step in STEPS[1:]:
            step(other)

    assert alice.show(image_id)["status"] == "active"
    assert alice.get(f"/v2/images/{image_id}/file").data == b"0123456789"
    assert len(service.blobs()) == 1 and service.staged() == []


def test_a_task_waits_for_a_thread_that_keeps_its_lease(
    service: Service, alice: Person, image_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.connected(service.deployment.database):
        with monkeypatch.context() as changed:
            changed.setattr(threads, "start", lambda *args: False)
            for _ in range(task_types.MOST_ATTEMPTS + 1):
                with pytest.raises(tasks.NoThread):
                    task_types.run_next(service.deployment)
        assert alice.show(image_id)["status"] == "uploading"
        assert task_types.run_next(service.deployment)

    assert alice.show(image_id)["status"] == "active"


def test_an_end_that_comes_too_late_does_not_count(
    service: Service, alice: Person, image_id: str
) -> None:
    with connection.connected(service.deployment.database):
        lost = rows.claim("a slow worker", lease_seconds=60)
        Task.update(lease_until=leases.RELEASED).execute()
        taken = rows.claim("another", lease_seconds=60)
        assert lost is not None and taken is not None

        assert not rows.finish(lost.id, "failure", "2030-01-01T00:00:00Z", claimed=lost)
        assert not rows.renew(lost, 60)
        assert not rows.give_back(lost)
        assert rows.finish(taken.id, "success", "2030-01-01T00:00:00Z", claimed=taken)


def test_a_database_that_fails_in_the_middle_does_not_fail_the_import(
    service: Service, alice: Person, image_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job: Any) -> None:
        raise connection.FAILURES[0]("it went away")

    with monkeypatch.context() as patched, connection.connected(service.deployment.database):
        patched.setattr(import_steps, "store", fail)
        with pytest.raises(connection.FAILURES):
            task_types.run_next(service.deployment)
        task = rows.select({"image_id": image_id})[0]
        assert task.status == "processing"
        assert rows.give_back(task)
    service.work()

    assert alice.show(image_id)["status"] == "active"


def test_a_process_that_leaves_tasks_to_others_does_those_that_only_it_can_do(
    service: Service, alice: Person, image_id: str
) -> None:
    with connection.connected(service.deployment.database):
        assert not task_types.run_next(service.deployment, only_kept=True)
        other = rows.select({"image_id": image_id})[0]
        kept = {**other._asdict(), "id": "kept", "type": task_types.LEGACY, "input": {}}
        for column in ("status", "created_at", "updated_at", "worker"):
            del kept[column]
        rows.add(kept, worker=tasks.worker_name(), lease_seconds=60)

        assert task_types.run_next(service.deployment, only_kept=True)

        ended, untouched = rows.find("kept"), rows.find(other.id)
        assert ended is not None and ended.status == "failure"
        assert untouched is not None and untouched.status == "pending"
