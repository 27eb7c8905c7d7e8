"""Creating images."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from people import Person, Service

ID = "c0ffee00-0000-4000-8000-00000000abCD"


def post(person: Person, document: Any) -> Any:
    return person.post("/v2/images", json=document)


def test_an_image_of_nothing_has_every_base_property(alice: Person) -> None:
    response = post(alice, {})
    image = response.json

    assert response.status_code == 201
    uuid.UUID(image.pop("id"))
    assert image.pop("created_at") == image.pop("updated_at")
    path = image.pop("self")
    assert image.pop("file") == f"{path}/file"
    assert image == {
        "name": None,
        "status": "queued",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "owner": alice.project_id,
        "disk_format": None,
        "container_format": None,
        "min_disk": 0,
        "min_ram": 0,
        "tags": [],
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "schema": "/v2/schemas/image",
    }


def test_the_answer_says_where_the_image_is_and_what_can_follow(make_service: Any) -> None:
    alice = make_service(enabled_backends={"fast": "file", "cheap": "file"}).person(
        "p", "member"
    )
    response = post(alice, {})

    assert response.headers["Location"] == f"http://localhost{response.json['self']}"
    methods = "glance-direct,web-download,copy-image"
    assert response.headers["OpenStack-image-import-methods"] == methods
    assert response.headers["OpenStack-image-store-ids"] == "fast,cheap"


def test_no_method_and_one_store_are_not_announced(make_service: Any) -> None:
    response = post(make_service(enabled_import_methods=[]).person("p", "member"), {})

    assert "OpenStack-image-import-methods" not in response.headers
    assert "OpenStack-image-store-ids" not in response.headers


def test_the_content_type_does_not_matter(alice: Person) -> None:
    response = alice.post("/v2/images", data='{"name": "x"}', content_type="text/plain")

    assert (response.status_code, response.json["name"]) == (201, "x")


@pytest.mark.parametrize(
    "body", [None, "", "{", '"x"', "5", "true", "null", "[]", "\ufeff{}", '{"a": 1} x', b"\xff"]
)
def test_what_is_no_object_is_refused(alice: Person, body: Any) -> None:
    assert alice.post("/v2/images", data=body).status_code == 400


TAKEN: list[dict[str, Any]] = [
    {"id": ID},
    {"name": "x" * 255},
    {"name": ""},
    {"name": None},
    {"name": "größe"},
    {"visibility": "private"},
    {"visibility": "community"},
    {"min_disk": 2147483647, "min_ram": 2147483647},
    {"min_disk": 5.0},
    {"disk_format": None, "container_format": None},
    {"tags": ["a", "a", ""]},
    {"foo": ""},
    {"is_public": "true", "properties": "x", "image_id": "y", "metadata": "z"},
    {"k" * 255: "v"},
    {"": "empty key", "a/b": "1", "a~b": "2", "a.b": "3"},
    {"long": "v" * 65535},
    {f"p{n}": "v" for n in range(128)},
    {"tags": [str(n) for n in range(128)]},
]


@pytest.mark.parametrize("document", TAKEN, ids=lambda document: ",".join(document)[:30])
def test_what_may_be_said_is_kept(alice: Person, document: dict[str, Any]) -> None:
    response = post(alice, document)

    assert response.status_code == 201, response.text
    kept = alice.show(response.json["id"])
    assert kept == response.json
    for name, value in document.items():
        wanted = sorted(set(value)) if name == "tags" else value
        assert kept[name] == wanted


REFUSED: list[tuple[dict[str, Any], int]] = [
    *(
        ({"id": bad}, 400)
        for bad in ("abc", ID.replace("-", ""), f"{{{ID}}}", None, f"{ID}\n", 5)
    ),
    *(({"name": bad}, 400) for bad in ("x" * 256, 5, "\U0001f600", ["a"])),
    *(({"visibility": bad}, 400) for bad in ("PUBLIC", None, "bogus", 1)),
    ({"visibility": "public"}, 403),
    *(({name: bad}, 400) for name in ("protected", "os_hidden") for bad in ("true", 1, None)),
    *(({"min_disk": bad}, 400) for bad in (-1, 2147483648, "5", 5.5, True, None)),
    *(({"disk_format": bad}, 400) for bad in ("RAW", "", "gpt", "qed", 5)),
    *(({"container_format": bad}, 400) for bad in ("BARE", "", 5)),
    *(({"owner": bad}, 403) for bad in ("somebody", None, "")),
    ({"status": "active"}, 403),
    ({"status": "bogus"}, 400),
    *(({name: None}, 403) for name in ("size", "checksum", "virtual_size", "os_hash_algo")),
    ({"os_hash_value": "x"}, 403),
    ({"created_at": "2020-01-01T00:00:00Z"}, 403),
    *(({name: "x"}, 403) for name in ("self", "file", "schema", "direct_url", "stores")),
    *(({name: "x"}, 403) for name in ("location", "deleted", "deleted_at")),
    ({"locations": []}, 403),
    *(({name: "1"}, 403) for name in ("os_glance", "os_glanceX", "os_glance_x")),
    *(({"foo": bad}, 400) for bad in (1, True, None, [], {})),
    ({"k" * 256: "v"}, 400),
    ({"long": "v" * 65536}, 400),
    *(({"tags": bad}, 400) for bad in (["a" * 256], [1], None, "a", ["a\nb"])),
    ({f"p{n}": "v" for n in range(129)}, 413),
    ({"tags": [str(n) for n in range(129)]}, 413),
    ({"tags": ["a"] * 129}, 413),
]


@pytest.mark.parametrize("document, code", REFUSED, ids=lambda given: str(given)[:40])
def test_what_may_not_be_said_is_refused(
    alice: Person, document: dict[str, Any], code: int
) -> None:
    assert post(alice, document).status_code == code
    assert alice.ids("?visibility=all") == []


def test_a_key_that_is_given_twice_is_refused(alice: Person) -> None:
    body = '{"visibility": "private", "visibility": "community"}'

    assert alice.post("/v2/images", data=body).status_code == 400


def test_an_administrator_creates_for_others_and_for_everybody(
    admin: Person, alice: Person
) -> None:
    assert post(admin, {"owner": alice.project_id}).json["owner"] == alice.project_id
    assert post(admin, {"owner": None}).json["owner"] is None
    assert post(admin, {"owner": ""}).json["owner"] is None
    assert post(admin, {"visibility": "public"}).status_code == 201


def test_who_may_not_create_is_told_so(service: Service, alice_reader: Person) -> None:
    response = post(alice_reader, {})

    assert response.status_code == 403
    assert "role member" in response.json["error"]["message"]
    assert post(service.person("p1", "service"), {}).status_code == 403


def test_an_id_is_taken_for_ever_and_by_everybody(alice: Person, carol: Person) -> None:
    post(carol, {"id": ID, "visibility": "private"})
    foreign = post(alice, {"id": ID})
    carol.delete(f"/v2/images/{ID}")
    gone = post(alice, {"id": ID})

    assert foreign.status_code == gone.status_code == 409
    assert ID in foreign.json["error"]["message"]
    assert foreign.json == gone.json


def test_the_case_of_an_id_is_kept_and_counts(alice: Person) -> None:
    post(alice, {"id": ID})

    assert alice.show(ID)["id"] == ID
    assert alice.get(f"/v2/images/{ID.lower()}").status_code == 404


def test_negative_quotas_are_none(make_service: Any) -> None:
    alice = make_service(image_property_quota=-1, image_tag_quota=-1).person("p", "member")
    document = {f"p{n}": "v" for n in range(200)}

    assert post(alice, {**document, "tags": [str(n) for n in range(200)]}).status_code == 201


def test_text_is_sent_as_it_is(alice: Person) -> None:
    response = post(alice, {"name": "größe"})

    assert "größe".encode() in response.data
    assert response.content_type == "application/json"
    assert json.loads(response.data)["name"] == "größe"
