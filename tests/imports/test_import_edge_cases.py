"""Requests at the edges of what imports, stores and tasks take, by their number."""

from __future__ import annotations

import time
from typing import Any

import pytest
from people import OCTETS, Person, Service, some_id
from web_source import DATA, message, web

from glance_shim.core import tasks
from glance_shim.db import connection
from glance_shim.db.models.tasks import Task


@pytest.fixture
def boss(service: Service) -> Person:
    """An administrator of the project that owns the images."""
    return service.person("p1", "admin")


def put(person: Person, image_id: str, what: str = "stage", **kwargs: Any) -> Any:
    kwargs = {"data": DATA, "content_type": OCTETS, **kwargs}
    return person.put(f"/v2/images/{image_id}/{what}", **kwargs)


def staged(person: Person, **values: Any) -> str:
    image_id = str(person.create(**values)["id"])
    assert person.stage(image_id, DATA).status_code == 204
    return image_id


def imported(service: Service, person: Person, image_id: str, *args: Any, **body: Any) -> Any:
    response = person.import_(image_id, *args, **body)
    assert response.status_code == 202, response.text
    service.work()
    return person.show(image_id)


def test_1_stage_needs_a_content_type(alice: Person) -> None:
    image_id = alice.create()["id"]

    assert put(alice, image_id, content_type=None).status_code == 415
    assert alice.show(image_id)["status"] == "queued"


def test_2_nothing_at_all_can_be_imported(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    assert put(alice, image_id, data=b"").status_code == 204
    waiting = alice.show(image_id)
    assert (waiting["status"], waiting["size"]) == ("uploading", 0)
    image = imported(service, alice, image_id)

    assert (image["status"], image["size"], image["virtual_size"]) == ("active", 0, None)


def test_3_4_staged_data_is_in_the_way(alice: Person) -> None:
    image_id = staged(alice)

    assert put(alice, image_id).status_code == 409
    assert put(alice, image_id, "file").status_code == 409
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 204


@pytest.mark.parametrize("size", ["zz", "5", "5000", "-1", ""])
def test_5_a_wrong_size_is_refused(service: Service, alice: Person, size: str) -> None:
    image_id = alice.create()["id"]
    response = put(alice, image_id, data=b"x" * 2000, headers={"X-OpenStack-Image-Size": size})

    assert response.status_code == (413 if size == "5000" else 400)
    assert alice.show(image_id)["status"] == "queued"
    assert service.staged() == []


def test_6_without_glance_direct_nothing_is_staged(make_service: Any) -> None:
    service = make_service(enabled_import_methods=["web-download"])
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]

    assert put(alice, image_id).status_code == 404
    assert alice.import_(image_id).status_code == 400


def test_7_who_may_stage(service: Service, alice: Person, bob: Person) -> None:
    reader, boss = service.person("p1", "reader"), service.person("p1", "admin")
    image_id = alice.create()["id"]
    public = alice.create()["id"]
    boss.set(public, visibility="public")

    assert put(reader, image_id).status_code == 403
    assert put(bob, image_id).status_code == 404
    assert put(bob, public).status_code == 403


def test_8_without_formats_it_is_staged_but_not_imported(
    service: Service, alice: Person
) -> None:
    image_id = alice.post("/v2/images", json={}).json["id"]
    assert put(alice, image_id).status_code == 204
    assert alice.import_(image_id).status_code == 409
    assert alice.set(image_id, disk_format="raw").status_code == 403
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204

    assert service.staged() == []


STATUSES = [
    ("queued", "glance-direct", 409),
    ("uploading", {"name": "web-download", "uri": "http://h/"}, 409),
    ("active", "glance-direct", 409),
    ("active", {"name": "web-download", "uri": "http://h/"}, 409),
    ("queued", "copy-image", 409),
    ("deactivated", "copy-image", 409),
    ("queued", {"name": "web-download"}, 400),
    ("queued", {"name": "web-download", "uri": ""}, 400),
    ("queued", {"name": "web-download", "uri": 5}, 400),
    ("queued", {"name": "web-download", "uri": "http://169.254.169.254/"}, 400),
    ("queued", {"name": "web-download", "uri": "http://10.0.0.1:8080/"}, 400),
    ("queued", {"name": "web-download", "uri": "http://10.0.0.1/"}, 400),
]


