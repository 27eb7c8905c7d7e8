"""PATCH of an image: what can be judged without looking at the image."""

from __future__ import annotations

import json
from typing import Any

import pytest
from people import V20, V21, Person, some_id

READ_ONLY = (
    "id",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "created_at",
    "updated_at",
    "direct_url",
    "self",
    "file",
    "schema",
    "os_hash_algo",
    "os_hash_value",
    "stores",
)
RESERVED = ("location", "deleted", "deleted_at", "os_glance", "os_glanceX", "os_glance_foo")


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.create(name="before", here="1")


def send(person: Person, image_id: str, data: Any, content_type: str | None = V21) -> Any:
    """PATCH with exactly this body."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return person.request(
        "PATCH", f"/v2/images/{image_id}", data=body, content_type=content_type
    )


def op(name: str, path: Any, *value: Any) -> dict[str, Any]:
    """An operation of the v2.1 type."""
    return {"op": name, "path": path, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/json-patch+json",
        "application/octet-stream",
        "application/openstack-images-v2.2-json-patch",
        "text/plain",
    ],
)
def test_other_media_types_are_refused_and_the_right_ones_named(
    alice: Person, image: dict[str, Any], content_type: str | None
) -> None:
    for image_id in (image["id"], some_id()):
        response = send(alice, image_id, [op("replace", "/name", "after")], content_type)

        assert response.status_code == 415
        assert response.headers["Accept-Patch"] == f"{V20}, {V21}"
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "content_type", [V21, f"{V21}; charset=utf-8", V21.upper(), f"{V21} ;charset=UTF-8"]
)
def test_the_media_type_may_have_parameters_and_any_case(
    alice: Person, image: dict[str, Any], content_type: str
) -> None:
    response = send(alice, image["id"], [op("replace", "/name", "after")], content_type)

    assert response.status_code == 200
    assert response.json["name"] == "after"


def test_the_older_media_type_ignores_case_too(alice: Person, image: dict[str, Any]) -> None:
    body = [{"replace": "/name", "value": "after"}]

    assert send(alice, image["id"], body, V20.upper()).json["name"] == "after"


@pytest.mark.parametrize("content_type", [V20, V21])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[",
        b"null",
        b"true",
        b"5",
        b'"x"',
        b"{}",
        b'{"op": "replace", "path": "/name", "value": "x"}',
        b'["x"]',
        b"[null]",
        b"[5]",
        b"[[]]",
        b"[{}]",
        b"[] trailing",
        b"\xef\xbb\xbf[]",
        b'[{"op": "add", "path": "/a", "value": "\xff"}]',
    ],
)
def test_a_body_that_is_no_list_of_operations_is_refused(
    alice: Person, image: dict[str, Any], body: bytes, content_type: str
) -> None:
    assert send(alice, image["id"], body, content_type).status_code == 400
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "operation",
    [
        {"path": "/a", "value": "b"},
        {"op": None, "path": "/a", "value": "b"},
        {"op": "", "path": "/a", "value": "b"},
        {"op": "ADD", "path": "/a", "value": "b"},
        {"op": "test", "path": "/here", "value": "1"},
        {"op": "move", "from": "/here", "path": "/a"},
        {"op": "copy", "from": "/here", "path": "/a"},
        {"op": 5, "path": "/a", "value": "b"},
        {"op": ["add"], "path": "/a", "value": "b"},
        {"op": "add", "value": "b"},
        {"op": "remove"},
        {"op": "add", "path": "/a"},
        {"op": "replace", "path": "/here"},
        {"add": "/a", "value": "b"},
    ],
)
def test_an_operation_of_another_form_is_refused(
    alice: Person, image: dict[str, Any], operation: Any
) -> None:
    assert send(alice, image["id"], [operation]).status_code == 400
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "operation",
    [
        {"value": "b"},
        {"add": "/a", "replace": "/here", "value": "b"},
        {"add": "/a", "remove": "/here", "value": "b"},
        {"add": "/a"},
        {"replace": "/here"},
        {"op": "add", "path": "/a", "value": "b"},
        {"add": 5, "value": "b"},
    ],
)
def test_an_operation_of_the_older_type_names_one_member(
    alice: Person, image: dict[str, Any], operation: Any
) -> None:
    assert send(alice, image["id"], [operation], V20).status_code == 400
    assert alice.show(image["id"]) == image


def test_further_members_of_an_operation_are_ignored(
    alice: Person, image: dict[str, Any]
) -> None:
    response = alice.patch(image["id"], {**op("add", "/a", "b"), "from": "/x", "note": 5})

    assert response.json["a"] == "b"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "name",
        "here/",
        "//",
        "//a",
        "/a/",
        "/a//b",
        "/a~",
        "/a~2",
        "/~",
        "/~a~1",
        "/a/b",
        "/here/0",
        "/name/x",
        "/tags/-",
        "/tags/0",
        "/locations/1/url",
        "/locations/-/metadata",
        5,
        None,
        True,
        ["/a"],
        {"a": 1},
    ],
)
@pytest.mark.parametrize("name", ["add", "replace", "remove"])
def test_a_path_that_is_no_pointer_to_one_property_is_refused(
    alice: Person, image: dict[str, Any], name: str, path: Any
) -> None:
    assert alice.patch(image["id"], op(name, path, "b")).status_code == 400
    assert send(alice, image["id"], [{name: path, "value": "b"}], V20).status_code == 400
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "path, key",
    [
        ("/a~1b", "a/b"),
        ("/a~0b", "a~b"),
        ("/~01", "~1"),
        ("/~1~0", "/~"),
        ("/ a ", "a"),
        ("/a b", "a b"),
        ("/ä:ö", "ä:ö"),
        ("/owner_specified.openstack.md5", "owner_specified.openstack.md5"),
    ],
)
def test_a_path_is_decoded(alice: Person, image: dict[str, Any], path: str, key: str) -> None:
    assert alice.patch(image["id"], op("add", path, "b")).json[key] == "b"
    assert alice.patch(image["id"], op("replace", path, "c")).json[key] == "c"
    assert key not in alice.patch(image["id"], op("remove", path)).json


def test_the_path_that_is_only_a_slash_is_understood_or_refused(
    alice: Person, image: dict[str, Any]
) -> None:
    response = alice.patch(image["id"], op("add", "/", "b"))

    assert response.status_code in (200, 400)
    assert response.status_code == 400 or response.json[""] == "b"


@pytest.mark.parametrize("key", READ_ONLY + RESERVED)
@pytest.mark.parametrize("name", ["add", "replace", "remove"])
def test_names_of_the_service_cannot_be_changed(
    alice: Person, image: dict[str, Any], name: str, key: str
) -> None:
    for content_type, operation in (
        (V21, op(name, f"/{key}", "x")),
        (V20, {name: f"/{key}", "value": "x"}),
    ):
        for image_id in (image["id"], some_id()):
            response = send(alice, image_id, [operation], content_type)

            assert response.status_code == 403
            assert key in response.json["error"]["message"]
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "operation, status",
    [
        (op("add", "/id/x", "y"), 400),
        (op("add", "/id"), 400),
        (op("add", "/id", 5), 403),
        (op("replace", "/size", "large"), 403),
        (op("add", "/os_glance_x"), 400),
        (op("add", "/os_glance_x", 5), 403),
        (op("replace", "/min_ram", "5"), 400),
        (op("replace", "/visibility", "PUBLIC"), 400),
        (op("add", "/custom", None), 400),
    ],
)
def test_checks_come_in_order_and_before_the_image_is_looked_up(
    alice: Person, operation: Any, status: int
) -> None:
    assert alice.patch(some_id(), operation).status_code == status


@pytest.mark.parametrize(
    "operations, status",
    [
        ((op("replace", "/name", 5), op("replace", "/id", "x")), 400),
        ((op("replace", "/id", "x"), op("replace", "/name", 5)), 403),
        ((op("remove", "/nosuch"), op("replace", "/name", 5)), 400),
        ((op("remove", "/nosuch"), op("replace", "/id", "x")), 403),
    ],
)
def test_every_operation_is_checked_before_the_first_is_done(
    alice: Person, image: dict[str, Any], operations: Any, status: int
) -> None:
    assert alice.patch(image["id"], *operations).status_code == status
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "key, values",
    [
        ("name", (5, True, [], {}, "a" * 256, "\U0001f600")),
        ("visibility", (None, "", "PUBLIC", "private ", 5)),
        ("protected", (None, "true", 1, 0, "")),
        ("os_hidden", (None, "false", 1, 0, "")),
        ("owner", (5, [], "a" * 256)),
        ("disk_format", ("", "RAW", "gpt", 5)),
        ("container_format", ("", "Bare", "zip", 5)),
        ("min_disk", (None, -1, 1 << 31, "5", 5.5, True)),
        ("min_ram", (None, -1, 1 << 31, "5", 5.5, True)),
        ("tags", (None, "a", {}, [1], [None], ["a" * 256], ["\U0001f600"])),
        ("custom", (None, 5, 5.5, True, [], {}, "\U0001f600")),
        ("a" * 256, ("value",)),
        ("smile\U0001f600", ("value",)),
    ],
)
@pytest.mark.parametrize("name", ["add", "replace"])
def test_a_value_that_breaks_the_schema_is_refused(
    alice: Person, image: dict[str, Any], name: str, key: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        assert alice.patch(image["id"], op(name, f"/{key}", value)).status_code == 400, value
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize("name", ["add", "remove"])
def test_the_list_of_locations_is_only_replaced(
    alice: Person, image: dict[str, Any], name: str
) -> None:
    assert alice.patch(image["id"], op(name, "/locations", [])).status_code == 400


@pytest.mark.parametrize(
    "operation",
    [
        op("add", "/locations/-", {"url": "http://example.org/x", "metadata": {}}),
        op("add", "/locations/0", {"url": "http://example.org/x", "metadata": {}}),
        op("replace", "/locations", [{"url": "http://example.org/x", "metadata": {}}]),
        op("replace", "/locations", []),
        op("remove", "/locations/0"),
    ],
)
def test_locations_that_are_not_shown_cannot_be_changed(
    alice: Person, admin: Person, operation: Any
) -> None:
    image = alice.active()

    assert alice.patch(image["id"], operation).status_code == 403
    assert admin.patch(image["id"], operation).status_code == 403
    assert alice.show(image["id"]) == image
