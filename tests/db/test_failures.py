"""A database that goes away and comes back: 503 meanwhile, and no restart afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import private_databases
import pytest
from people import Service
from private_databases import Postgres

pytestmark = pytest.mark.xdist_group("private databases")


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with private_databases.postgres() as server:
        yield server


def test_a_database_that_was_away_is_used_again(postgres: Postgres, tmp_path: Path) -> None:
    url = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres"
    service = Service(tmp_path, {"database": {"connection": url}})
    alice = service.person("p1", "member")
    image = alice.active(b"kept")

    postgres.stop()
    answers = [alice.get("/v2/images"), alice.post("/v2/images", json={})]
    postgres.start()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert alice.get(f"/v2/images/{image['id']}/file").data == b"kept"
    assert alice.upload(alice.create()["id"]).status_code == 204
    service.close()