@pytest.mark.parametrize("status, method, code", STATUSES)
def test_12_13_16_17_a_method_needs_a_status_and_an_address(
    alice: Person, boss: Person, status: str, method: Any, code: int
) -> None:
    image_id = {
        "queued": lambda: alice.create()["id"],
        "uploading": lambda: staged(alice),
        "active": lambda: alice.active()["id"],
        "deactivated": lambda: alice.active()["id"],
    }[status]()
    if status == "deactivated":
        boss.post(f"/v2/images/{image_id}/actions/deactivate")
    before = boss.show(image_id)

    assert boss.import_(image_id, method).status_code == code
    assert boss.show(image_id) == before
    assert boss.get(f"/v2/images/{image_id}/tasks").json == {"tasks": []}


def test_14_15_what_is_looked_at_first(alice: Person) -> None:
    bare = alice.post("/v2/images", json={"container_format": "bare"}).json["id"]
    inward = {"name": "web-download", "uri": "ftp://10.0.0.1/"}

    assert alice.import_(bare, inward).status_code == 409
    assert alice.import_(alice.create()["id"], inward, stores=["nope"]).status_code == 409
    assert alice.import_(alice.create()["id"], inward).status_code == 400


@pytest.mark.parametrize(
    "body, headers, code",
    [
        ({"all_stores": True, "stores": ["fast"]}, {}, 400),
        ({"all_stores": True}, {"X-Image-Meta-Store": "fast"}, 400),
        ({"stores": ["cheap"]}, {"X-Image-Meta-Store": "fast"}, 400),
        ({"stores": ["nope"]}, {}, 409),
        ({}, {"X-Image-Meta-Store": "nope"}, 409),
    ],
)
def test_23_24_stores_are_named_once_and_exist(
    alice: Person, body: Any, headers: Any, code: int
) -> None:
    image_id = staged(alice)
    document = {"method": {"name": "glance-direct"}, **body}
    path = f"/v2/images/{image_id}/import"

    assert alice.post(path, json=document, headers=headers).status_code == code


def test_24_43_an_upload_names_a_store_that_can_be_written(alice: Person) -> None:
    image_id = alice.create()["id"]

    assert alice.upload(image_id, **{"X-Image-Meta-Store": "nope"}).status_code == 400
    assert alice.upload(image_id, **{"X-Image-Meta-Store": "web"}).status_code == 410
    assert alice.show(image_id)["status"] == "queued"


def test_25_all_stores_are_those_that_can_be_written(service: Service, alice: Person) -> None:
    image = imported(service, alice, staged(alice), all_stores=True)

    assert image["stores"] == "fast,cheap"


def test_28_where_no_store_succeeds_the_import_fails(service: Service, alice: Person) -> None:
    image_id = staged(alice)
    body = {"stores": ["web"], "all_stores_must_succeed": False}
    image = imported(service, alice, image_id, **body)

    assert (image["status"], image["os_glance_failed_import"]) == ("queued", "web")
    assert alice.stage(image_id).status_code == 204


def test_29_30_31_33_copies(service: Service, alice: Person, boss: Person) -> None:
    image_id = alice.active()["id"]
    assert imported(service, boss, image_id, "copy-image", stores=["cheap"])["stores"] == (
        "fast,cheap"
    )
    assert boss.import_(image_id, "copy-image", stores=["cheap", "web"]).status_code == 400
    before = boss.show(image_id)
    assert boss.import_(image_id, "copy-image", all_stores=True).status_code == 202
    assert boss.show(image_id) == before
    assert len(boss.get(f"/v2/images/{image_id}/tasks").json["tasks"]) == 1

    body = {"stores": ["web"], "all_stores_must_succeed": False}
    image = imported(service, boss, image_id, "copy-image", **body)
    assert (image["status"], image["os_glance_failed_import"]) == ("active", "web")


def test_32_who_may_copy(service: Service, alice: Person, bob: Person) -> None:
    image_id = alice.active()["id"]

    assert alice.import_(image_id, "copy-image", stores=["cheap"]).status_code == 403
    assert bob.import_(image_id, "copy-image", stores=["cheap"]).status_code == 404


