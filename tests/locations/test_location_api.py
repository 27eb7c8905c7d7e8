"""The calls below /v2/images/{image_id}/locations, which need no option."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from people import Person, Service, some_id
from places import DATA, Source, Web, add, put_in_status, urls


@pytest.fixture
def service(make_shown: Any) -> Service:
    """A service that shows no locations."""
    return make_shown(show_multiple_locations=False)


@pytest.fixture
def nova(service: Service) -> Person:
    """A service user, in a project of its own."""
    return service.person("services", "service")


def path(image: dict[str, Any]) -> str:
    return f"/v2/images/{image['id']}/locations"


def messages(person: Person, image: dict[str, Any]) -> list[str]:
    tasks = person.get(f"/v2/images/{image['id']}/tasks").json["tasks"]
    return [f"{task['status']} {task['message']}" for task in tasks]


def told(algorithm: str = "sha256", data: bytes = DATA) -> dict[str, str]:
    value = hashlib.new(algorithm, data).hexdigest()
    return {"os_hash_algo": algorithm, "os_hash_value": value}


@pytest.mark.parametrize("validation", [{}, {"validation_data": {}}])
def test_a_location_is_added_and_hashed(
    service: Service, alice: Person, web: Web, validation: dict[str, Any]
) -> None:
    image = alice.create()
    response = alice.post(path(image), json={"url": web.url(), "unknown": 1, **validation})

    assert (response.status_code, response.data) == (202, b"")
    assert "Location" not in response.headers
    assert alice.post(path(image), json={"url": web.url()}).status_code == 409
    service.work()
    image = alice.show(image["id"])
    assert (image["status"], image["size"], image["virtual_size"]) == ("active", 10, None)
    assert image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert image["checksum"] == hashlib.md5(DATA).hexdigest()
    assert not [name for name in image if name.startswith("os_glance")]
    assert alice.post(path(image), json={"url": web.url()}).status_code == 409


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512", "md5"])
@pytest.mark.parametrize("upper", [False, True])
def test_the_hash_that_is_told_is_compared(
    service: Service, alice: Person, web: Web, algorithm: str, upper: bool
) -> None:
    image = alice.create()
    known = told(algorithm)
    if upper:
        known["os_hash_value"] = known["os_hash_value"].upper()
    body = {"url": web.url(), "validation_data": known}
    assert alice.post(path(image), json=body).status_code == 202
    service.work()

    shown = alice.show(image["id"])
    assert shown["status"] == "active"
    assert (shown["os_hash_algo"], shown["os_hash_value"]) == tuple(told(algorithm).values())
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()


def test_after_a_wrong_hash_only_the_location_can_be_seen(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.create()
    body = {"url": web.url(), "validation_data": told(data=b"other")}
    assert alice.post(path(image), json=body).status_code == 202
    service.work()

    after = alice.show(image["id"])
    assert after == {**image, "updated_at": after["updated_at"], "stores": "web"}
    assert "failure" in messages(alice, image)[0]
    assert alice.get(f"/v2/images/{image['id']}/file").status_code == 204


@pytest.mark.parametrize("way", ["upload", "import", "location"])
def test_what_comes_next_takes_the_place_of_a_wrong_location(
    service: Service, alice: Person, web: Web, way: str
) -> None:
    image_id = alice.create()["id"]
    wrong = {"url": web.url(), "validation_data": told(data=b"other")}
    assert alice.post(path({"id": image_id}), json=wrong).status_code == 202
    service.work()
    if way == "upload":
        assert alice.upload(image_id, b"mine").status_code == 204
    elif way == "import":
        assert alice.stage(image_id, b"mine").status_code == 204
        assert alice.import_(image_id).status_code == 202
    else:
        assert alice.post(path({"id": image_id}), json={"url": web.url()}).status_code == 202
    service.work()

    stores = alice.show(image_id)["stores"]
    assert "," not in stores
    assert (stores == "web") == (way == "location")
    expected = DATA if way == "location" else b"mine"
    assert alice.get(f"/v2/images/{image_id}/file").data == expected


# What do_secure_hash = false makes of a hash that is told, and of none.
UNCHECKED = [(told(data=b"other"), *told(data=b"other").values()), ({}, None, None)]


@pytest.mark.parametrize("validation, algorithm, value", UNCHECKED)
def test_an_operator_may_do_without_hashing(
    make_shown: Any, web: Web, validation: dict[str, str], algorithm: str, value: str
) -> None:
    service = make_shown(do_secure_hash=False)
    alice = service.person("p1", "member")
    image = alice.create()
    body = {"url": web.url(), "validation_data": validation}
    assert alice.post(path(image), json=body).status_code == 202
    service.work()

    shown = alice.show(image["id"])
    assert (shown["status"], shown["checksum"]) == ("active", None)
    assert (shown["os_hash_algo"], shown["os_hash_value"]) == (algorithm, value)


def unreadable(source: Source) -> None:
    if source.command == "HEAD":
        source.reply(200, DATA)
    else:
        source.reply(200, DATA[:4], **{"Content-Length": "10"})


def test_data_that_cannot_be_hashed_can_still_be_referred_to(make_shown: Any, web: Web) -> None:
    service = make_shown(http_retries=2)
    alice = service.person("p1", "member")
    web.answers["/data"] = unreadable
    image = alice.create()
    assert alice.post(path(image), json={"url": web.url()}).status_code == 202
    service.work()

    shown = alice.show(image["id"])
    assert (shown["status"], shown["size"]) == ("active", 10)
    assert (shown["checksum"], shown["os_hash_value"]) == (None, None)
    assert web.requests.count(("GET", "/data")) == 3


@pytest.mark.parametrize("validation, status", [({}, "active"), (told(), "queued")])
def test_data_that_grows_while_it_is_taken_up_is_not_hashed(
    service: Service, alice: Person, web: Web, validation: dict[str, str], status: str
) -> None:
    def growing(source: Source) -> None:
        web.answers["/data"] = DATA + b"x"
        source.reply(200, DATA)

    web.answers["/data"] = growing
    image = alice.create()
    body = {"url": web.url(), "validation_data": validation}
    assert alice.post(path(image), json=body).status_code == 202
    service.work()

    shown = alice.show(image["id"])
    assert (shown["status"], shown["os_hash_value"]) == (status, None)
    assert "11 bytes" in messages(alice, image)[0] or not validation


BODIES: list[Any] = [
    None,
    [],
    "x",
    {},
    {"url": None},
    {"url": 1},
    {"url": ""},
    {"url": "http://example.org/" + "x" * 240},
    {"url": "U", "validation_data": None},
    {"url": "U", "validation_data": []},
    {"url": "U", "validation_data": {"os_hash_algo": "sha256"}},
    {"url": "U", "validation_data": {"os_hash_value": "ab" * 32}},
    {"url": "U", "validation_data": {"checksum": "ab" * 16}},
    {"url": "U", "validation_data": {**told(), "checksum": "ab" * 16}},
    {"url": "U", "validation_data": {**told(), "os_hash_algo": "sha384"}},
    {"url": "U", "validation_data": {**told(), "os_hash_algo": "sha512"}},
    {"url": "U", "validation_data": {**told(), "os_hash_value": "xy" * 32}},
    {"url": "U", "validation_data": {**told(), "os_hash_value": 5}},
    {"url": "http://169.254.169.254/"},
    {"url": "http://127.0.0.1:22/"},
    {"url": "http://127.0.0.2/"},
    {"url": "http://user:secret@127.0.0.1/"},
    {"url": "httpx://127.0.0.1/"},
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body)[:60])
def test_what_makes_no_sense_is_refused(
    service: Service, alice: Person, web: Web, body: Any
) -> None:
    if isinstance(body, dict) and body.get("url") == "U":
        body = {**body, "url": web.url()}
    image = alice.create()
    response = alice.post(path(image), json=body)

    assert response.status_code == 400, response.text
    assert "secret" not in response.text
    assert messages(alice, image) == [] and alice.show(image["id"]) == image
    assert not web.requests


@pytest.mark.parametrize("missing", ["disk_format", "container_format"])
def test_an_image_must_have_formats(
    service: Service, alice: Person, web: Web, missing: str
) -> None:
    image = alice.create(**{missing: None})
    response = alice.post(path(image), json={"url": web.url()})

    assert response.status_code == 400 and missing in response.text

    image = alice.create()
    assert alice.post(path(image), json={"url": web.url()}).status_code == 202
    alice.set(image["id"], **{missing: None})
    service.work()
    assert alice.show(image["id"])["status"] == "queued" and not web.requests


# Project and roles, and what adding a location to a public image of p1 gets them.
ADDING = [
    ("p1", ("member",), 202),
    ("p1", ("reader",), 403),
    ("p2", ("member",), 403),
    ("p2", ("admin",), 202),
    ("services", ("service", "reader"), 202),
]


@pytest.mark.parametrize("project, roles, code", ADDING)
def test_the_rule_says_who_may_add(
    service: Service, admin: Person, web: Web, project: str, roles: tuple[str, ...], code: int
) -> None:
    image = service.person("p1", "member").create()
    admin.set(image["id"], visibility="public")
    person = service.person(project, *roles)

    assert person.post(path(image), json={"url": web.url()}).status_code == code


@pytest.mark.parametrize(
    "status", ["saving", "uploading", "importing", "active", "deactivated", "killed"]
)
def test_only_a_queued_image_takes_one(
    service: Service, alice: Person, web: Web, status: str
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)
    response = alice.post(path(image), json={"url": web.url()})

    assert response.status_code == 409 and status in response.text


@pytest.mark.parametrize("url", ["rbd://a/b/c", "file:///etc/passwd", "filesystem:///x", "x"])
def test_only_services_may_name_other_schemes(
    service: Service, alice: Person, admin: Person, url: str
) -> None:
    image = alice.create()
    for person in (alice, admin):
        assert person.post(path(image), json={"url": url}).status_code == 403
    service_too = service.person("p1", "member", "service")
    assert service_too.post(path(image), json={"url": url}).status_code == 202
    service.work()

    after = alice.show(image["id"])
    assert after == {**image, "updated_at": after["updated_at"]}
    assert messages(alice, image)[0].startswith("failure")


def test_without_a_store_for_the_web_only_services_may_ask(make_shown: Any, web: Web) -> None:
    service = make_shown(enabled_backends={"fast": "file"})
    for roles in (("member",), ("admin",)):
        person = service.person("p1", *roles)
        image = person.create()
        assert person.post(path(image), json={"url": web.url()}).status_code == 403
    assert not web.requests


def test_the_locations_are_listed_for_services(
    service: Service, alice: Person, admin: Person, nova: Person, carol: Person, web: Web
) -> None:
    image = alice.create()
    assert admin.get(path(image)).json == []
    alice.post(path(image), json={"url": web.url()})
    service.work()
    listed = [{"url": web.url(), "metadata": {"store": "web"}}]
    assert alice.get(path(image)).status_code == 403
    assert carol.get(path(image)).status_code == nova.get(path(image)).status_code == 404

    admin.set(image["id"], visibility="public")
    reader = service.person("services", "service", "reader")
    assert admin.get(path(image)).json == reader.get(path(image)).json == listed
    assert carol.get(path(image)).status_code == 403
    assert admin.get(f"/v2/images/{some_id()}/locations").status_code == 404


def test_other_methods_are_not_allowed(service: Service, alice: Person) -> None:
    response = alice.put(path(alice.create()))

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_data_that_comes_first_stays(service: Service, alice: Person, web: Web) -> None:
    image = alice.create()
    assert alice.post(path(image), json={"url": web.url()}).status_code == 202
    assert alice.upload(image["id"], b"mine").status_code == 204
    service.work()

    assert messages(alice, image)[0].startswith("failure")
    shown = alice.show(image["id"])
    assert (shown["status"], shown["stores"], shown["size"]) == ("active", "fast", 4)
    assert alice.get(f"/v2/images/{image['id']}/file").data == b"mine"
    assert len(service.blobs()) == 1


def test_a_location_that_is_being_taken_up_can_only_be_one(make_shown: Any, web: Web) -> None:
    service = make_shown()
    alice = service.person("p1", "member")
    image = alice.create()
    assert alice.post(path(image), json={"url": web.url()}).status_code == 202
    assert alice.patch(image["id"], add(web.url("/other"))).status_code == 409
    service.work()

    assert urls(alice.show(image["id"])) == [web.url()]
