"""``glance-shim check`` names what is wrong before the start."""

from __future__ import annotations

import shutil
from typing import Any

from people import Service

from glance_shim.core import checks
from glance_shim.db import connection


def test_a_service_that_works_has_no_problems(service: Service) -> None:
    assert list(checks.problems(service.deployment)) == []


def test_every_problem_has_a_line(make_service: Any) -> None:
    service: Service = make_service(image_member_quota=77)
    shutil.rmtree(service.deployment.stores.staging.root)
    with connection.connected(service.deployment.database):
        connection.database.execute_sql(
            "DELETE FROM schema_migration WHERE name = '0006_limits'"
        )

    first, second = checks.problems(service.deployment)

    assert first.startswith("database: the database is older than this program")
    assert second.startswith("staging: ")
    assert "No such file or directory" in second