@pytest.mark.parametrize(
    "status, minutes, taken",
    [
        ("processing", 59, False),
        ("processing", 61, True),
        ("pending", 61, False),
        ("pending", 121, True),
        ("failure", 70, True),
        ("failure", 10, False),
        ("success", 70, True),
        (None, 0, True),
    ],
)
def test_35_36_a_lock_that_nobody_uses_is_taken(
    service: Service, alice: Person, boss: Person, status: str | None, minutes: int, taken: bool
) -> None:
    image_id = alice.active()["id"]
    boss.import_(image_id, "copy-image", stores=["cheap"])
    holder = alice.show(image_id)["os_glance_import_task"]
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes))
    with connection.connected(service.deployment.database):
        if status is None:
            Task.delete().execute()
        else:
            values = {"status": status, "updated_at": moment, "lease_until": time.time() + 999}
            Task.update(values).execute()

    response = boss.import_(image_id, "copy-image", stores=["cheap"])
    assert response.status_code == (202 if taken else 409)
    if taken and status in ("pending", "processing"):
        old = boss.get(f"/v2/tasks/{holder}").json
        assert (old["status"], old["message"]) == ("failure", tasks.PREEMPTED)
    if taken:
        service.work()
        assert alice.show(image_id)["stores"] == "fast,cheap"


def test_37_the_lock_is_not_the_users(alice: Person) -> None:
    image_id = staged(alice)
    alice.import_(image_id)
    operation = {"op": "remove", "path": "/os_glance_import_task"}

    assert alice.patch(image_id, operation).status_code == 403
    assert alice.post("/v2/images", json={"os_glancefoo": "x"}).status_code == 403
    assert alice.post("/v2/images", json={"stores": "x"}).status_code == 403


def test_38_a_change_meanwhile_does_not_harm(service: Service, alice: Person) -> None:
    image_id = staged(alice)
    alice.import_(image_id)
    assert alice.set(image_id, name="new").status_code == 200
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["name"]) == ("active", "new")


def test_39_a_deleted_image_does_not_come_back(service: Service, alice: Person) -> None:
    image_id = staged(alice)
    alice.import_(image_id)
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204
    service.work()
    admin = service.person("p9", "admin")

    assert alice.get(f"/v2/images/{image_id}").status_code == 404
    (task,) = admin.get("/v2/tasks").json["tasks"]
    assert task["status"] == "failure"
    assert service.staged() == service.blobs() == []


def test_40_who_may_import(service: Service, alice: Person) -> None:
    image_id = staged(alice)

    assert service.person("p1", "reader").import_(image_id).status_code == 403
    assert service.person("p1", "service").import_(image_id).status_code == 404


def test_42_an_ovf_container_is_not_looked_into(alice: Person) -> None:
    image_id = alice.create(disk_format="qcow2", container_format="ovf")["id"]

    assert alice.upload(image_id, b"anything").status_code == 204
    assert alice.show(image_id)["virtual_size"] is None


def test_44_a_preferred_store(alice: Person) -> None:
    path = f"/v2/images/{alice.active(DATA)['id']}/file"

    assert alice.get(f"{path}?prefer=cheap").data == DATA
    assert alice.get(f"{path}?prefer=nope").status_code == 400
    assert alice.get(f"{path}?prefer=").data == DATA


def test_45_who_sees_the_stores(service: Service, alice: Person, boss: Person) -> None:
    assert alice.get("/v2/info/stores", data="x").status_code == 400
    assert alice.get("/v2/info/stores/detail").status_code == 403
    assert service.person("p1", "service").get("/v2/info/stores/detail").status_code == 200
    listed = boss.get("/v2/info/stores").json["stores"]
    assert {"id": "web", "read-only": "true"}.items() <= listed[2].items()


def test_46_47_removing_from_one_store(service: Service, alice: Person, boss: Person) -> None:
    image_id = alice.active()["id"]
    assert boss.delete(f"/v2/stores/cheap/{image_id}").status_code == 403
    assert boss.delete(f"/v2/stores/fast/{image_id}").status_code == 403
    imported(service, boss, image_id, "copy-image", stores=["cheap"])

    assert boss.delete(f"/v2/stores/nope/{image_id}").status_code == 409
    assert boss.delete(f"/v2/stores/web/{image_id}").status_code == 404
    assert boss.delete(f"/v2/stores/fast/{alice.create()['id']}").status_code == 409
    assert boss.delete(f"/v2/stores/fast/{some_id()}").status_code == 404
    assert alice.delete(f"/v2/stores/fast/{image_id}").status_code == 403
    assert boss.get(f"/v2/stores/fast/{image_id}").status_code == 405
    assert len(service.blobs()) == 2


