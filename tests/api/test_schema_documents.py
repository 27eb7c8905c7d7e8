"""The JSON schemas that clients build their models from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from people import Person

NULLABLE = ["null", "string"]
READ_ONLY = {"readOnly": True}
UUID = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
STATUSES = [
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
]
DISK = [None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
CONTAINER = [None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]

IMAGE: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "pattern": UUID},
    "name": {"type": NULLABLE, "maxLength": 255},
    "status": {"type": "string", "enum": STATUSES, **READ_ONLY},
    "visibility": {"type": "string", "enum": ["community", "public", "private", "shared"]},
    "protected": {"type": "boolean"},
    "os_hidden": {"type": "boolean"},
    "checksum": {"type": NULLABLE, "maxLength": 32, **READ_ONLY},
    "os_hash_algo": {"type": NULLABLE, "maxLength": 64, **READ_ONLY},
    "os_hash_value": {"type": NULLABLE, "maxLength": 128, **READ_ONLY},
    "owner": {"type": NULLABLE, "maxLength": 255},
    "size": {"type": ["null", "integer"], **READ_ONLY},
    "virtual_size": {"type": ["null", "integer"], **READ_ONLY},
    "container_format": {"type": NULLABLE, "enum": CONTAINER},
    "disk_format": {"type": NULLABLE, "enum": DISK},
    "created_at": {"type": "string", **READ_ONLY},
    "updated_at": {"type": "string", **READ_ONLY},
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 255}},
    "direct_url": {"type": "string", **READ_ONLY},
    "min_ram": {"type": "integer"},
    "min_disk": {"type": "integer"},
    "self": {"type": "string", **READ_ONLY},
    "file": {"type": "string", **READ_ONLY},
    "stores": {"type": "string", **READ_ONLY},
    "schema": {"type": "string", **READ_ONLY},
}


def schema(person: Person, name: str) -> dict[str, Any]:
    response = person.get(f"/v2/schemas/{name}")
    assert response.status_code == 200
    return dict(response.json)


def undescribed(properties: dict[str, Any]) -> dict[str, Any]:
    assert all(
        entry.pop("description", None) or "readOnly" in entry for entry in properties.values()
    )
    return properties


def test_the_schema_of_an_image_is_exact(alice: Person) -> None:
    document = schema(alice, "image")
    properties = undescribed(document["properties"])
    locations = properties.pop("locations")

    assert properties == IMAGE
    assert document["additionalProperties"] == {"type": "string"}
    assert document["name"] == "image" and "required" not in document
    assert document["links"] == [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ]
    item = locations["items"]
    assert (locations["type"], item["type"]) == ("array", "object")
    assert sorted(item["required"]) == ["metadata", "url"]
    assert item["properties"]["url"] == {"type": "string", "maxLength": 255}
    validation = item["properties"]["validation_data"]
    assert validation["writeOnly"] is True and validation["additionalProperties"] is False
    assert sorted(validation["required"]) == ["os_hash_algo", "os_hash_value"]


def test_lists_hold_what_they_list(alice: Person) -> None:
    text = {"type": "string"}
    images, members = schema(alice, "images"), schema(alice, "members")

    assert images["properties"] == {
        "images": {"type": "array", "items": schema(alice, "image")},
        "first": text,
        "next": text,
        "schema": text,
    }
    assert [link["rel"] for link in images["links"]] == ["first", "next", "describedby"]
    assert members["properties"]["members"]["items"] == schema(alice, "member")
    assert [link["rel"] for link in members["links"]] == ["describedby"]


def test_the_schema_of_a_member_is_exact(alice: Person) -> None:
    document = schema(alice, "member")

    assert document["name"] == "member"
    assert undescribed(document["properties"]) == {
        "member_id": {"type": "string"},
        "image_id": {"type": "string", "pattern": UUID},
        "created_at": {"type": "string"},
        "updated_at": {"type": "string"},
        "status": {"type": "string", "enum": ["pending", "accepted", "rejected"]},
        "schema": {"type": "string", "readOnly": True},
    }


@pytest.mark.parametrize("name", ["", "location", "image/", "nosuch"])
def test_other_schemas_are_not_there(alice: Person, name: str) -> None:
    assert alice.get(f"/v2/schemas/{name}").status_code == 404
    assert alice.get("/v2/schemas").status_code == 404


def test_any_valid_token_will_do(alice_reader: Person, nobody: Person) -> None:
    assert alice_reader.get("/v2/schemas/image").status_code == 200
    assert nobody.get("/v2/schemas/image").status_code == 401


EXTRA = {
    "kernel_id": {"type": ["null", "string"], "pattern": UUID, "description": "A kernel"},
    "policy": {"type": "string", "enum": ["keep", "drop"], "description": "What to do"},
}


@pytest.mark.parametrize("required", [[], ["policy"]])
def test_an_operator_adds_properties(
    make_service: Any, tmp_path: Path, required: list[str]
) -> None:
    path = tmp_path / "schema-image.json"
    document = {"properties": EXTRA, "required": required} if required else EXTRA
    path.write_text(json.dumps(document))
    alice = make_service(image_schema_file=str(path)).person("p1", "member")

    found = schema(alice, "image")
    assert found["properties"]["policy"] == {**EXTRA["policy"], "is_base": False}
    assert found.get("required", []) == required
    good = {"kernel_id": None, "policy": "keep"}
    assert alice.post("/v2/images", json=good).status_code == 201
    assert alice.post("/v2/images", json={"policy": "lose"}).status_code == 400
    assert (
        alice.post("/v2/images", json={"kernel_id": "x", "policy": "keep"}).status_code == 400
    )
    assert alice.post("/v2/images", json={}).status_code == (400 if required else 201)
