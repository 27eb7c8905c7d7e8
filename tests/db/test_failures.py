"""A database that goes away and comes back: 503 meanwhile, and no restart afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import private_databases
import pytest
from people import Service
from private_databases import Private

from glance_shim import errors
from glance_shim.core import checks
from glance_shim.db import connection, schema

pytestmark = pytest.mark.xdist_group("private databases")


@pytest.fixture(scope="module", params=private_databases.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Private]:
    with private_databases.SERVERS[request.param]() as server:
        yield server


def test_a_database_that_was_away_is_used_again(server: Private, tmp_path: Path) -> None:
    service = Service(tmp_path, {"database": {"connection": server.url}})
    alice = service.person("p1", "member")
    image = alice.active(b"kept")

    server.stop()
    answers = [alice.get("/v2/images"), alice.post("/v2/images", json={})]
    server.start()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert alice.get(f"/v2/images/{image['id']}/file").data == b"kept"
    assert alice.upload(alice.create()["id"]).status_code == 204
    server.stop()
    server.start()
    assert alice.get("/v2/images").status_code == 200
    service.close()


# What PostgreSQL says then is in test_read_only.py, and needs no server of one's own.
@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_a_mariadb_that_takes_no_changes_is_read(server: Private, tmp_path: Path) -> None:
    root = connection.open_database(server.url)
    with connection.connected(root):
        for name in ("glance", "empty"):
            root.execute_sql(f"CREATE DATABASE {name}")
            root.execute_sql(f"GRANT ALL ON {name}.* TO ann@'127.0.0.1' IDENTIFIED BY 'a'")
    url = server.url.replace("root@", "ann:a@").replace("/mysql", "/{}").format
    service = Service(tmp_path, {"database": {"connection": url("glance")}})
    alice = service.person("p1", "member")
    image = alice.create()
    with connection.connected(root):
        root.execute_sql("SET GLOBAL read_only = on")

    refused = alice.post("/v2/images", json={})
    with pytest.raises(errors.ConfigurationError, match="--read-only"):
        schema.upgrade(connection.open_database(url("empty")))

    assert alice.show(image["id"])["id"] == image["id"]
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert "takes no changes" in refused.text
    assert any("takes no changes" in line for line in checks.problems(service.deployment))
    service.close()
    root.close_all()
