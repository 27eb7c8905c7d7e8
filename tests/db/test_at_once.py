"""Many who change one image at once wait for each other, and never in a circle."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import databases
import pytest
from people import Person, Service

from glance_shim.core import quotas
from glance_shim.core.identity import system_context
from glance_shim.db import connection

THREADS = 12
ROUNDS = 20


@pytest.fixture
def service(kind: str, tmp_path: Path) -> Iterator[Service]:
    """A service whose projects have limits, so that whoever takes something counts."""
    if kind == "sqlite":
        pytest.skip("only one transaction writes at a time")
    service = Service(tmp_path, {"database": {"connection": databases.new(tmp_path, kind)}})
    with connection.connected(service.deployment.database):
        for name in quotas.LIMITS:
            quotas.set_limit(system_context(service.deployment), "", name, 1000)
    yield service
    service.close()


Action = Callable[[], Any]


def changes_of(image_id: str, alice: Person, bob: Person, number: int) -> list[Action]:
    """Whatever can be done to an image, by its owner and by whom it is offered to."""
    path = f"/v2/images/{image_id}"
    members = f"{path}/members"
    return [
        lambda: alice.upload(image_id),
        lambda: alice.upload(image_id),
        lambda: alice.upload(image_id, **{"X-Openstack-Image-Size": "11"}),
        lambda: alice.stage(image_id),
        lambda: alice.stage(image_id),
        lambda: alice.import_(image_id),
        lambda: alice.set(image_id, name=f"name {number}"),
        lambda: alice.set(image_id, os_hidden=True),
        lambda: alice.put(f"{path}/tags/t{number}"),
        lambda: alice.post(members, json={"member": f"m{number}"}),
        lambda: alice.delete(f"{members}/{bob.project_id}"),
        lambda: bob.put(f"{members}/{bob.project_id}", json={"status": "accepted"}),
        lambda: bob.put(f"{members}/{bob.project_id}", json={"status": "rejected"}),
        lambda: alice.post("/v2/images", json={"id": image_id}),
        lambda: alice.post("/v2/images", json={}),
    ]


def ends_of(image_id: str, alice: Person, admin: Person) -> list[Action]:
    """What is done to an image at last."""
    path = f"/v2/images/{image_id}"
    return [
        lambda: admin.post(f"{path}/actions/deactivate"),
        lambda: admin.post(f"{path}/actions/reactivate"),
        lambda: alice.set(image_id, visibility="private"),
        lambda: alice.delete(path),
        lambda: alice.delete(path),
    ]


def code_of(action: Action) -> int:
    """Do it, and tell the status of the answer if there is one."""
    return int(getattr(action(), "status_code", 0))


def test_changes_of_one_image_never_end_in_a_deadlock(service: Service) -> None:
    alice, bob = service.person("p1", "member"), service.person("p2", "member")
    admin, order = service.person("admin", "admin"), random.Random(1)
    codes: Counter[int] = Counter()

    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            image_id = alice.create()["id"]
            alice.share(image_id, bob.project_id or "")
            actions = changes_of(image_id, alice, bob, number) * 2
            order.shuffle(actions)
            actions += [service.work, *ends_of(image_id, alice, admin), service.work]
            codes.update(pool.map(code_of, actions))

    assert {200, 201, 204, 404, 409} <= codes.keys()
    assert max(codes) < 500, codes
