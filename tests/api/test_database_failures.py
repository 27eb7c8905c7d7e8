"""What a client hears while the database cannot be used."""

from __future__ import annotations

from typing import Any

import databases
import peewee
import pytest
from people import Person, Service


@pytest.mark.parametrize("failure", [peewee.OperationalError, peewee.InterfaceError])
def test_a_database_that_fails_is_a_reason_to_try_again(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise failure("disk I/O error at /secret/path")

    database = service.deployment.database
    for way in databases.WAYS[database.kind]:
        monkeypatch.setattr(type(database), way, fail)
    response = alice.get("/v2/images")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "secret" not in response.text
    monkeypatch.undo()
    assert alice.get("/v2/images").status_code == 200
