"""What stock clients need and send: addresses and requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bodies import arriving
from people import V21, Person, some_id
from scenes import DATA, file_of

from glance_shim import errors


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.active()


def shown(image: Any) -> str:
    return f"/v2/images/{image['id']}"


# Addresses


@pytest.mark.parametrize("path", ["", "/"])
@pytest.mark.parametrize("mount", ["", "/image"])
def test_D1_the_root_lists_versions_to_anybody(
    make_service: Any, mount: str, path: str
) -> None:
    nobody = make_service(mount_path=mount).nobody()

    response = nobody.get(mount + path, headers={"Accept": "application/json"})

    assert response.status_code == 300
    assert response.content_type == "application/json"
    for version in response.json["versions"]:
        assert re.fullmatch(r"v2\.\d+", version["id"])
        (link,) = version["links"]
        assert link == {"rel": "self", "href": f"http://localhost{mount}/v2/"}


@pytest.mark.parametrize("mount", ["", "/image"])
def test_D2_the_path_versions_answers_200_with_the_same(make_service: Any, mount: str) -> None:
    nobody = make_service(mount_path=mount).nobody()

    response = nobody.get(f"{mount}/versions")

    assert response.status_code == 200
    assert response.json == nobody.get(f"{mount}/").json


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2.9", "/v2.9/"])
def test_D3_the_root_of_a_version_answers_to_anybody(nobody: Person, path: str) -> None:
    response = nobody.get(path)

    assert response.status_code == 200
    assert response.json == nobody.get("/versions").json


def test_D4_the_image_endpoint_in_the_catalog_has_no_version(alice: Person) -> None:
    catalog = alice.get("/identity/v3/auth/catalog").json["catalog"]

    (image,) = (service for service in catalog if service["type"] == "image")
    assert {endpoint["url"] for endpoint in image["endpoints"]} == {"http://localhost"}
    assert alice.get(f"{image['endpoints'][0]['url']}/v2/images").status_code == 200


def test_D5_versions_are_current_or_supported_and_have_no_microversions(
    nobody: Person, make_service: Any
) -> None:
    several = make_service(enabled_backends={"fast": "file", "cheap": "file"}).nobody()
    for person in (nobody, several):
        versions = person.get("/versions").json["versions"]

        assert [version["status"] for version in versions].count("CURRENT") == 1
        for version in versions:
            assert set(version) == {"id", "status", "links"}
            assert version["status"] in ("CURRENT", "SUPPORTED")


@pytest.mark.parametrize("mount", ["", "/image"])
def test_D6_links_begin_with_v2_under_any_mount_path(make_service: Any, mount: str) -> None:
    service = make_service(mount_path=mount)
    alice = service.person("p1", "member")
    for _ in range(3):
        response = alice.post(f"{mount}/v2/images", json={})
        assert response.status_code == 201

    page = alice.get(f"{mount}/v2.3/images?limit=2").json

    assert page["first"] == "/v2/images?limit=2"
    assert page["next"] == f"/v2/images?limit=2&marker={page['images'][1]['id']}"
    assert page["schema"] == "/v2/schemas/images"
    for image in page["images"]:
        assert image["self"] == f"/v2/images/{image['id']}"
        assert image["file"] == f"/v2/images/{image['id']}/file"
        assert image["schema"] == "/v2/schemas/image"
    assert len(alice.get(mount + page["next"]).json["images"]) == 1


@pytest.mark.parametrize("path", ["/v2", "/v1", "/v2.0", "/image/v3", "/v2/image", "/v."])
def test_D7_a_mount_path_that_looks_like_a_version_is_refused(
    make_service: Any, path: str
) -> None:
    with pytest.raises(errors.ConfigurationError):
        make_service(mount_path=path)
    with pytest.raises(errors.ConfigurationError):
        make_service(public_endpoint=f"https://example.org{path}")


# Requests that must be tolerated


def test_R1_an_empty_accept_header_is_taken(alice: Person) -> None:
    image, empty = alice.create(), {"Accept": ""}

    assert alice.upload(image["id"], **empty).status_code == 204
    response = alice.request("PATCH", shown(image), data=b"[]", content_type=V21, headers=empty)
    assert response.status_code == 200
    response = alice.get(shown(image), headers=empty)
    assert response.json["id"] == image["id"]


def test_R2_octets_without_a_body_are_taken(alice: Person, image: dict[str, Any]) -> None:
    octets = {"content_type": "application/octet-stream"}

    for path in ("/v2/images", shown(image), file_of(image), f"{shown(image)}/members"):
        assert alice.get(path, **octets).status_code == 200
    assert alice.post(f"{shown(image)}/actions/deactivate", **octets).status_code == 204
    assert alice.put(f"{shown(image)}/tags/x", **octets).status_code == 204
    assert alice.delete(f"{shown(image)}/tags/x", **octets).status_code == 204
    assert alice.delete(shown(image), **octets).status_code == 204


def test_R3_a_length_of_0_is_no_body(alice: Person, image: dict[str, Any]) -> None:
    zero = {"environ_overrides": {"CONTENT_LENGTH": "0"}}

    assert alice.put(f"{shown(image)}/tags/x", **zero).status_code == 204
    assert alice.post(f"{shown(image)}/actions/deactivate", **zero).status_code == 204
    assert alice.get(shown(image), **zero).status_code == 200
    assert alice.delete(f"{shown(image)}/tags/x", **zero).status_code == 204
    assert alice.delete(shown(image), **zero).status_code == 204


@pytest.mark.parametrize("yes, no", [("True", "False"), ("true", "false"), ("TRUE", "FALSE")])
def test_R4_booleans_in_queries_have_any_case(alice: Person, yes: str, no: str) -> None:
    hidden = alice.create(os_hidden=True)
    plain = alice.create()

    assert alice.ids(f"?os_hidden={yes}") == [hidden["id"]]
    assert alice.ids(f"?os_hidden={no}") == [plain["id"]]


def test_R5_all_tags_of_a_query_must_match(alice: Person) -> None:
    both = alice.create(tags=["a", "b", "c"])
    alice.create(tags=["a"])
    alice.create(tags=["b"])

    assert alice.ids("?tag=a&tag=b") == [both["id"]]
    assert len(alice.ids("?tag=a")) == 2


def test_R6_unknown_parameters_of_a_single_resource_are_ignored(
    alice: Person, image: dict[str, Any]
) -> None:
    alice.share(image["id"], "p")

    for path in (shown(image), f"{shown(image)}/members/p", file_of(image)):
        assert alice.get(f"{path}?image_id={image['id']}&x=&nocatalog").status_code == 200


@pytest.mark.parametrize("name", ["golden", "my image", "ä", "a" * 255, "x';--", "*", "0"])
def test_R7_a_name_in_place_of_an_id_is_not_found(alice: Person, name: str) -> None:
    alice.create(name=name)

    assert alice.get(f"/v2/images/{name}").status_code == 404
    assert alice.delete(f"/v2/images/{name}").status_code == 404


@pytest.mark.parametrize(
    "name, value",
    [
        ("owner_specified.openstack.md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("description", ""),
        ("img_signature", "A" * 5000),
        ("img_config", "x" * 65_535),
        ("block_device_mapping", '[{"guest_format": null, "size": 5}]'),
        ("trait:CUSTOM_GOLD", "required"),
        ("os_type", "Linux"),
        ("hw_qemu_guest_agent", "yes"),
        ("is_public", "True"),
        ("a/b~c", " blanks and\nlines\t"),
    ],
)
def test_R8_properties_of_other_services_are_stored_as_given(
    alice: Person, name: str, value: str
) -> None:
    image = alice.create(**{name: value})

    assert alice.show(image["id"])[name] == value
    pointer = name.replace("~", "~0").replace("/", "~1")
    operation = {"op": "replace", "path": f"/{pointer}", "value": value[::-1]}
    assert alice.patch(image["id"], operation).json[name] == value[::-1]


def test_R9_uploads_come_with_and_without_a_length(alice: Person) -> None:
    for how in (arriving(DATA, length=10), arriving(b"01234", b"56789")):
        image = alice.create()
        assert alice.put(file_of(image), **how).status_code == 204
        assert alice.get(file_of(image)).data == DATA


@pytest.mark.parametrize("version", ["image 2.17", "image 9.99", "compute 2.1", "x", ""])
def test_R10_a_version_header_changes_nothing(
    alice: Person, image: dict[str, Any], version: str
) -> None:
    response = alice.get(shown(image), headers={"OpenStack-API-Version": version})

    assert (response.status_code, response.json) == (200, image)


def test_R11_patches_of_stock_clients_are_taken(alice: Person) -> None:
    image = alice.create(a="1")

    assert alice.patch(image["id"]).json == image
    replaced = {"op": "add", "path": "/a", "value": "2"}
    assert alice.patch(image["id"], replaced).json["a"] == "2"
    named = {"op": "add", "path": "/name", "value": "x"}
    assert alice.patch(image["id"], named).json["name"] == "x"
    tags = {"op": "add", "path": "/tags", "value": ["t"]}
    assert alice.patch(image["id"], tags).json["tags"] == ["t"]


def test_R13_ids_of_other_requests_are_tolerated(alice: Person, image: dict[str, Any]) -> None:
    for value in ("req-" + some_id(), some_id(), "x y", "' or 1=1"):
        headers = {
            "X-Openstack-Request-Id": value,
            "X-Openstack-Global-Request-Id": f"req-{value}",
        }
        assert alice.get(shown(image), headers=headers).json == image
