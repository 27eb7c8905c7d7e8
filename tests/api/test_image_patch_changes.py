"""PATCH of an image: what the operations do to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from people import V20, V21, Person, some_id
from scenes import LONG_AGO, give_properties, make_old, put_in_status

BASE = (
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
)
# Words that mean something inside of programs like this one.
INNER = (
    "image_id",
    "member",
    "members",
    "properties",
    "extra_properties",
    "base",
    "context",
    "delete",
    "save",
    "metadata",
    "is_public",
    "__class__",
    "_meta",
)


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.create(name="before", here="1")


def op(name: str, path: str, *value: Any) -> dict[str, Any]:
    """An operation of the v2.1 type."""
    return {"op": name, "path": path, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize("content_type", [V20, V21])
def test_no_operations_need_no_right_but_to_see_the_image(
    service: Any, admin: Person, carol: Person, nobody: Person, content_type: str
) -> None:
    public = admin.create(visibility="public")
    hidden = admin.create(visibility="private")
    make_old(service, public["id"])

    response = carol.patch(public["id"], content_type=content_type)
    assert response.status_code == 200
    assert response.json["updated_at"] == LONG_AGO
    assert response.json == carol.show(public["id"])
    assert carol.patch(hidden["id"], content_type=content_type).status_code == 404
    assert carol.patch(some_id(), content_type=content_type).status_code == 404
    assert nobody.patch(public["id"], content_type=content_type).status_code == 401


@pytest.mark.parametrize(
    "content_type, name, key, status",
    [
        (V21, "add", "name", 200),
        (V21, "add", "here", 200),
        (V21, "add", "new", 200),
        (V20, "add", "name", 409),
        (V20, "add", "here", 409),
        (V20, "add", "new", 200),
        (V21, "replace", "name", 200),
        (V21, "replace", "here", 200),
        (V21, "replace", "new", 409),
        (V20, "replace", "name", 200),
        (V20, "replace", "here", 200),
        (V20, "replace", "new", 409),
        (V21, "remove", "name", 403),
        (V21, "remove", "here", 200),
        (V21, "remove", "new", 409),
        (V20, "remove", "name", 403),
        (V20, "remove", "here", 200),
        (V20, "remove", "new", 409),
    ],
)
def test_what_an_operation_does_depends_on_what_is_there(
    alice: Person, image: dict[str, Any], content_type: str, name: str, key: str, status: int
) -> None:
    operation = (
        op(name, f"/{key}", "x") if content_type == V21 else {name: f"/{key}", "value": "x"}
    )

    response = alice.patch(image["id"], operation, content_type=content_type)

    assert response.status_code == status
    if status != 200:
        assert alice.show(image["id"]) == image
    elif name == "remove":
        assert key not in response.json
    else:
        assert response.json[key] == "x"


@pytest.mark.parametrize("key", BASE)
def test_base_properties_cannot_be_removed(
    alice: Person, admin: Person, image: dict[str, Any], key: str
) -> None:
    assert alice.patch(image["id"], op("remove", f"/{key}")).status_code == 403
    assert admin.patch(image["id"], op("remove", f"/{key}")).status_code == 403
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize("key", INNER)
def test_names_from_inside_the_program_are_plain_properties(alice: Person, key: str) -> None:
    image = alice.create()

    assert alice.patch(image["id"], op("add", f"/{key}", "1")).json[key] == "1"
    assert alice.patch(image["id"], op("replace", f"/{key}", "2")).json[key] == "2"
    assert alice.show(image["id"]) == {**image, key: "2"} | _times(alice, image)
    assert key not in alice.patch(image["id"], op("remove", f"/{key}")).json


def _times(person: Person, image: dict[str, Any]) -> dict[str, Any]:
    return {"updated_at": person.show(image["id"])["updated_at"]}


@pytest.mark.parametrize(
    "values",
    [
        {"name": None},
        {"name": ""},
        {"name": "a" * 255},
        {"min_disk": 0, "min_ram": 0},
        {"min_disk": 2147483647, "min_ram": 2147483647},
        {"protected": True},
        {"os_hidden": True},
        {"tags": []},
        {"tags": ["b", "a"]},
        {"tags": [""]},
        {"disk_format": None, "container_format": None},
        {"disk_format": "qcow2", "container_format": "ovf"},
        {"visibility": "private"},
        {"visibility": "community"},
    ],
)
def test_base_properties_are_set_to_what_is_given(
    service: Any, alice: Person, values: dict[str, Any]
) -> None:
    image = alice.create(name="before", tags=["t"])
    make_old(service, image["id"])

    response = alice.set(image["id"], **values)

    assert response.status_code == 200
    assert response.content_type == "application/json"
    shown = alice.show(image["id"])
    assert response.json == shown
    for key, value in values.items():
        assert (sorted(shown[key]) if key == "tags" else shown[key]) == (
            sorted(value) if key == "tags" else value
        )
    assert shown["created_at"] == LONG_AGO
    assert shown["updated_at"] > LONG_AGO


def test_equal_tags_are_one(alice: Person, image: dict[str, Any]) -> None:
    assert sorted(alice.set(image["id"], tags=["b", "a", "b"]).json["tags"]) == ["a", "b"]


def test_a_number_with_zero_fraction_is_whole(alice: Person, image: dict[str, Any]) -> None:
    body = b'[{"op": "replace", "path": "/min_disk", "value": 5.0}]'

    response = alice.request("PATCH", f"/v2/images/{image['id']}", data=body, content_type=V21)

    assert b'"min_disk":5,' in response.data.replace(b" ", b"").replace(b"}", b",")


def test_operations_see_the_ones_before_them(alice: Person, image: dict[str, Any]) -> None:
    response = alice.patch(
        image["id"],
        op("add", "/a", "1"),
        op("replace", "/a", "2"),
        op("add", "/b", "3"),
        op("remove", "/b"),
        op("remove", "/here"),
        op("add", "/here", "4"),
        op("replace", "/name", "x"),
        op("replace", "/name", "y"),
    )

    assert response.status_code == 200
    assert (response.json["a"], response.json["here"], response.json["name"]) == ("2", "4", "y")
    assert "b" not in response.json
    assert alice.show(image["id"]) == response.json


@pytest.mark.parametrize(
    "failing, status",
    [
        (op("replace", "/nosuch", "x"), 409),
        (op("remove", "/nosuch"), 409),
        (op("remove", "/first"), 409),
        (op("remove", "/name"), 403),
        (op("replace", "/visibility", "public"), 403),
        (op("replace", "/owner", "other"), 403),
        (op("replace", "/size", 1), 403),
        (op("replace", "/name", 5), 400),
        (op("replace", "/tags", [str(n) for n in range(129)]), 413),
        (op("test", "/name", "before"), 400),
    ],
)
def test_a_failing_operation_undoes_those_before_it(
    service: Any, alice: Person, image: dict[str, Any], failing: Any, status: int
) -> None:
    make_old(service, image["id"])
    before = alice.show(image["id"])

    response = alice.patch(
        image["id"],
        op("replace", "/name", "after"),
        op("add", "/first", "x"),
        op("replace", "/tags", ["x"]),
        op("remove", "/first"),
        failing,
        op("add", "/last", "x"),
    )

    assert response.status_code == status
    assert alice.show(image["id"]) == before


@pytest.mark.parametrize("name", ["add", "replace"])
def test_only_administrators_give_an_image_to_somebody_else(
    alice: Person, bob: Person, admin: Person, image: dict[str, Any], name: str
) -> None:
    for owner in (alice.project_id, bob.project_id, None, ""):
        response = alice.patch(image["id"], op(name, "/owner", owner))
        assert response.status_code == 403
    assert admin.show(image["id"]) == image

    response = admin.patch(image["id"], op(name, "/owner", bob.project_id))
    assert response.json["owner"] == bob.project_id
    assert admin.patch(image["id"], op(name, "/owner", "")).json["owner"] is None
    assert admin.show(image["id"])["owner"] is None


def test_an_administrators_change_leaves_the_owner(
    alice: Person, admin: Person, image: dict[str, Any]
) -> None:
    assert admin.set(image["id"], name="x").json["owner"] == alice.project_id


def test_only_administrators_make_an_image_public(
    alice: Person, admin: Person, carol: Person, image: dict[str, Any]
) -> None:
    assert alice.set(image["id"], visibility="public").status_code == 403
    assert admin.set(image["id"], visibility="public").status_code == 200
    assert alice.set(image["id"], visibility="public").status_code == 403
    assert carol.set(image["id"], visibility="public").status_code == 403
    assert alice.show(image["id"])["visibility"] == "public"


@pytest.mark.parametrize("visibility", ["private", "shared", "community"])
def test_the_owner_may_take_an_image_back_from_the_public(
    alice: Person, alice_reader: Person, carol: Person, admin: Person, visibility: str
) -> None:
    image = admin.create(visibility="public", owner=alice.project_id)

    assert carol.set(image["id"], visibility=visibility).status_code == 403
    assert alice_reader.set(image["id"], visibility=visibility).status_code == 403
    assert alice.set(image["id"], visibility=visibility).status_code == 200


@pytest.mark.parametrize(
    "status, changed, formats",
    [
        ("queued", 200, 200),
        ("saving", 200, 403),
        ("uploading", 200, 403),
        ("importing", 200, 200),
        ("active", 200, 403),
        ("deactivated", 200, 403),
        ("killed", 200, 403),
        ("pending_delete", 404, 404),
        ("deleted", 404, 404),
    ],
)
def test_what_can_be_changed_in_which_status(
    service: Any, alice: Person, admin: Person, status: str, changed: int, formats: int
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    for person in (alice, admin):
        for values in (
            {"name": "x"},
            {"tags": ["x"]},
            {"visibility": "private"},
            {"protected": False},
            {"os_hidden": True},
        ):
            assert person.set(image["id"], **values).status_code == changed
        assert person.patch(image["id"], op("add", "/a", "b")).status_code == changed
        # The value it has already is no exception.
        assert person.set(image["id"], disk_format="raw").status_code == formats
        assert person.set(image["id"], container_format="bare").status_code == formats


@pytest.mark.parametrize(
    "operations, status",
    [
        ((op("add", "/new", "x"),), 413),
        ((op("remove", "/p0"), op("add", "/new", "x")), 200),
        ((op("add", "/new", "x"), op("remove", "/p0")), 200),
        ((op("add", "/new", "x"), op("remove", "/new")), 200),
        ((op("replace", "/p0", "x"),), 200),
        ((op("add", "/p0", "x"),), 200),
        ((op("remove", "/p0"), op("add", "/p0", "x")), 200),
    ],
)
def test_the_limit_of_properties_is_judged_on_the_result(
    alice: Person, operations: Any, status: int
) -> None:
    image = alice.create(**{f"p{number}": "x" for number in range(128)})

    response = alice.patch(image["id"], *operations)

    assert response.status_code == status
    if status != 200:
        assert alice.show(image["id"]) == image


def test_an_image_over_the_limit_of_properties_can_be_edited(make_service: Any) -> None:
    service = make_service(image_property_quota=3)
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]
    give_properties(service, image_id, **{f"p{number}": "x" for number in range(5)})

    assert alice.patch(image_id, op("replace", "/p0", "y")).status_code == 200
    assert alice.patch(image_id, op("remove", "/p4")).status_code == 200
    response = alice.patch(image_id, op("remove", "/p3"), op("add", "/new", "x"))
    assert response.status_code == 413
    assert "p3" in alice.show(image_id)


def test_too_many_tags_change_nothing(make_service: Any) -> None:
    alice = make_service(image_tag_quota=3).person("p1", "member")
    image = alice.create(tags=["a"])

    assert alice.set(image["id"], tags=["1", "2", "3", "4"]).status_code == 413
    assert alice.set(image["id"], tags=["1", "1", "1", "1"]).status_code == 413
    assert alice.show(image["id"]) == image
    assert alice.set(image["id"], tags=["1", "2", "3"]).status_code == 200


def test_128_tags_are_taken_and_129_are_not(alice: Person, image: dict[str, Any]) -> None:
    tags = [f"t{number}" for number in range(129)]

    assert alice.set(image["id"], tags=tags).status_code == 413
    assert len(alice.set(image["id"], tags=tags[:128]).json["tags"]) == 128


def test_a_patch_of_utf_8_is_stored_as_it_is(alice: Person, image: dict[str, Any]) -> None:
    body = json.dumps([op("add", "/größe", "日本語")], ensure_ascii=False).encode()

    response = alice.request("PATCH", f"/v2/images/{image['id']}", data=body, content_type=V21)

    assert response.json["größe"] == "日本語"
    assert "日本語".encode() in response.data


@pytest.mark.parametrize("visibility", ["private", "shared", "community", "public"])
def test_who_may_change_an_image(
    alice: Person,
    alice_reader: Person,
    bob: Person,
    bob_reader: Person,
    carol: Person,
    admin: Person,
    visibility: str,
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)
    assert admin.set(image["id"], visibility=visibility).status_code == 200

    to_member = 404 if visibility == "private" else 403
    to_stranger = 404 if visibility in ("private", "shared") else 403
    assert alice.set(image["id"], name="x").status_code == 200
    assert alice_reader.set(image["id"], name="x").status_code == 403
    assert admin.set(image["id"], name="x").status_code == 200
    assert bob.set(image["id"], name="x").status_code == to_member
    assert bob_reader.set(image["id"], name="x").status_code == to_member
    assert carol.set(image["id"], name="x").status_code == to_stranger
