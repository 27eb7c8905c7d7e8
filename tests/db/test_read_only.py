"""A database that is only read: reads go on, changes are to be tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import databases
from people import Service

from glance_shim.db import connection


def test_a_replica_is_read_and_says_that_it_takes_no_changes(
    make_service: Any, tmp_path: Path
) -> None:
    databases.require("postgresql")
    url = databases.new(tmp_path, "postgresql")
    service: Service = make_service(database={"connection": url})
    alice = service.person("p1", "member")
    image = alice.create()
    database = service.deployment.database
    with connection.connected(database):
        name = database.database
        database.execute_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    database.close_all()
    try:
        refused = alice.post("/v2/images", json={})

        assert alice.show(image["id"])["id"] == image["id"]
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "takes no changes" in refused.text
    finally:
        with connection.connected(database):
            database.execute_sql("SET default_transaction_read_only = off")
            database.execute_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        database.close_all()
