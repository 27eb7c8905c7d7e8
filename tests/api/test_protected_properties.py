"""Property protections: properties that only some roles may touch."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors

# The property open_* is everybody's; locked_* can only be read and secret_* not even that.
ROLES = """
    [^open_]
    create = @
    read = @
    update = @
    delete = @

    [^created_]
    create = member
    read = @
    update = admin
    delete = admin

    [^locked_]
    create = admin
    read = admin,Member
    update = admin
    delete = admin

    [^secret_]
    create = admin
    read = admin
    update = admin
    delete = admin

    [^nobodys_]
    create = !
    read = @
    update = !
    delete =
"""

POLICIES = """
    [^open_]
    create = @
    read = @
    update = @
    delete = @

    [^locked_]
    create = context_is_admin
    read = @
    update = context_is_admin
    delete = context_is_admin

    [^secret_]
    create = context_is_admin
    read = context_is_admin
    update = context_is_admin
    delete = context_is_admin
"""


@pytest.fixture
def protecting(make_service: Any, tmp_path_factory: Any) -> Callable[..., Service]:
    """A service with this protection file."""

    def make(rules: str, kind: str = "roles") -> Service:
        path = tmp_path_factory.mktemp("rules") / "protections.conf"
        path.write_text(textwrap.dedent(rules))
        return make_service(
            property_protection_file=str(path), property_protection_rule_format=kind
        )

    return make


@pytest.fixture(params=[(ROLES, "roles"), (POLICIES, "policies")], ids=["roles", "policies"])
def service(protecting: Any, request: Any) -> Service:
    return protecting(*request.param)


def op(name: str, key: str, *value: str) -> dict[str, Any]:
    return {"op": name, "path": f"/{key}", **({"value": value[0]} if value else {})}


@pytest.fixture
def image(alice: Person, admin: Person) -> dict[str, Any]:
    """An image of alice's, to which the administrator gave properties."""
    created = alice.create(open_x="1")
    response = admin.patch(
        created["id"], op("add", "locked_x", "1"), op("add", "secret_x", "1")
    )
    assert response.status_code == 200
    return response.json


@pytest.mark.parametrize(
    "name, code", [("open_y", 201), ("locked_y", 403), ("secret_y", 403), ("unknown", 403)]
)
def test_creating_needs_the_right_to_create(alice: Person, name: str, code: int) -> None:
    response = alice.post("/v2/images", json={name: "1"})

    assert response.status_code == code
    assert code == 201 or name in response.json["error"]["message"]


def test_what_may_not_be_read_is_left_out_everywhere(
    alice: Person, admin: Person, image: Any
) -> None:
    assert admin.show(image["id"])["secret_x"] == "1"
    for document in (
        alice.show(image["id"]),
        alice.get("/v2/images").json["images"][0],
        alice.set(image["id"], name="x").json,
        alice.patch(image["id"]).json,
    ):
        assert "secret_x" not in document
        assert (document["open_x"], document["locked_x"]) == ("1", "1")


@pytest.mark.parametrize(
    "operation, code",
    [
        (op("add", "open_y", "2"), 200),
        (op("add", "open_x", "2"), 200),
        (op("replace", "open_x", "2"), 200),
        (op("remove", "open_x"), 200),
        (op("add", "locked_y", "2"), 403),
        (op("add", "locked_x", "2"), 403),
        (op("replace", "locked_x", "2"), 403),
        (op("remove", "locked_x"), 403),
        (op("replace", "locked_y", "2"), 409),
        (op("remove", "locked_y"), 409),
        (op("add", "secret_x", "2"), 403),
        (op("add", "secret_y", "2"), 403),
        (op("replace", "secret_x", "2"), 409),
        (op("remove", "secret_x"), 409),
        (op("add", "unknown", "2"), 403),
    ],
)
def test_changing_needs_the_right_to(
    alice: Person, admin: Person, image: Any, operation: Any, code: int
) -> None:
    response = alice.patch(image["id"], operation)

    assert response.status_code == code
    if code != 200:
        assert admin.show(image["id"]) == image


