"""The answer that is built by hand is the one that the schema describes."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

from glance_shim.api.schemas import images as schemas
from glance_shim.core.identity import system_context
from glance_shim.db import connection
from glance_shim.db import images as rows


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"name": "größe", "tags": ["b", "a"], "min_disk": 3, "protected": True},
        {"os_distro": "debian", "a.b": "", "k" * 255: "v"},
        {"visibility": "private", "os_hidden": True, "disk_format": None},
    ],
)
@pytest.mark.parametrize("with_data", [False, True])
def test_both_say_the_same(
    service: Service, alice: Person, values: dict[str, Any], with_data: bool
) -> None:
    image_id = alice.create(**{"disk_format": "raw", **values})["id"]
    if with_data and "disk_format" not in values:
        alice.upload(image_id)
    with connection.connected(service.deployment.database):
        row = rows.find_any(image_id)
    assert row is not None
    path = f"/v2/images/{row.id}"
    made = {"self": path, "file": f"{path}/file", "schema": "/v2/schemas/image"}
    original = {**row._asdict(), **made}
    del original["locations"]

    with service.app.app_context():
        dumped = schemas.ImageSchema().dump(original)
        presented = schemas.present(system_context(service.deployment), row)

    assert dumped == presented
