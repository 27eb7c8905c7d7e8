"""Locations in the image, and changed by PATCH (``show_multiple_locations``)."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service
from web_source import DATA

SHA512 = "0" * 128


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file", "web": "http"},
        show_multiple_locations=True,
        image_location_quota=3,
        import_filtering_opts=reaching,
    )


@pytest.fixture
def boss(service: Service) -> Person:
    """An administrator in alice's project."""
    return service.person("p1", "admin")


def at(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "metadata": {}, **more}


def add(person: Person, image_id: str, url: str, path: str = "-", **more: Any) -> Any:
    value = at(url, **more)
    return person.patch(image_id, {"op": "add", "path": f"/locations/{path}", "value": value})


def replace(person: Person, image_id: str, *values: Any) -> Any:
    return person.patch(
        image_id, {"op": "replace", "path": "/locations", "value": list(values)}
    )


def remove(person: Person, image_id: str, path: str) -> Any:
    return person.patch(image_id, {"op": "remove", "path": f"/locations/{path}"})


def urls(person: Person, image_id: str) -> list[str]:
    return [each["url"] for each in person.show(image_id)["locations"]]


def test_an_image_shows_its_locations(service: Service, alice: Person, bob: Person) -> None:
    queued = alice.create()
    assert queued["locations"] == []
    image = alice.active(visibility="community")
    (location,) = image["locations"]

    assert location["metadata"] == {"store": "fast"}
    assert location["url"].startswith("file:///")
    assert "locations" not in bob.show(image["id"])


def test_a_deactivated_image_shows_them_to_administrators_only(
    alice: Person, boss: Person
) -> None:
    image_id = alice.active()["id"]
    boss.post(f"/v2/images/{image_id}/actions/deactivate")

    assert "locations" not in alice.show(image_id)
    assert len(boss.show(image_id)["locations"]) == 1


def test_58_the_first_location_makes_a_queued_image_active(alice: Person, source: str) -> None:
    image_id = alice.create()["id"]
    response = add(alice, image_id, f"{source}/data")

    assert response.status_code == 200
    image = response.json
    assert (image["status"], image["size"], image["stores"]) == ("active", len(DATA), "web")
    assert image["locations"] == [{"url": f"{source}/data", "metadata": {"store": "web"}}]
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA


def test_locations_have_places(alice: Person, boss: Person, source: str) -> None:
    image_id = alice.create()["id"]
    add(alice, image_id, f"{source}/data")
    assert add(alice, image_id, f"{source}/onward", "0").status_code == 200
    assert urls(alice, image_id) == [f"{source}/onward", f"{source}/data"]
    assert add(alice, image_id, f"{source}/data?1", "99").status_code == 200
    assert add(alice, image_id, f"{source}/data?2").status_code == 413
    assert urls(alice, image_id)[-1] == f"{source}/data?1"
    assert remove(boss, image_id, "0").status_code == 200
    assert remove(boss, image_id, "-").status_code == 200

    assert urls(alice, image_id) == [f"{source}/data"]
    assert remove(boss, image_id, "0").status_code == 403
    assert alice.show(image_id)["status"] == "active"


def test_removing_a_location_removes_what_is_ours(
    service: Service, alice: Person, boss: Person, source: str
) -> None:
    image = alice.active()
    add(alice, image["id"], f"{source}/data")
    assert len(service.blobs()) == 1
    assert remove(boss, image["id"], "0").status_code == 200

    assert service.blobs() == []
    assert alice.get(f"/v2/images/{image['id']}/file").data == DATA


@pytest.mark.parametrize("path", ["5", "x", "1", "-1", "٣", "0 1"])
def test_a_place_that_is_none_is_refused(
    alice: Person, boss: Person, source: str, path: str
) -> None:
    image_id = alice.create()["id"]
    add(alice, image_id, f"{source}/data")
    add(alice, image_id, f"{source}/onward")
    remove(boss, image_id, "1")

    assert remove(boss, image_id, path).status_code == 400
    assert len(urls(alice, image_id)) == 1


REFUSED = [
    ("same", "{source}/data", 400),
    ("absent", "{source}/absent", 400),
    ("empty", "{source}/empty", 400),
    ("file", "file:///etc/passwd", 400),
    ("FILE", "FILE:///etc/passwd", 400),
    ("filesystem", "filesystem:///etc/passwd", 400),
    ("swift+config", "swift+config://ref/container/object", 400),
    ("rbd", "rbd://pool/image", 400),
    ("ftp", "ftp://127.0.0.1/x", 400),
    ("none", "nonsense", 400),
    ("link-local", "http://169.254.169.254/latest", 400),
    ("port", "http://127.0.0.1:22/", 400),
    ("inward", "{source}/inward", 400),
    ("long", "http://127.0.0.1/" + "x" * 255, 400),
]


