"""What somebody may not do, however it is asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import routes
from people import Person, Service, some_id

import glance_shim
from glance_shim.policy import rules

RESERVED = {
    "id": some_id(),
    "status": "queued",
    "checksum": "0" * 32,
    "os_hash_algo": "md5",
    "os_hash_value": "0" * 128,
    "size": 5,
    "virtual_size": 5,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "self": "/x",
    "file": "/x",
    "schema": "/x",
    "direct_url": "file:///etc/passwd",
    "stores": "fast",
    "locations": [],
    "location": "file:///etc/passwd",
    "deleted": "true",
    "deleted_at": "2020-01-01T00:00:00Z",
    "os_glance_import_task": "x",
    "os_glance_anything": "x",
}
# Names that only look like these are names like any other.
LIKE = ["Status", "OWNER", "os_Glance_x", "is_public", "deleted_", "__class__"]


@pytest.mark.parametrize("name", RESERVED)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_T_MASS_1_what_only_the_service_sets_is_not_changed(
    alice: Person, name: str, op: str
) -> None:
    image = alice.active()
    operation = {"op": op, "path": f"/{name}"}
    if op != "remove":
        operation["value"] = RESERVED[name]

    assert alice.patch(image["id"], operation).status_code in (400, 403, 409)
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize("name", sorted(RESERVED.keys() - {"id", "locations"}))
def test_T_MASS_1_what_only_the_service_sets_is_not_said(alice: Person, name: str) -> None:
    response = alice.post("/v2/images", json={name: RESERVED[name]})

    assert response.status_code in (400, 403)
    assert alice.ids() == []


def test_T_MASS_1_a_name_that_looks_like_one_of_the_services_is_none(alice: Person) -> None:
    before = alice.create()
    operations = [{"op": "add", "path": f"/{name}", "value": "x"} for name in LIKE]

    assert alice.patch(before["id"], *operations).status_code == 200
    after = alice.show(before["id"])
    assert {after.pop(name) for name in LIKE} == {"x"}
    assert after | {"updated_at": 0} == before | {"updated_at": 0}


@pytest.mark.parametrize("status", ["active", "deactivated"])
@pytest.mark.parametrize("visibility", ["shared", "community"])
def test_H_16_the_data_of_an_image_stays_what_others_rely_on(
    service: Service, alice: Person, visibility: str, status: str
) -> None:
    admin = service.person("p1", "admin")
    image_id = alice.active(b"original", visibility=visibility)["id"]
    if status == "deactivated":
        assert admin.post(f"/v2/images/{image_id}/actions/deactivate").status_code == 204
    before = admin.show(image_id)
    web = {"name": "web-download", "uri": "http://8.8.8.8/"}
    validation = {"os_hash_algo": "sha512", "os_hash_value": "0" * 128}
    place = {"url": "http://8.8.8.8/", "validation_data": validation}

    for person in (alice, admin):
        codes = [
            person.upload(image_id, b"other").status_code,
            person.stage(image_id, b"other").status_code,
            person.import_(image_id).status_code,
            person.import_(image_id, web).status_code,
            person.post(f"/v2/images/{image_id}/locations", json=place).status_code,
        ]
        assert set(codes) <= {403, 409}, codes
    assert admin.show(image_id) == before
    assert admin.get(f"/v2/images/{image_id}/file").data == b"original"


def test_H_32_no_header_sets_the_status(service: Service, alice: Person) -> None:
    admin = service.person("p9", "admin")
    image_id = alice.active()["id"]
    assert admin.post(f"/v2/images/{image_id}/actions/deactivate").status_code == 204
    headers = {"x-image-meta-status": "queued", "x-image-meta-location": "file:///etc/passwd"}

    for path in (f"/v2/images/{image_id}", f"/v1/images/{image_id}"):
        for method in ("GET", "PUT", "POST", "PATCH", "HEAD"):
            alice.request(method, path, headers=headers)
    assert alice.set(image_id, status="active").status_code == 403
    assert alice.show(image_id)["status"] == "deactivated"
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 403


def test_H_45_a_property_publishes_nothing(alice: Person, bob: Person) -> None:
    image = alice.create(is_public="true", public="true", visibility_="public")

    assert image["visibility"] == "shared"
    assert bob.get(f"/v2/images/{image['id']}").status_code == 404
    for value in ("public", "PUBLIC", "public "):
        assert alice.set(image["id"], visibility=value).status_code in (400, 403)
        response = alice.post("/v2/images", json={"visibility": value})
        assert response.status_code in (400, 403)


def test_P_04_rights_are_judged_by_what_is_stored(alice: Person, bob: Person) -> None:
    image = alice.active()
    alice.share(image["id"], str(bob.project_id))
    mine = [
        {"op": "replace", "path": "/owner", "value": bob.project_id},
        {"op": "replace", "path": "/name", "value": "taken"},
    ]

    assert bob.patch(image["id"], *mine).status_code == 403
    body = {"member": "other", "owner": bob.project_id, "project_id": bob.project_id}
    assert bob.post(f"/v2/images/{image['id']}/members", json=body).status_code == 403
    assert alice.show(image["id"]) == image


def test_P_01_the_body_does_not_choose_the_image(alice: Person, bob: Person) -> None:
    theirs = alice.active()["id"]
    alice.share(theirs, str(bob.project_id))
    bob.answer(theirs, "accepted")
    own = bob.create()["id"]
    body = {"member": "p9", "image_id": theirs, "member_id": "p8", "status": "accepted"}

    made = bob.post(f"/v2/images/{own}/members", json=body).json
    assert (made["image_id"], made["member_id"], made["status"]) == (own, "p9", "pending")
    assert bob.post(f"/v2/images/{theirs}/members", json={"member": "p9"}).status_code == 403
    path = f"/v2/images/{theirs}/members/{bob.project_id}"
    assert bob.delete(path).status_code == 403
    assert bob.put(path, json={"status": "rejected", "member_id": "p9"}).status_code == 200
    listed = alice.get(f"/v2/images/{theirs}/members").json["members"]
    assert [(m["member_id"], m["status"]) for m in listed] == [(bob.project_id, "rejected")]


def test_P_06_a_child_is_found_below_its_own_parent_only(
    service: Service, alice: Person, bob: Person
) -> None:
    theirs, own = bob.active()["id"], alice.active()["id"]
    bob.share(theirs, str(alice.project_id), "p9")
    alice.import_(own)
    path = f"/v2/images/{own}/members"

    for member in (str(alice.project_id), "p9"):
        assert alice.get(f"{path}/{member}").status_code == 404
        assert alice.put(f"{path}/{member}", json={"status": "accepted"}).status_code == 404
        assert alice.delete(f"{path}/{member}").status_code == 404
    assert len(bob.get(f"/v2/images/{theirs}/members").json["members"]) == 2


@pytest.mark.parametrize("header", ["X-Service-Roles", "X-Roles", "X-Service-Identity-Status"])
def test_H_11_a_service_beside_the_user_sees_no_more(
    service: Service, alice: Person, header: str
) -> None:
    path = f"/v2/images/{alice.active()['id']}/locations"
    nova = service.person("services", "service", "admin")

    assert alice.get(path).status_code == 403
    beside = {"X-Service-Token": str(nova.token), header: "service,admin,Confirmed"}
    assert alice.get(path, headers=beside).status_code == 403
    assert alice.get(path, headers={header: "service"}).status_code == 403
    assert nova.get(path).status_code == 200


def test_P_08_every_answer_shows_an_image_alike(
    service: Service, alice: Person, bob: Person, admin: Person
) -> None:
    made = alice.create(colour="red")
    alice.share(made["id"], str(bob.project_id))
    bob.answer(made["id"], "accepted")

    changed = alice.set(made["id"], name="x").json
    assert set(made) == set(changed) == set(alice.show(made["id"]))
    for person in (alice, bob, admin):
        (listed,) = person.get("/v2/images?visibility=shared").json["images"]
        assert set(listed) == set(person.show(made["id"])) == set(made)


DISCOVERY = re.compile(r"/(versions|healthcheck.*|identity.*|v2/schemas/.*|(v2/)?tenants.*)?")


def test_P_09_where_every_rule_denies_nothing_is_done(
    make_service: Any, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("".join(f'"{rule.name}": "!"\n' for rule in rules.RULES))
    service = make_service(
        oslo_policy={"policy_file": str(policy)},
        enabled_backends={"fast": "file", "cheap": "file"},
        image_cache_dir=str(tmp_path / "cache"),
    )
    admin = service.person("p1", "admin")

    answered = {}
    for method, path, body in routes.calls(service, image_id=some_id(), store_id="fast"):
        if not DISCOVERY.fullmatch(path):
            answered[method, path] = admin.request(method, path, **body).status_code
    unasked = {
        ("GET", "/v2/info/import"),
        ("GET", "/v2/info/stores"),
        ("GET", "/v2/info/usage"),
    }
    assert {call for call, code in answered.items() if code < 400} <= unasked
    assert len(answered) > 40
    assert max(answered.values()) < 500


def test_P_02_identity_is_granted_in_one_place() -> None:
    package = Path(glance_shim.__file__).parent
    reading = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"X-Roles|X-User|X-Project-Id|REMOTE_USER", path.read_text())
    ]

    assert reading == ["api/credentials.py"]
