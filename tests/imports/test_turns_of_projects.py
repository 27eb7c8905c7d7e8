"""How many tasks of one project wait, and how many are done at the same time."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from people import Person, Service

from glance_shim.core import locations, tasks
from glance_shim.core.identity import system_context
from glance_shim.db import connection
from glance_shim.db import tasks as rows

WEB = {"name": "web-download", "uri": "http://127.0.0.1/data"}
TURNS = rows.Turns(tasks.IMPORTS, 2)
# More than are looked at in one go.
MOST = 12
OPEN = {"allowed_hosts": ["127.0.0.1"]}


@pytest.fixture
def service(make_service: Any) -> Service:
    return make_service(task={"max_waiting": MOST}, import_filtering_opts=OPEN)


def staged(person: Person) -> str:
    image_id = str(person.create()["id"])
    assert person.stage(image_id).status_code == 204
    return image_id


def direct(person: Person) -> int:
    return int(person.import_(staged(person)).status_code)


def from_web(person: Person) -> int:
    return int(person.import_(person.create()["id"], WEB).status_code)


@pytest.mark.parametrize("ask", [direct, from_web])
def test_so_many_imports_wait_and_no_more(
    service: Service, alice: Person, bob: Person, ask: Any
) -> None:
    assert [ask(alice) for _ in range(2 * MOST)] == [202] * MOST + [413] * MOST
    assert ask(bob) == 202


def test_who_is_refused_a_turn_can_ask_again(service: Service, alice: Person) -> None:
    for _ in range(MOST):
        assert direct(alice) == 202
    image_id = staged(alice)
    refused = alice.import_(image_id)
    assert refused.status_code == 413
    assert "[task] max_waiting allows at most 12" in refused.text
    assert alice.show(image_id)["status"] == "uploading"

    service.work()
    assert alice.import_(image_id).status_code == 202
    service.work()
    assert alice.show(image_id)["status"] == "active"


def test_so_many_tasks_of_an_administrator_wait_and_no_more(
    service: Service, admin: Person
) -> None:
    task = {"import_from": WEB["uri"], "import_from_format": "raw", "image_properties": {}}
    codes = [
        admin.post("/v2/tasks", json={"type": "import", "input": task}).status_code
        for _ in range(2 * MOST)
    ]

    assert codes == [201] * MOST + [413] * MOST


def legacy(person: Person) -> int:
    task = {"import_from": WEB["uri"], "import_from_format": "raw", "image_properties": {}}
    return int(person.post("/v2/tasks", json={"type": "import", "input": task}).status_code)


@pytest.mark.parametrize("ask, accepted", [(direct, 202), (from_web, 202), (legacy, 201)])
def test_of_many_who_ask_at_once_no_more_wait(
    service: Service, ask: Any, accepted: int
) -> None:
    for turn in range(3):
        # A project that has had nothing so far.
        project = f"crowd-{turn}"
        crowd = [service.person(project, "admin", "member") for _ in range(16)]
        barrier = threading.Barrier(len(crowd))

        def wait_and_ask(person: Person, barrier: threading.Barrier = barrier) -> int:
            barrier.wait(60)
            return int(ask(person))

        with ThreadPoolExecutor(len(crowd)) as pool:
            codes = Counter(pool.map(wait_and_ask, crowd))

        assert codes == {accepted: MOST, 413: len(crowd) - MOST}
        with connection.connected(service.deployment.database):
            assert rows.count_waiting(crowd[0].project_id, tasks.IMPORTS) == MOST


def test_a_project_has_two_tasks_done_at_once(
    service: Service, alice: Person, bob: Person
) -> None:
    asked = [direct(alice) for _ in range(MOST)]
    assert {*asked, direct(bob)} == {202}
    with connection.connected(service.deployment.database):
        taken = [rows.claim("a worker", 60, turns=TURNS) for _ in range(4)]
        owners = [task.owner if task else None for task in taken]
        assert owners == [alice.project_id, alice.project_id, bob.project_id, None]

        rows.finish(taken[0].id, "success", "2030-01-01T00:00:00Z")
        following = rows.claim("a worker", 60, turns=TURNS)
        assert following is not None and following.owner == alice.project_id
        assert rows.claim("a worker", 60, turns=TURNS) is None


def test_many_workers_at_once_take_no_more_than_two(service: Service, alice: Person) -> None:
    for _ in range(3):
        assert direct(alice) == 202
    taken: list[Any] = []
    together = threading.Barrier(6)

    def take(name: str) -> None:
        with connection.connected(service.deployment.database):
            together.wait()
            taken.append(rows.claim(name, 60, turns=TURNS))

    workers = [threading.Thread(target=take, args=(f"worker {n}",)) for n in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len([task for task in taken if task]) == 2


def test_hashes_of_stored_data_wait_for_no_turn(service: Service, alice: Person) -> None:
    for _ in range(3):
        assert direct(alice) == 202
    with connection.connected(service.deployment.database):
        for _ in range(2):
            assert rows.claim("a worker", 60, turns=TURNS) is not None
        assert rows.claim("a worker", 60, turns=TURNS) is None
        context = system_context(service.deployment)
        asked = dataclasses.replace(context, project_id=alice.project_id)
        with connection.writing():
            hashing = tasks.submit(asked, locations.TASK_TYPE, {})

        taken = rows.claim("a worker", 60, turns=TURNS)
        assert taken is not None and taken.id == hashing.id


@pytest.mark.parametrize("hours, shown", [(0, 0), (1, 1)])
def test_a_task_that_has_ended_is_forgotten(make_service: Any, hours: int, shown: int) -> None:
    service = make_service(task={"task_time_to_live": hours})
    alice = service.person("p1", "member")
    image_id = staged(alice)
    assert alice.import_(image_id).status_code == 202
    service.work()

    assert len(alice.get(f"/v2/images/{image_id}/tasks").json["tasks"]) == shown
