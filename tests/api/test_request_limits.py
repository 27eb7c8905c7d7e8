"""What one request may ask: at each limit, one above, and far above."""

from __future__ import annotations

import json
from typing import Any

import pytest
from people import Person, Service

TOKENS = "/identity/v3/auth/tokens"
NAMES = ("name", "status", "container_format", "disk_format", "size", "updated_at")


@pytest.fixture
def service(make_service: Any) -> Service:
    """A service with limits of its own."""
    return make_service(
        max_json_depth=6,
        max_patch_operations=7,
        max_sort_keys=2,
        max_property_filters=3,
        max_filter_values=4,
        identity={"login_failures": 2, "login_failures_of_address": 4},
    )


def listed(person: Person, query: str) -> int:
    return int(person.get(f"/v2/images?{query}").status_code)


@pytest.mark.parametrize("depth, told", [(6, False), (7, True), (500, True)])
def test_json_is_only_so_deep(alice: Person, depth: int, told: bool) -> None:
    name = "[" * (depth - 1) + "]" * (depth - 1)

    answer = alice.post(
        "/v2/images", data=f'{{"name": {name}}}', content_type="application/json"
    )

    # At the limit it is read, and then refused because a name is no list.
    assert answer.status_code == 400
    assert ("nested deeper than 6" in answer.text) == told


@pytest.mark.parametrize("count, code", [(7, 200), (8, 413), (5000, 413)])
def test_a_patch_has_only_so_many_operations(alice: Person, count: int, code: int) -> None:
    image_id = alice.create()["id"]
    operation = {"op": "replace", "path": "/name", "value": "x"}

    assert alice.patch(image_id, *[operation] * count).status_code == code


@pytest.mark.parametrize("count, code", [(2, 200), (3, 400), (6, 400)])
def test_a_list_has_only_so_many_sort_keys(alice: Person, count: int, code: int) -> None:
    assert listed(alice, f"sort={','.join(NAMES[:count])}") == code
    assert listed(alice, "&".join(f"sort_key={name}" for name in NAMES[:count])) == code


@pytest.mark.parametrize("count, code", [(3, 200), (4, 400), (200, 400)])
def test_a_list_has_only_so_many_filters(alice: Person, count: int, code: int) -> None:
    assert listed(alice, "&".join(f"p{number}=x" for number in range(count))) == code
    assert listed(alice, "&".join(f"tag=t{number}" for number in range(count))) == code


@pytest.mark.parametrize("count, code", [(4, 200), (5, 400), (500, 400)])
def test_a_filter_has_only_so_many_values(alice: Person, count: int, code: int) -> None:
    assert listed(alice, f"name=in:{','.join(map(str, range(count)))}") == code


@pytest.mark.parametrize(
    "names, codes",
    [
        (["ann"] * 4, [401, 401, 429, 429]),
        (["ann", "bob", "cid", "dan", "eve", "ann"], [401, 401, 401, 401, 429, 429]),
    ],
)
def test_passwords_are_guessed_only_so_often(
    nobody: Person, names: list[str], codes: list[int]
) -> None:
    def guess(name: str) -> int:
        user = {"name": name, "domain": {"id": "default"}, "password": "wrong"}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = json.dumps({"auth": {"identity": identity}})
        return int(nobody.post(TOKENS, data=body, content_type="application/json").status_code)

    assert [guess(name) for name in names] == codes
