"""Locations by POST, at the edges, by their number."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service
from web_source import DATA, message

SHA = {"os_hash_algo": "sha256"}
RIGHT = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "web": "http"}, import_filtering_opts=reaching
    )


@pytest.fixture
def nova(service: Service) -> Person:
    """A service in the project that owns the images."""
    return service.person("p1", "service", "member")


def post(person: Person, image_id: str, url: Any, **more: Any) -> Any:
    return person.post(f"/v2/images/{image_id}/locations", json={"url": url, **more})


def test_52_a_location_makes_the_image_active(
    service: Service, alice: Person, source: str
) -> None:
    image_id = alice.create()["id"]
    assert post(alice, image_id, f"{source}/data").status_code == 202
    assert post(alice, image_id, f"{source}/data").status_code == 409
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["size"]) == ("active", len(DATA))
    assert post(alice, image_id, f"{source}/data").status_code == 409


@pytest.mark.parametrize("url", ["rbd://pool/image", "file:///etc/passwd", "FILE:///x", "x"])
def test_53_54_other_schemes_are_for_services_and_fail(
    service: Service, nova: Person, url: str
) -> None:
    boss = service.person("p1", "admin")
    image_id = boss.create()["id"]
    assert post(boss, image_id, url).status_code == 403
    assert post(nova, image_id, url).status_code == 202
    service.work()

    image = boss.show(image_id)
    assert image["status"] == "queued"
    assert "os_glance_import_task" not in image
    assert "stores" not in image


@pytest.mark.parametrize(
    "body, status",
    [
        ({"url": 1}, 400),
        ({}, 400),
        ({"url": ""}, 400),
        ({"url": "http://h/", "validation_data": None}, 400),
        ({"url": "http://h/", "validation_data": {"checksum": "0" * 32}}, 400),
        ({"url": "http://h/", "validation_data": SHA}, 400),
        ({"url": "http://h/", "validation_data": {**SHA, "os_hash_value": "0" * 63}}, 400),
        ({"url": "http://h/", "validation_data": {**SHA, "os_hash_value": "z" * 64}}, 400),
        (
            {
                "url": "http://h/",
                "validation_data": {"os_hash_algo": "sha384", "os_hash_value": "0" * 96},
            },
            400,
        ),
        ({"url": "http://169.254.169.254/"}, 400),
        ({"url": "http://127.0.0.1:22/"}, 400),
    ],
    ids=str,
)
def test_55_56_what_cannot_be_is_refused(alice: Person, body: Any, status: int) -> None:
    image_id = alice.create()["id"]

    assert alice.post(f"/v2/images/{image_id}/locations", json=body).status_code == status
    assert alice.get(f"/v2/images/{image_id}/tasks").json == {"tasks": []}


@pytest.mark.parametrize(
    "value, active", [(RIGHT, True), (RIGHT.upper(), True), ("0" * 64, False)]
)
def test_55_a_hash_is_compared(
    service: Service, alice: Person, source: str, value: str, active: bool
) -> None:
    image_id = alice.create()["id"]
    validation = {**SHA, "os_hash_value": value}
    assert (
        post(alice, image_id, f"{source}/data", validation_data=validation).status_code == 202
    )
    service.work()

    image = alice.show(image_id)
    assert image["status"] == ("active" if active else "queued")
    assert image["os_hash_value"] == (RIGHT if active else None)
    if not active:
        assert "hash" in message(alice, image_id)


@pytest.mark.parametrize("path", ["/absent", "/empty", "/inward", "/to-file", "/round"])
def test_a_source_that_fails_leaves_the_image_queued(
    service: Service, alice: Person, source: str, path: str
) -> None:
    image_id = alice.create()["id"]
    assert post(alice, image_id, f"{source}{path}").status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["size"]) == ("queued", None)
    assert message(alice, image_id)
    assert alice.upload(image_id).status_code == 204


def test_57_who_sees_them(service: Service, alice: Person, nova: Person) -> None:
    image_id = alice.active()["id"]
    boss = service.person("p9", "admin")
    path = f"/v2/images/{image_id}/locations"

    assert alice.get(path).status_code == 403
    assert nova.get(path).status_code == 200
    (location,) = boss.get(path).json
    assert location["metadata"] == {"store": "fast"}
    refused = boss.put(path, json={})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST")


def test_a_part_is_right_even_if_the_source_knows_no_ranges(
    service: Service, alice: Person, source: str
) -> None:
    image_id = alice.create()["id"]
    post(alice, image_id, f"{source}/data")
    service.work()
    path = f"/v2/images/{image_id}/file"

    assert alice.get(path, headers={"Range": "bytes=2-4"}).data == b"234"
    assert alice.get(path, headers={"Range": "bytes=-3"}).data == b"789"
    assert alice.get(path, headers={"Range": "bytes=7-"}).data == b"789"


def test_data_that_has_another_length_now_is_not_served(
    service: Service, alice: Person, source: str
) -> None:
    from web_source import Source

    Source.answers["/changing"] = (200, {"Content-Length": "10"}, DATA)
    image_id = alice.create()["id"]
    post(alice, image_id, f"{source}/changing")
    service.work()
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA
    Source.answers["/changing"] = (200, {"Content-Length": "4"}, b"evil")

    assert alice.get(f"/v2/images/{image_id}/file").status_code == 503
