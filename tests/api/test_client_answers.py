"""What stock clients need back: answers and uploads."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from bodies import arriving
from people import Person
from scenes import DATA, NO_DATA, file_of

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.active()


def shown(image: Any) -> str:
    return f"/v2/images/{image['id']}"


# Answers that must be exact


def test_A1_each_call_has_its_own_code(alice: Person, bob: Person) -> None:
    response = alice.post("/v2/images", json={"disk_format": "raw", "container_format": "bare"})
    assert response.status_code == 201
    image, member = response.json, f"{shown(response.json)}/members/{bob.project_id}"
    body = {"member": bob.project_id}

    for answer, code in (
        (alice.set(image["id"], name="x"), 200),
        (alice.upload(image["id"]), 204),
        (alice.put(f"{shown(image)}/tags/x"), 204),
        (alice.delete(f"{shown(image)}/tags/x"), 204),
        (alice.post(f"{shown(image)}/members", json=body), 200),
        (bob.put(member, json={"status": "accepted"}), 200),
        (alice.get(member), 200),
        (alice.get(f"{shown(image)}/members"), 200),
        (alice.get("/v2/images"), 200),
        (alice.delete(member), 204),
        (alice.delete(shown(image)), 204),
    ):
        assert answer.status_code == code


def failures(alice: Person, nobody: Person, image: dict[str, Any]) -> list[Any]:
    """An answer of every kind of failure."""
    return [
        nobody.get("/v2/images"),
        alice.get("/v2/images/nope"),
        alice.get("/v2/foo"),
        alice.put("/v2/images"),
        alice.request("TRACE", "/v2/foo"),
        alice.post("/v2/images", data=b"{"),
        alice.post("/v2/images", json={"visibility": "public"}),
        alice.post("/v2/images", json={"tags": ["x"] * 129}),
        alice.upload(image["id"]),
        alice.put(file_of(image), data=b"x", content_type="text/plain"),
        alice.get(file_of(image), headers={"Range": "bytes=10-"}),
        alice.get("/v2/images", headers={"X-Openstack-Request-Id": "a" * 65}),
    ]


def test_A2_and_A3_errors_are_nested_objects_with_a_content_type(
    alice: Person, nobody: Person, image: dict[str, Any]
) -> None:
    for response in failures(alice, nobody, image):
        assert response.content_type == "application/json"
        assert all(isinstance(value, dict) for value in response.json.values())
        assert response.json["error"]["code"] == response.status_code
        assert response.json["error"]["message"]


def test_A4_every_answer_has_a_request_id(
    alice: Person, nobody: Person, image: dict[str, Any]
) -> None:
    answers = [
        *failures(alice, nobody, image),
        alice.get("/v2/images"),
        alice.get(file_of(image)),
        alice.set(image["id"], name="x"),
        alice.delete(shown(image)),
    ]

    assert all(re.match("req-", each.headers["X-Openstack-Request-Id"]) for each in answers)


def test_A5_a_new_image_tells_which_stores_there_are(alice: Person, make_service: Any) -> None:
    several = make_service(enabled_backends={"fast": "file", "cheap": "file"})

    headers = several.person("p1", "member").post("/v2/images", json={}).headers
    assert headers["OpenStack-image-store-ids"] == "fast,cheap"
    assert "OpenStack-image-store-ids" not in alice.post("/v2/images", json={}).headers


def test_A6_values_have_the_types_that_clients_read(
    alice: Person, image: dict[str, Any]
) -> None:
    for document in (image, alice.create(), alice.get("/v2/images").json["images"][0]):
        assert TIME.fullmatch(document["created_at"])
        assert TIME.fullmatch(document["updated_at"])
        assert isinstance(document["tags"], list)
        assert type(document["min_disk"]) is int
        assert type(document["size"]) is (int if document["status"] == "active" else type(None))


@pytest.mark.parametrize("data", [b"", b"x", DATA, bytes(range(256)) * 4099])
def test_A7_hashes_are_those_of_the_bytes_that_are_served(alice: Person, data: bytes) -> None:
    image = alice.active(data)

    served = alice.get(file_of(image)).data

    assert served == data
    assert image["size"] == len(served)
    assert image["checksum"] == hashlib.md5(served).hexdigest()
    assert image["os_hash_value"] == hashlib.new(image["os_hash_algo"], served).hexdigest()


def test_A8_an_image_without_data_is_an_empty_download(alice: Person) -> None:
    response = alice.get(file_of(alice.create()))

    assert (response.status_code, response.data) == (204, b"")


def test_A9_the_schema_says_what_is_read_only(alice: Person) -> None:
    schema = alice.get("/v2/schemas/image").json
    properties = schema["properties"]

    assert schema["additionalProperties"] == {"type": "string"}
    for name in ("stores", "size", "status", "checksum", "self", "file", "schema"):
        assert properties[name]["readOnly"] is True
    for name in ("name", "tags", "visibility", "min_disk"):
        assert "readOnly" not in properties[name]
    assert properties["disk_format"]["enum"][0] is None
    assert properties["visibility"]["enum"] == ["community", "public", "private", "shared"]
    assert all(each.get("is_base", True) for each in properties.values())


def test_A10_a_member_sees_its_own_row_only(
    alice: Person, bob: Person, admin: Person, image: dict[str, Any]
) -> None:
    alice.share(image["id"], bob.project_id, "other")

    def rows(person: Person) -> int:
        return len(person.get(f"{shown(image)}/members").json["members"])

    assert (rows(alice), rows(admin), rows(bob)) == (2, 2, 1)


# Uploads


def test_U1_what_the_headers_show_is_judged_before_the_body(make_service: Any) -> None:
    service = make_service(image_size_cap=1000, user_storage_quota="100B")
    alice, carol = service.person("p1", "member"), service.person("p3", "member")
    reader, nobody = service.person("p1", "reader"), service.nobody()
    active, queued = alice.active(), alice.create()

    def unread() -> None:
        raise AssertionError("the body was read")

    for person, image, length, headers, code in (
        (nobody, queued, 10, {}, 401),
        (reader, queued, 10, {}, 403),
        (carol, queued, 10, {}, 404),
        (alice, active, 10, {}, 409),
        (alice, queued, 1001, {}, 413),
        (alice, queued, 91, {}, 413),
        (alice, queued, None, {"X-OpenStack-Image-Size": "91"}, 413),
        (alice, queued, None, {"X-OpenStack-Image-Size": "x"}, 400),
        (alice, queued, None, {"Content-Type": "text/plain"}, 415),
    ):
        how = arriving(length=length, **headers)
        how["environ_overrides"]["wsgi.input"].read = lambda size=-1: unread()
        assert person.put(file_of(image), **how).status_code == code
        assert alice.show(queued["id"])["status"] == "queued"


@pytest.mark.parametrize("body, length", [(DATA, 10), (b"56789", 5), (b"", 0), (DATA, None)])
def test_U2_a_size_that_differs_from_what_arrived_fails(
    service: Any, alice: Person, body: bytes, length: int | None
) -> None:
    image = alice.create()

    # After a 401 the SDK sends only the rest of the file.
    how = arriving(body, length=length, **{"X-OpenStack-Image-Size": "15"})
    assert alice.put(file_of(image), **how).status_code == 400

    assert alice.show(image["id"])["status"] == "queued"
    assert service.blobs() == []


def test_U3_no_bytes_with_the_matching_size_are_an_image(alice: Person) -> None:
    image = alice.create()

    assert alice.upload(image["id"], b"", **{"X-OpenStack-Image-Size": "0"}).status_code == 204
    assert alice.show(image["id"])["size"] == 0
    assert alice.show(image["id"])["status"] == "active"


def test_U4_a_connection_lost_leaves_the_image_queued_and_the_quota_free(
    make_service: Any,
) -> None:
    service = make_service(user_storage_quota="10B")
    alice = service.person("p1", "member")
    image = alice.create()

    assert alice.put(file_of(image), **arriving(b"0123", length=10)).status_code == 400

    after = alice.show(image["id"])
    assert after["status"] == "queued"
    assert {name: after[name] for name in NO_DATA} == dict.fromkeys(NO_DATA)
    assert service.blobs() == []
    assert alice.upload(image["id"]).status_code == 204


@pytest.mark.parametrize("how", [arriving(b"0123", length=10), arriving(b"x" * 11)])
def test_U5_an_image_can_be_deleted_after_a_failed_upload(
    make_service: Any, how: dict[str, Any]
) -> None:
    alice = make_service(image_size_cap=10).person("p1", "member")
    image = alice.create()

    assert alice.put(file_of(image), **how).status_code in (400, 413)
    assert alice.delete(shown(image)).status_code == 204
    assert alice.get(shown(image)).status_code == 404
