"""Importing data: the methods, the stores, and what is left when it fails."""

from __future__ import annotations

import pytest
from people import Person, Service
from web_source import DATA, message, web


def test_staged_data_becomes_the_data_of_the_image(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    assert alice.stage(image_id, DATA).status_code == 204
    staged = alice.show(image_id)
    assert (staged["status"], staged["size"]) == ("uploading", len(DATA))
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 204

    assert alice.import_(image_id).status_code == 202
    assert alice.show(image_id)["os_glance_import_task"]
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["stores"]) == ("active", "fast")
    assert "os_glance_import_task" not in image
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA
    assert service.staged() == []


@pytest.mark.parametrize("path", ["/data", "/unannounced", "/onward"])
def test_data_is_fetched_from_the_web(
    service: Service, alice: Person, source: str, path: str
) -> None:
    image_id = alice.create()["id"]

    assert alice.import_(image_id, web(source, path), all_stores=True).status_code == 202
    service.work()

    assert alice.show(image_id)["stores"] == "fast,cheap"
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA
    assert service.staged() == []


@pytest.mark.parametrize(
    "path, why",
    [
        ("/absent", "could not be fetched"),
        ("/short", "ended early"),
        ("/large", "too large"),
        ("/endless", "too large"),
        ("/encoded", "encoded"),
        ("/inward", "may be reached"),
        ("/to-file", "scheme"),
        ("/round", "could not be fetched"),
    ],
)
def test_an_import_that_fails_can_be_tried_again(
    service: Service, alice: Person, source: str, path: str, why: str
) -> None:
    image_id = alice.create()["id"]
    assert alice.import_(image_id, web(source, path)).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert image["status"] == "queued"
    assert image["os_glance_failed_import"] == "fast"
    assert image["os_glance_importing_to_stores"] == ""
    assert "os_glance_import_task" not in image
    assert image["size"] is None and image["checksum"] is None
    assert why in message(alice, image_id)
    assert service.staged() == service.blobs() == []

    assert alice.import_(image_id, web(source, "/data")).status_code == 202
    service.work()
    assert alice.show(image_id)["status"] == "active"


def test_data_of_another_format_fails_the_import(
    service: Service, alice: Person, source: str
) -> None:
    image_id = alice.create(disk_format="qcow2")["id"]
    alice.stage(image_id, DATA)
    alice.import_(image_id)
    service.work()

    assert alice.show(image_id)["status"] == "queued"
    assert "qcow2" in message(alice, image_id)
    assert service.staged() == service.blobs() == []
    assert alice.stage(image_id, DATA).status_code == 204


