"""How many statements an answer takes, however much there is."""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any

import pytest
from people import Person, Service
from statements import counted


def statements(service: Service, person: Person, path: str) -> int:
    with counted(service) as seen:
        assert person.get(path).status_code == 200
    return len(seen)


# One validates the token, one reads the page or the image.
EXPECTED = 2


@pytest.mark.parametrize("count, properties", [(0, 0), (1, 1), (25, 20), (40, 20)])
def test_a_list_takes_the_same_statements_whatever_it_holds(
    service: Service, alice: Person, count: int, properties: int
) -> None:
    for number in range(count):
        custom = {f"p{n}": "v" for n in range(properties)}
        alice.create(name=str(number), tags=["a", "b"], **custom)

    assert statements(service, alice, "/v2/images") == EXPECTED
    assert statements(service, alice, "/v2/images?limit=40&p1=v&tag=a") == EXPECTED
    assert statements(service, alice, "/v2/images?visibility=all") == EXPECTED


def test_showing_an_image_takes_the_same_statements(service: Service, alice: Person) -> None:
    image = alice.create(**{f"p{n}": "v" for n in range(20)})

    assert statements(service, alice, f"/v2/images/{image['id']}") == EXPECTED


@pytest.fixture
def crowded(make_service: Any) -> Service:
    """A service with 100,000 images of p1, each with a property."""
    service: Service = make_service(limit_param_default=26)
    owner = service.project("p1")
    fields = ["id", "name", "status", "visibility", "owner", "protected", "os_hidden"]
    fields += ["disk_format", "container_format", "min_disk", "min_ram"]
    fields += ["created_at", "updated_at", "deleted", "properties", "tags", "locations"]
    rows = []
    for number in range(100_000):
        day, second = divmod(number, 86400)
        moment = (
            f"2026-01-{day + 1:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        )
        given = ("queued", "shared", owner, 0, 0, "raw", "bare", 0, 0, moment, moment, 0)
        identity = (str(uuid.UUID(int=number)), f"image {number}")
        rows.append((*identity, *given, json.dumps({"n": str(number)}), "[]", "[]"))
    with sqlite3.connect(service.directory / "glance.db") as connection:
        marks = ",".join("?" * len(fields))
        sql = f"insert into images ({','.join(fields)}) values ({marks})"
        connection.executemany(sql, rows)
        connection.execute("analyze")
    connection.close()
    return service


def test_a_page_deep_in_many_images_takes_the_same_statements(crowded: Service) -> None:
    alice = crowded.person("p1", "member")
    marker = str(uuid.UUID(int=50_000))

    assert statements(crowded, alice, "/v2/images") == EXPECTED
    # The marker is looked up, and seen to be visible.
    assert statements(crowded, alice, f"/v2/images?marker={marker}") == EXPECTED + 2
    page = alice.get(f"/v2/images?marker={marker}").json["images"]
    assert [image["name"] for image in page] == [
        f"image {n}" for n in range(49_999, 49_973, -1)
    ]


def test_a_page_deep_in_many_images_is_found_by_an_index(crowded: Service) -> None:
    alice = crowded.person("p1", "member")
    with counted(crowded) as seen:
        alice.get(f"/v2/images?marker={uuid.UUID(int=50_000)}")

    with sqlite3.connect(crowded.directory / "glance.db") as connection:
        arguments = ["x"] * seen[-1].count("?")
        plan = connection.execute(f"explain query plan {seen[-1]}", arguments).fetchall()
    connection.close()
    assert not [row[-1] for row in plan if row[-1].startswith("SCAN images")]
