"""Every kind of database gives the same answers to the same questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from people import Person, Service
from visitor import Visitor

NAMES = [
    "b",
    "B",
    "a",
    "A",
    "é",
    "e",
    "z",
    "a ",
    "ß",
    "ss",
    "_",
    "%",
    "",
    "10",
    "9",
]


@pytest.fixture(scope="module", params=databases.KINDS)
def service(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on each kind of database."""
    databases.require(request.param)
    directory: Path = tmp_path_factory.mktemp("same")
    url = databases.new(directory, request.param)
    service = Service(directory, {"database": {"connection": url}})
    yield service
    service.close()


@pytest.fixture(scope="module")
def alice(service: Service) -> Person:
    """A person with an image of each name."""
    alice = service.person("p1", "member")
    for name in NAMES:
        alice.create(
            name=name, label=name or "empty", tags=[name] if name.strip() == name != "" else []
        )
    return alice


def names(alice: Person, query: str, **values: str) -> list[str]:
    answer = alice.get(f"/v2/images{query}", query_string={"limit": "100", **values})
    assert answer.status_code == 200, answer.text
    return [image["name"] for image in answer.json["images"]]


def test_text_is_ordered_by_its_characters(alice: Person) -> None:
    assert names(alice, "", sort="name:asc") == sorted(NAMES)
    assert names(alice, "", sort="name:desc") == sorted(NAMES, reverse=True)


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_text_is_the_same_only_if_every_character_is(alice: Person, name: str) -> None:
    wanted = {"name": f"eq:{name}", "label": name}
    if name == name.strip():  # A filter by tag looks past blanks around it.
        wanted["tag"] = name
    for filter_name, value in wanted.items():
        assert names(alice, "", **{filter_name: value}) == [name], filter_name


def test_paging_by_name_misses_and_repeats_nothing(alice: Person) -> None:
    assert [
        alice.show(found)["name"] for found in alice.ids("?limit=3&sort=name:asc")
    ] == sorted(NAMES)


def test_images_without_a_value_come_before_all_others(alice: Person) -> None:
    one = alice.create(name="unsized")["id"]
    two = alice.active(b"12345", name="sized")["id"]
    try:
        ids = alice.ids("?limit=2&sort=size:asc")
        assert ids[-1] == two and one in ids[:-1]
        assert alice.ids("?limit=2&sort=size:desc")[0] == two
    finally:
        for image in (one, two):
            alice.delete(f"/v2/images/{image}")


def test_sizes_may_have_63_bits(alice: Person) -> None:
    answer = alice.get(f"/v2/images?size_min={(1 << 63) - 1}")
    assert (answer.status_code, answer.json["images"]) == (200, [])


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\U0001f680", "x" * 300])
def test_text_that_not_every_database_can_keep_is_refused(alice: Person, text: str) -> None:
    assert alice.post("/v2/images", json={"name": text}).status_code == 400


@pytest.mark.parametrize("number", [-(1 << 63) - 1, -(10**19) + 1, 1 << 63])
def test_a_number_of_more_than_63_bits_is_refused(alice: Person, number: int) -> None:
    for column in ("size", "virtual_size", "min_disk", "min_ram"):
        for name in (column, f"{column}_min", f"{column}_max"):
            assert alice.get(f"/v2/images?{name}={number}").status_code == 400, name
        assert alice.post("/v2/images", json={column: number}).status_code in (400, 403)


def test_an_address_with_u_0000_is_refused_on_every_path(service: Service) -> None:
    root = service.person("admin", "admin")
    image = root.create()

    def filled(rule: Any, odd: str) -> str:
        given = {"image_id": image["id"], odd: "a%00b"}
        return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: given.get(found[1], "x"), rule.rule)

    for rule in service.app.url_map.iter_rules():
        for method in rule.methods or ():
            for odd in rule.arguments:
                assert root.request(method, filled(rule, odd)).status_code == 400, rule
            query = {"name": "a\x00b"}
            answer = root.request(method, filled(rule, ""), query_string=query)
            assert answer.status_code == 400, rule


@pytest.mark.parametrize("field", ["user", "password", "domain", "project", "next", "a\x00b"])
def test_a_login_with_u_0000_is_refused(service: Service, field: str) -> None:
    visitor = Visitor(service.app).open("/dashboard/login")
    form = {"csrf_token": visitor.value("csrf_token"), "user": "ann", "password": "secret"}

    visitor._request("POST", "/dashboard/login", data={**form, field: "a\x00b"})

    assert (visitor.status, "U+0000" in visitor.text) == (400, True)
