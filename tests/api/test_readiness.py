"""Whether the service is ready to work, and whether it is alive."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service

from glance_shim.core import checks
from glance_shim.db import connection

HEALTH, ALIVE = "/healthcheck", "/healthcheck/alive"
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "READY_SECONDS", 0.0)
    monkeypatch.setattr(checks, "NOT_READY_SECONDS", 0.0)


@pytest.fixture
def service(make_service: Any) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file"}, healthcheck={"detailed": True}
    )


def without_its_directory(service: Service, store_id: str) -> Any:
    root = Path(service.deployment.stores.of_blob(store_id).properties()["data_dir"])
    root.rename(root.with_name("elsewhere"))
    return lambda: root.with_name("elsewhere").rename(root)


@pytest.mark.parametrize(
    "store_id, named",
    [("fast", "store fast"), ("os_glance_staging_store", "staging"), ("cheap", None)],
)
def test_it_is_ready_while_new_data_can_be_kept(
    service: Service, nobody: Person, store_id: str, named: str | None
) -> None:
    put_back = without_its_directory(service, store_id)
    try:
        answer, alive = nobody.get(HEALTH, headers=JSON), nobody.get(ALIVE)
    finally:
        put_back()

    reasons = [f"NOT READY: {named}"] if named else ["OK"]
    assert answer.json == {"detailed": True, "reasons": reasons}
    assert answer.status_code == (503 if named else 200)
    assert (alive.status_code, alive.data) == (200, b"OK")
    assert nobody.get(HEALTH).status_code == 200


def test_it_is_not_ready_with_a_database_of_an_older_program(
    service: Service, nobody: Person
) -> None:
    with connection.connected(service.deployment.database):
        table = "DELETE FROM schema_migration WHERE name = '0006_limits'"
        with connection.writing():
            connection.database.execute_sql(table)
            row = "INSERT INTO schema_migration (name, applied) VALUES ('0006_limits', '{}')"
    try:
        assert nobody.get(HEALTH).data == b"NOT READY: database"
        assert nobody.get(ALIVE).status_code == 200
        assert nobody.request("HEAD", HEALTH).status_code == 503
    finally:
        with connection.connected(service.deployment.database), connection.writing():
            connection.database.execute_sql(row.format("2026-01-01 00:00:00"))
    assert nobody.get(HEALTH).status_code == 200


def test_it_is_alive_without_a_database(
    service: Service, nobody: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise connection.FAILURES[0]("the server is away")

    service.deployment.database.close_idle()
    monkeypatch.setattr(service.deployment.database, "connect", refuse)

    assert nobody.get("/v2/images").status_code in (401, 503)
    assert nobody.get(HEALTH).data == b"NOT READY: database"
    assert nobody.get(ALIVE).data == b"OK"


def test_without_detail_it_does_not_say_what_is_missing(
    make_service: Any, tmp_path: Path
) -> None:
    service = make_service(image_tag_quota=126)
    put_back = without_its_directory(service, "default")
    try:
        answer = service.nobody().get(HEALTH, headers=JSON)
    finally:
        put_back()

    assert answer.json == {"detailed": False, "reasons": ["NOT READY"]}


def test_a_store_that_hangs_takes_one_thread_only(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness, go_on = checks.Readiness(service.deployment), threading.Event()
    assert readiness.missing() == []
    store = service.deployment.stores.default
    monkeypatch.setattr(store, "check", lambda: go_on.wait(60))

    hanging = threading.Thread(target=readiness.missing)
    hanging.start()
    while not readiness._lock.locked():
        time.sleep(0.001)
    assert readiness.missing() == []
    monkeypatch.setattr(checks, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(checks, "WAIT_SECONDS", 0.0)
    assert readiness.missing() == ["answers in time"]
    go_on.set()
    hanging.join()
    assert readiness.missing() == []