@pytest.mark.parametrize(
    "query, code",
    [
        ("?type=api_image_import", 400),
        ("?type=import", 200),
        ("?limit=0", 200),
        ("?limit=x", 400),
        ("?marker=x", 400),
        ("?marker=8847fdc1-28a0-4241-a603-e38809f15977", 400),
        ("?sort_key=bogus", 400),
        ("?sort_dir=bogus", 400),
        ("?status=bogus", 400),
    ],
)
def test_48_lists_of_tasks(alice: Person, boss: Person, query: str, code: int) -> None:
    assert boss.get(f"/v2/tasks{query}").status_code == code
    assert alice.get(f"/v2/tasks{query}").status_code == 403


def test_49_tasks_are_not_deleted(alice: Person, boss: Person) -> None:
    response = boss.delete("/v2/tasks/anything")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET")
    assert alice.delete("/v2/tasks/anything").status_code == 403


def test_50_a_task_of_the_old_kind(service: Service, boss: Person, source: str) -> None:
    assert boss.post("/v2/tasks", json={"type": "import", "input": {}}).status_code == 400
    given = {"type": "import", "input": {"import_from": f"{source}/data"}}
    made = boss.post("/v2/tasks", json=given)
    assert made.status_code == 201
    service.work()
    assert boss.get(made.json["self"]).json["status"] == "failure"

    given["input"] |= {  # type: ignore[index]
        "import_from_format": "raw",
        "image_properties": {"disk_format": "raw", "container_format": "bare", "name": "old"},
    }
    made = boss.post("/v2/tasks", json=given)
    service.work()
    task = boss.get(made.json["self"]).json
    assert task["status"] == "success"
    assert boss.show(task["result"]["image_id"])["status"] == "active"


def test_51_tasks_on_an_image_are_its_projects(
    service: Service, alice: Person, bob: Person, boss: Person
) -> None:
    image_id = staged(alice)
    imported(service, alice, image_id)
    boss.set(image_id, visibility="public")

    assert len(alice.get(f"/v2/images/{image_id}/tasks").json["tasks"]) == 1
    assert bob.get(f"/v2/images/{image_id}/tasks").json == {"tasks": []}
    boss.delete(f"/v2/images/{image_id}")
    assert alice.get(f"/v2/images/{image_id}/tasks").status_code == 404


def test_66_what_glance_download_needs(make_service: Any) -> None:
    service = make_service(enabled_import_methods=["glance-download"])
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]

    def ask(**options: Any) -> int:
        method = {"name": "glance-download", **options}
        return int(alice.import_(image_id, method).status_code)

    assert ask(glance_image_id=some_id()) == 400
    assert ask(glance_region="r") == 400
    assert ask(glance_region="r", glance_image_id="x") == 400
    assert ask(glance_region="nowhere", glance_image_id=some_id()) == 202
    service.work()
    assert alice.show(image_id)["status"] == "queued"
    assert "region" in message(alice, image_id)


def test_70_nobody_is_told_where_data_is_staged(service: Service, alice: Person) -> None:
    image_id = staged(alice)
    alice.import_(image_id)
    assert "os_glance_stage_host" not in alice.show(image_id)
    service.work()

    assert "os_glance_stage_host" not in alice.show(image_id)


def test_staged_data_that_has_changed_is_not_imported(service: Service, alice: Person) -> None:
    image_id = staged(alice)
    (file,) = service.staged()
    file.write_bytes(b"0123456780")
    image = imported(service, alice, image_id)

    assert image["status"] == "queued"
    assert "has changed" in message(alice, image_id)
    assert service.staged() == service.blobs() == []
    assert alice.stage(image_id, DATA).status_code == 204
    assert imported(service, alice, image_id)["status"] == "active"


def test_two_that_import_at_once(service: Service, alice: Person, source: str) -> None:
    image_id = alice.create()["id"]
    codes = [alice.import_(image_id, web(source, "/data")).status_code for _ in range(3)]
    service.work()

    assert codes == [202, 409, 409]
    assert len(service.blobs()) == 1