def test_administrators_do_what_the_file_lets_them(admin: Person, image: Any) -> None:
    for name in ("locked_x", "secret_x"):
        assert admin.patch(image["id"], op("replace", name, "2")).json[name] == "2"
        assert name not in admin.patch(image["id"], op("remove", name)).json
    # No section matches, so it is nobody's.
    assert admin.patch(image["id"], op("add", "unknown", "1")).status_code == 403


def test_a_change_by_who_cannot_read_a_property_leaves_it(
    alice: Person, admin: Person, image: Any
) -> None:
    alice.set(image["id"], name="x")
    alice.patch(image["id"], op("add", "open_y", "1"), op("remove", "open_x"))
    alice.put(f"/v2/images/{image['id']}/tags/t")
    alice.upload(image["id"])

    shown = admin.show(image["id"])
    assert shown["status"] == "active"
    assert (shown["secret_x"], shown["locked_x"], shown["open_y"]) == ("1", "1", "1")


def test_deleting_an_image_is_not_about_its_properties(alice: Person, image: Any) -> None:
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204


def test_base_properties_are_not_concerned(alice: Person) -> None:
    image = alice.create(name="n", tags=["t"], min_disk=1)

    assert alice.set(image["id"], name="m", min_ram=1, tags=[]).status_code == 200


def test_roles_are_compared_without_case_and_the_first_section_decides(
    protecting: Any,
) -> None:
    service = protecting(ROLES.replace("[^secret_]", "[^open_secret]"))
    alice, reader = service.person("p1", "member"), service.person("p1", "reader")
    admin = service.person("admin", "admin")
    image = alice.create(open_secret="1", created_x="1")
    admin.patch(image["id"], op("add", "locked_x", "1"))

    assert alice.show(image["id"])["locked_x"] == "1"
    assert "locked_x" not in reader.show(image["id"])
    assert alice.patch(image["id"], op("replace", "created_x", "2")).status_code == 403
    assert admin.patch(image["id"], op("replace", "created_x", "2")).status_code == 200


def test_a_section_is_searched_for_anywhere_in_the_name(protecting: Any) -> None:
    service = protecting(
        "[price]\ncreate = admin\nread = @\nupdate = !\ndelete = !\n"
        "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"
    )
    alice = service.person("p1", "member")

    assert alice.post("/v2/images", json={"the_price_tag": "1"}).status_code == 403
    assert alice.post("/v2/images", json={"the_tag": "1"}).status_code == 201


@pytest.mark.parametrize("person", ["member", "admin"])
def test_what_is_nobodys_is_not_even_the_administrators(protecting: Any, person: str) -> None:
    somebody = protecting(ROLES).person("p1", person)

    assert somebody.post("/v2/images", json={"nobodys_x": "1"}).status_code == 403


@pytest.mark.parametrize(
    "rules, kind",
    [
        ("[a]\ncreate = @\nread = @\nupdate = @\n", "roles"),
        ("[a]\ncreate = @, !\nread = @\nupdate = @\ndelete = @\n", "roles"),
        ("[a(]\ncreate = @\nread = @\nupdate = @\ndelete = @\n", "roles"),
        ("[a]\ncreate = x, y\nread = @\nupdate = @\ndelete = @\n", "policies"),
        ("no section", "roles"),
    ],
)
def test_a_file_that_cannot_be_meant_keeps_the_service_from_starting(
    protecting: Any, rules: str, kind: str
) -> None:
    with pytest.raises(errors.ConfigurationError):
        protecting(rules, kind)


def test_a_file_that_is_not_there_keeps_the_service_from_starting(make_service: Any) -> None:
    with pytest.raises(errors.ConfigurationError):
        make_service(property_protection_file="/nonexistent/protections.conf")