def test_one_store_that_fails_takes_the_others_back(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    alice.stage(image_id)
    assert alice.import_(image_id, stores=["fast", "web"]).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert image["status"] == "queued" and "stores" not in image
    assert image["os_glance_failed_import"] == "fast,web"
    assert service.blobs() == []


def test_a_store_may_fail_where_not_all_must_succeed(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    alice.stage(image_id)
    alice.import_(image_id, stores=["web", "cheap"], all_stores_must_succeed=False)
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["stores"]) == ("active", "cheap")
    assert image["os_glance_failed_import"] == "web"


def test_an_active_image_is_copied_to_another_store(service: Service, alice: Person) -> None:
    admin = service.person("p1", "admin")
    image = alice.active(DATA)
    assert alice.import_(image["id"], "copy-image", stores=["cheap"]).status_code == 403
    assert admin.import_(image["id"], "copy-image").status_code == 400
    assert admin.import_(image["id"], "copy-image", stores=["cheap"]).status_code == 202
    service.work()

    assert alice.show(image["id"])["stores"] == "fast,cheap"
    assert admin.delete(f"/v2/stores/fast/{image['id']}").status_code == 204
    assert alice.get(f"/v2/images/{image['id']}/file").data == DATA
    assert admin.delete(f"/v2/stores/cheap/{image['id']}").status_code == 403
    assert len(service.blobs()) == 1


def test_an_image_deleted_meanwhile_leaves_nothing(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    alice.stage(image_id)
    alice.import_(image_id)
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204
    service.work()

    assert service.staged() == service.blobs() == []


BODIES = [
    (None, 400),
    ("{bad", 400),
    ('"x"', 400),
    ("[]", 400),
    ("{}", 400),
    ('{"method": {}}', 400),
    ('{"method": "glance-direct"}', 400),
    ('{"method": {"name": "bogus"}}', 400),
    ('{"method": {"name": "glance-download"}}', 400),
    ('{"method": {"name": "glance-direct"}, "all_stores": 1}', 400),
    ('{"method": {"name": "glance-direct"}, "all_stores_must_succeed": "true"}', 400),
    ('{"method": {"name": "glance-direct"}, "stores": []}', 400),
    ('{"method": {"name": "glance-direct"}, "stores": "fast"}', 400),
    ('{"method": {"name": "glance-direct"}, "stores": ["fast"], "all_stores": true}', 400),
    ('{"method": {"name": "glance-direct"}, "stores": ["nope"]}', 409),
    ('{"method": {"name": "glance-direct"}, "stores": ["os_glance_staging_store"]}', 409),
    ('{"method": {"name": "web-download", "uri": "http://h/"}}', 409),
    ('{"method": {"name": "copy-image"}}', 409),
]


@pytest.mark.parametrize("body, code", BODIES)
def test_what_makes_no_sense_is_refused_at_once(
    service: Service, alice: Person, body: str | None, code: int
) -> None:
    image_id = alice.create()["id"]
    alice.stage(image_id)

    assert alice.post(f"/v2/images/{image_id}/import", data=body).status_code == code
    assert alice.get(f"/v2/images/{image_id}/tasks").json == {"tasks": []}


def test_a_second_import_is_refused(service: Service, alice: Person, source: str) -> None:
    image_id = alice.create()["id"]

    assert alice.import_(image_id, web(source, "/data")).status_code == 202
    assert alice.import_(image_id, web(source, "/data")).status_code == 409


def test_data_on_the_web_can_be_referred_to(
    service: Service, alice: Person, source: str
) -> None:
    image_id = alice.create()["id"]
    path = f"/v2/images/{image_id}/locations"
    assert alice.post(path, json={"url": f"{source}/data"}).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["size"], image["stores"]) == ("active", len(DATA), "web")
    assert image["os_hash_value"]
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA
    assert alice.get(path).status_code == 403
    admin = service.person("other", "admin")
    assert admin.get(path).json == [{"url": f"{source}/data", "metadata": {"store": "web"}}]


def test_a_wrong_hash_leaves_the_image_queued(
    service: Service, alice: Person, source: str
) -> None:
    image_id = alice.create()["id"]
    validation = {"os_hash_algo": "sha256", "os_hash_value": "0" * 64}
    body = {"url": f"{source}/data", "validation_data": validation}
    assert alice.post(f"/v2/images/{image_id}/locations", json=body).status_code == 202
    service.work()

    assert alice.show(image_id)["status"] == "queued"
    assert "hash" in message(alice, image_id)


def test_tasks_are_for_administrators(service: Service, alice: Person) -> None:
    admin = service.person("other", "admin")
    image_id = alice.create()["id"]
    alice.stage(image_id)
    alice.import_(image_id)
    service.work()

    (task,) = admin.get("/v2/tasks").json["tasks"]
    assert task["status"] == "success" and "input" not in task
    assert admin.get(task["self"]).json["input"]["image_id"] == image_id
    assert alice.get("/v2/tasks").status_code == alice.get(task["self"]).status_code == 403
    assert admin.delete(task["self"]).status_code == 405
    assert admin.get("/v2/tasks?type=api_image_import").status_code == 400
    assert admin.get("/v2/tasks?limit=0").json["tasks"] == []