@pytest.mark.parametrize("url, status", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_a_url_that_cannot_be_is_refused(
    alice: Person, source: str, url: str, status: int
) -> None:
    image_id = alice.create()["id"]
    add(alice, image_id, f"{source}/data")
    before = alice.show(image_id)

    assert add(alice, image_id, url.format(source=source)).status_code == status
    assert alice.show(image_id) == before


@pytest.mark.parametrize(
    "value",
    [
        {"url": "http://127.0.0.1/"},
        {"metadata": {}},
        {"url": 1, "metadata": {}},
        {"url": "http://127.0.0.1/", "metadata": []},
        {"url": "http://127.0.0.1/", "metadata": {}, "more": 1},
        {"url": "http://127.0.0.1/", "metadata": {"k": "v" * 20_000}},
        {"url": "http://127.0.0.1/", "metadata": {}, "validation_data": {"checksum": "0" * 32}},
        {"url": "http://127.0.0.1/", "metadata": {}, "validation_data": {"x": 1}},
        {"url": "http://127.0.0.1/", "metadata": {}, "validation_data": None},
        "http://127.0.0.1/",
        None,
        [],
    ],
    ids=str,
)
def test_a_location_of_another_form_is_refused(alice: Person, value: Any) -> None:
    image_id = alice.create()["id"]
    operation = {"op": "add", "path": "/locations/-", "value": value}

    assert alice.patch(image_id, operation).status_code == 400


def test_formats_are_needed_first(service: Service, alice: Person, source: str) -> None:
    image = alice.post("/v2/images", json={}).json

    assert add(alice, image["id"], f"{source}/data").status_code == 400
    assert alice.show(image["id"])["status"] == "queued"


def test_an_image_with_data_on_its_way_is_left_alone(
    service: Service, alice: Person, boss: Person, source: str
) -> None:
    image_id = alice.create()["id"]
    alice.stage(image_id)
    assert add(alice, image_id, f"{source}/data").status_code == 409
    waiting = alice.create()["id"]
    alice.import_(waiting, {"name": "web-download", "uri": f"{source}/data"})
    assert add(alice, waiting, f"{source}/data").status_code == 409
    assert remove(boss, waiting, "0").status_code == 409

    service.work()
    assert alice.show(waiting)["stores"] == "fast"


def test_who_may_change_them(
    service: Service, alice: Person, boss: Person, bob: Person, source: str
) -> None:
    reader = service.person("p1", "reader")
    image_id = alice.create(visibility="community")["id"]
    assert add(reader, image_id, f"{source}/data").status_code == 403
    assert add(bob, image_id, f"{source}/data").status_code == 403
    assert add(alice, image_id, f"{source}/data").status_code == 200
    assert add(boss, image_id, f"{source}/onward").status_code == 200

    assert remove(alice, image_id, "0").status_code == 403
    assert replace(alice, image_id).status_code == 403
    assert len(urls(alice, image_id)) == 2


def test_all_are_replaced_at_once(alice: Person, source: str) -> None:
    image_id = alice.create()["id"]
    one, two = f"{source}/data", f"{source}/onward"
    assert replace(alice, image_id, at(one), at(one)).status_code == 400
    assert replace(alice, image_id, at(one), at(two)).status_code == 200
    assert alice.show(image_id)["size"] == len(DATA)
    assert replace(alice, image_id, at(one)).status_code == 400
    assert replace(alice, image_id, at(one), at(f"{source}/data?")).status_code == 400
    other = {"url": one, "metadata": {"rack": "7", "store": "nonsense"}}
    assert replace(alice, image_id, at(two), other).status_code == 200

    locations = alice.show(image_id)["locations"]
    assert [each["url"] for each in locations] == [two, one]
    assert locations[1]["metadata"] == {"rack": "7", "store": "web"}


def test_hashes_are_taken_on_trust(alice: Person, source: str) -> None:
    image_id = alice.create()["id"]
    given = {"checksum": "a" * 32, "os_hash_algo": "sha512", "os_hash_value": SHA512}
    assert add(alice, image_id, f"{source}/data", validation_data=given).status_code == 200
    image = alice.show(image_id)
    assert {name: image[name] for name in given} == given

    again = add(alice, image_id, f"{source}/onward", validation_data=given)
    assert again.status_code == 200
    other = {**given, "os_hash_value": "1" * 128}
    refused = add(alice, image_id, f"{source}/data?", validation_data=other)
    assert refused.status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"os_hash_algo": "sha256", "os_hash_value": "0" * 64},
        {"os_hash_algo": "sha512", "os_hash_value": "0" * 127},
        {"os_hash_algo": "sha512", "os_hash_value": "z" * 128},
        {"os_hash_algo": "sha512", "os_hash_value": SHA512, "checksum": "z" * 32},
    ],
    ids=["algorithm", "short", "no-hex", "checksum"],
)
def test_hashes_that_cannot_be_are_refused(alice: Person, source: str, wrong: Any) -> None:
    image_id = alice.create()["id"]

    assert add(alice, image_id, f"{source}/data", validation_data=wrong).status_code == 409
    assert alice.show(image_id)["status"] == "queued"


def test_what_a_location_takes_is_counted(
    make_service: Any, source: str, reaching: dict[str, Any]
) -> None:
    service = make_service(
        enabled_backends={"fast": "file", "web": "http"},
        show_multiple_locations=True,
        user_storage_quota="15B",
        import_filtering_opts=reaching,
    )
    alice = service.person("p1", "member")
    one, two = alice.create()["id"], alice.create()["id"]
    assert add(alice, one, f"{source}/data").status_code == 200

    assert add(alice, two, f"{source}/data").status_code == 413
    assert alice.show(two)["status"] == "queued"
