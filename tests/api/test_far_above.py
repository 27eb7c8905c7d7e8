"""Far more than an image may have, on each route that takes it."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person

MUCH: list[tuple[dict[str, Any], int]] = [
    ({"name": "x" * 100_000}, 400),
    ({"k" * 100_000: "v"}, 400),
    ({"long": "v" * 900_000}, 400),
    ({"long": "ä" * 150_000}, 400),
    ({f"p{number}": "v" for number in range(5000)}, 413),
    ({"tags": [str(number) for number in range(5000)]}, 413),
    ({"tags": ["x" * 100_000]}, 400),
    ({"min_disk": 1 << 80}, 400),
    ({"min_ram": 1 << 80}, 400),
]


@pytest.mark.parametrize("given, code", MUCH, ids=lambda value: str(value)[:20])
def test_far_too_much_is_refused(alice: Person, given: dict[str, Any], code: int) -> None:
    assert alice.post("/v2/images", json=given).status_code == code
    image = alice.create()
    changes = [
        {"op": "add", "path": f"/{name}", "value": value} for name, value in given.items()
    ]
    # More operations than one PATCH takes are too much in their own right.
    for some in (changes[:200], changes):
        assert alice.patch(image["id"], *some).status_code == code

    assert alice.show(image["id"]) == image
    assert len(alice.ids()) == 1


@pytest.mark.parametrize("length, code", [(255, 200), (256, 400), (100_000, 400)])
def test_the_id_of_a_member_is_only_so_long(alice: Person, length: int, code: int) -> None:
    path = f"/v2/images/{alice.create()['id']}/members"

    assert alice.post(path, json={"member": "m" * length}).status_code == code


@pytest.mark.parametrize("length, code", [(255, 204), (256, 400), (7000, 400)])
def test_a_tag_is_only_so_long(alice: Person, length: int, code: int) -> None:
    path = f"/v2/images/{alice.create()['id']}/tags"

    assert alice.put(f"{path}/{'t' * length}").status_code == code


def test_members_far_beyond_the_limit_are_refused(alice: Person) -> None:
    path = f"/v2/images/{alice.create()['id']}/members"
    codes = [
        alice.post(path, json={"member": f"p{number}"}).status_code for number in range(200)
    ]

    assert codes == [200] * 128 + [413] * 72
