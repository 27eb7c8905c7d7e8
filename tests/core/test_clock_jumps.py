"""Clocks that are set forwards or back by hours while something is under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bodies import arriving
from people import Person, Service

from glance_shim import clock
from glance_shim.core import recovery, task_types
from glance_shim.core import verification as verifying
from glance_shim.db import connection, uploads
from glance_shim.db import tasks as rows
from glance_shim.db import verification as runs

DATA = b"0123456789" * 1000
HOUR = 3600
JUMPS = pytest.mark.parametrize("hours", [-24, -1, 1, 24])


class Clocks:
    """The clock of the wall, and the one that nobody can set; tokens are spared the former."""

    def __init__(self) -> None:
        self.jumped = self.passed = 0.0

    def jump(self, hours: float) -> None:
        self.jumped += hours * HOUR

    def let_pass(self, seconds: float) -> None:
        self.jumped += seconds
        self.passed += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made, real, steady = Clocks(), time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: real() + made.jumped)
    monkeypatch.setattr(clock, "steady_source", lambda: steady() + made.passed)
    return made


@pytest.fixture
def sweep(service: Service) -> Callable[[], int]:
    """What every server does each minute; how many uploads were given up?"""

    def swept() -> int:
        with connection.connected(service.deployment.database):
            return recovery.sweep(service.deployment).given_up

    return swept


def lease_seconds(service: Service) -> int:
    return int(service.deployment.config.upload_lease_seconds)


@JUMPS
def test_an_upload_that_goes_on_keeps_its_image(
    alice: Person, service: Service, clocks: Clocks, sweep: Any, hours: int
) -> None:
    image_id = alice.create()["id"]
    given_up = []

    def jump() -> None:
        given_up.append(sweep())
        clocks.jump(hours)
        given_up.append(sweep())

    def renew() -> None:
        (blob_id,) = [row.blob_id for row in _uploads(service, image_id)]
        for _ in range(3):
            clocks.let_pass(lease_seconds(service) * 0.7)
            with connection.connected(service.deployment.database):
                assert uploads.renew(blob_id, len(DATA))
            given_up.append(sweep())

    path = f"/v2/images/{image_id}/file"
    body = arriving(DATA[:5000], jump, renew, DATA[5000:], length=len(DATA))

    assert alice.put(path, **body).status_code == 204
    assert given_up == [0] * 5
    assert alice.get(path).data == DATA


def _uploads(service: Service, image_id: str) -> Any:
    with connection.connected(service.deployment.database):
        return uploads.select(image_id)


@JUMPS
def test_an_upload_that_died_is_given_up_when_its_time_has_passed(
    alice: Person, service: Service, clocks: Clocks, sweep: Any, hours: int
) -> None:
    image_id = alice.create()["id"]
    given_up = []

    def die() -> None:
        given_up.append(sweep())
        clocks.jump(hours)
        clocks.let_pass(lease_seconds(service) - 1)
        given_up.append(sweep())
        clocks.let_pass(2)
        given_up.append(sweep())

    path = f"/v2/images/{image_id}/file"
    alice.put(path, **arriving(DATA[:5000], die, DATA[5000:], length=len(DATA)))

    assert given_up == [0, 0, 1]
    assert alice.show(image_id)["status"] == "queued"
    assert service.blobs() == []
    assert alice.upload(image_id, DATA).status_code == 204


@JUMPS
def test_a_task_stays_with_its_worker_and_goes_on_when_that_dies(
    alice: Person, service: Service, clocks: Clocks, hours: int
) -> None:
    image_id = alice.create()["id"]
    assert alice.stage(image_id, DATA).status_code == 204
    assert alice.import_(image_id).status_code == 202
    seconds = service.deployment.config.task.lease_seconds
    with connection.connected(service.deployment.database):
        clocks.jump(hours)
        held = rows.claim("a worker", seconds)
        assert held is not None, "what waits needs no clock"
        assert rows.claim("another", seconds) is None
        for _ in range(3):
            clocks.let_pass(seconds * 0.7)
            clocks.jump(hours)
            assert rows.renew(held, seconds)
            assert rows.claim("another", seconds) is None
        clocks.jump(-hours)
        clocks.let_pass(seconds + 1)
        assert task_types.run_next(service.deployment)
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA


@JUMPS
def test_tokens_end_by_the_clock_of_the_wall(
    alice: Person, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(clock, "source", lambda: time.time() + hours * HOUR)
        assert alice.get("/v2/images").status_code == (401 if hours > 0 else 200)
    assert alice.get("/v2/images").status_code == 200


@JUMPS
def test_what_is_fresh_is_not_collected(
    alice: Person, service: Service, clocks: Clocks, sweep: Any, hours: int
) -> None:
    root = Path(service.deployment.stores.default.properties()["data_dir"])
    image = alice.active(DATA)
    image_id = alice.create()["id"]
    seen = []

    def jump() -> None:
        clocks.jump(hours)
        sweep()
        seen.extend(path.name for path in (root / "partial").iterdir())

    path = f"/v2/images/{image_id}/file"
    body = arriving(DATA[:5000], jump, DATA[5000:], length=len(DATA))
    assert alice.put(path, **body).status_code == 204
    assert len(seen) == 1
    assert {len(alice.get(f"/v2/images/{i}/file").data) for i in (image["id"], image_id)} == {
        len(DATA)
    }


def test_a_verification_whose_runner_died_in_the_future_is_gone_on_with(
    alice: Person, service: Service, clocks: Clocks
) -> None:
    alice.active(DATA)
    clocks.jump(100)
    with connection.connected(service.deployment.database):
        runs.take(verifying.LIGHT, "who dies")
        clocks.jump(-100)
        verifying.run_due(service.deployment)
        found = runs.find(verifying.LIGHT)
    assert found is not None and found.runner is None
