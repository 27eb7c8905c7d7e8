"""Adding, replacing and removing locations by a patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from people import V20, Person, Service
from places import DATA, Web, add, at, location, refused, remove, replace, urls


def test_the_first_location_makes_a_queued_image_active(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.create()
    response = alice.patch(image["id"], add(web.url(), metadata={"a": {"b": [1, None]}}))

    assert response.status_code == 200
    shown = alice.show(image["id"])
    assert response.json == shown
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "web")
    assert shown["locations"][0]["metadata"] == {"a": {"b": [1, None]}, "store": "web"}
    for name in ("checksum", "os_hash_algo", "os_hash_value", "virtual_size"):
        assert shown[name] is None
    assert alice.get(f"/v2/images/{image['id']}/file").data == DATA


def test_the_older_type_of_patch_does_the_same(
    service: Service, admin: Person, web: Web
) -> None:
    image_id = admin.create()["id"]
    values = [location(web.url(path)) for path in ("/data", "/other")]
    for operation, expected in (
        ({"replace": "/locations", "value": values[:1]}, ["/data"]),
        ({"add": "/locations/0", "value": values[1]}, ["/other", "/data"]),
        ({"remove": "/locations/0"}, ["/data"]),
    ):
        response = admin.patch(image_id, operation, content_type=V20)
        assert response.status_code == 200, response.text
        assert urls(response.json) == [web.url(path) for path in expected]


# The position, and what the locations /data and /other then look like.
PLACES = [
    ("-", ["/data", "/other", "/more"]),
    ("0", ["/more", "/data", "/other"]),
    ("1", ["/data", "/more", "/other"]),
    ("2", ["/data", "/other", "/more"]),
    ("99", ["/data", "/other", "/more"]),
    ("01", ["/data", "/more", "/other"]),
]


@pytest.mark.parametrize("position, expected", PLACES)
def test_a_location_is_put_where_the_path_says(
    service: Service, alice: Person, web: Web, position: str, expected: list[str]
) -> None:
    image = at(alice, web.url("/data"), web.url("/other"))
    changed = alice.patch(image["id"], add(web.url("/more"), position))

    assert changed.status_code == 200
    assert urls(changed.json) == [web.url(path) for path in expected]


@pytest.mark.parametrize("position", ["x", "-1", "1.0", "+1", "²", "1" * 40, "--", "%20", " "])
def test_what_is_no_position_is_refused(
    service: Service, admin: Person, web: Web, position: str
) -> None:
    image = at(admin, web.url("/data"), web.url("/other"))

    refused(admin, image, 400, add(web.url("/more"), position))
    refused(admin, image, 400, remove(position))


@pytest.mark.parametrize("number", ["2", "9"])
def test_only_a_location_that_is_there_is_removed(
    service: Service, admin: Person, web: Web, number: str
) -> None:
    image = at(admin, web.url("/data"), web.url("/other"))

    assert "there are 2" in refused(admin, image, 400, remove(number))


@pytest.mark.parametrize("position, left", [("0", "/other"), ("1", "/data"), ("-", "/data")])
def test_an_administrator_removes_a_location(
    service: Service, alice: Person, admin: Person, web: Web, position: str, left: str
) -> None:
    image = at(alice, web.url("/data"), web.url("/other"))
    assert "delete_image_location" in refused(alice, image, 403, remove(position))
    changed = admin.patch(image["id"], remove(position))

    assert changed.status_code == 200
    assert (urls(changed.json), changed.json["status"]) == ([web.url(left)], "active")
    assert "add another" in refused(admin, changed.json, 403, remove(0))


def test_removing_a_location_removes_what_this_service_keeps_there(
    service: Service, admin: Person, web: Web
) -> None:
    image = admin.active()
    (blob,) = service.blobs()
    image = admin.patch(image["id"], add(web.url())).json
    assert image["stores"] == "fast,web" and blob.exists()

    assert admin.patch(image["id"], remove(0)).status_code == 200
    assert not service.blobs()
    assert admin.get(f"/v2/images/{image['id']}/file").data == DATA
    assert {method for method, _ in web.requests} == {"HEAD", "GET"}


def test_data_stays_as_long_as_a_location_does(
    service: Service, admin: Person, web: Web
) -> None:
    image = admin.active()
    image = admin.patch(image["id"], add(web.url())).json
    assert admin.patch(image["id"], remove(1)).status_code == 200

    (blob,) = service.blobs()
    assert blob.read_bytes() == DATA
    assert urls(admin.show(image["id"])) == urls(image)[:1]


def test_locations_of_an_image_that_has_none_are_set(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.create()
    places = [location(web.url(path), {"n": path}) for path in ("/other", "/data")]
    changed = alice.patch(image["id"], replace(*places))

    assert (changed.status_code, changed.json["status"]) == (200, "active")
    assert changed.json["locations"] == [
        location(web.url(path), {"n": path, "store": "web"}) for path in ("/other", "/data")
    ]


def test_a_replacement_changes_order_and_metadata(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.active()
    image = alice.patch(image["id"], add(web.url())).json
    first, second = image["locations"]
    second["metadata"] = {"speed": "88mph"}
    changed = alice.patch(image["id"], replace(second, first))

    assert changed.status_code == 200
    assert changed.json["locations"] == [
        location(web.url(), {"speed": "88mph", "store": "web"}),
        first,
    ]
    assert len(service.blobs()) == 1 and changed.json["size"] == len(DATA)


Places = Callable[[Web], list[dict[str, Any]]]
OTHERS: dict[str, Places] = {
    "fewer": lambda web: [location(web.url("/data"))],
    "more": lambda web: [location(web.url(path)) for path in ("/data", "/other", "/more")],
    "another": lambda web: [location(web.url(path)) for path in ("/data", "/more")],
    "one twice": lambda web: [
        location(web.url(path), {"n": n}) for n, path in enumerate(("/data", "/other", "/data"))
    ],
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_replacement_names_the_urls_that_there_are(
    service: Service, admin: Person, web: Web, name: str
) -> None:
    image = at(admin, web.url("/data"), web.url("/other"))

    refused(admin, image, 400, replace(*OTHERS[name](web)))


def test_all_locations_cannot_be_taken_away(service: Service, admin: Person, web: Web) -> None:
    for image in (admin.create(), at(admin, web.url())):
        refused(admin, image, 403, replace())


@pytest.mark.parametrize("metadata", [{}, {"n": 1}])
def test_a_url_is_added_once(
    service: Service, alice: Person, web: Web, metadata: dict[str, Any]
) -> None:
    image = at(alice, web.url())

    again = add(web.url(), metadata=metadata)
    assert web.url() in refused(alice, image, 400, again)
    refused(alice, alice.create(), 400, add(web.url()), again)
    refused(alice, alice.create(), 400, replace(location(web.url()), location(web.url())))


def test_a_fragment_tells_locations_apart(service: Service, alice: Person, web: Web) -> None:
    image = at(alice, web.url(), web.url() + "#new")

    assert urls(image) == [web.url(), web.url() + "#new"]


def test_the_locations_of_an_image_are_limited(make_shown: Any, web: Web) -> None:
    limited = make_shown(image_location_quota=2).person("p1", "member")
    image = at(limited, web.url("/data"), web.url("/other"))
    assert "image_location_quota" in refused(limited, image, 413, add(web.url("/more")))
    three = [location(web.url(path)) for path in ("/data", "/other", "/more")]
    refused(limited, limited.create(), 413, replace(*three))

    for quota, count in ((-1, 12), (0, 0)):
        person = make_shown(image_location_quota=quota).person("p1", "member")
        places = [web.url(f"/data#{number}") for number in range(count)]
        assert len(at(person, *places)["locations"]) == count
        if not quota:
            refused(person, person.create(), 413, add(web.url()))


def test_locations_count_as_stored_data(make_shown: Any, web: Web) -> None:
    alice = make_shown(user_storage_quota="25B").person("p1", "member")
    image = at(alice, web.url("/data"), web.url("/other"))

    assert "user_storage_quota" in refused(alice, image, 413, add(web.url("/more")))
    refused(alice, alice.create(), 413, replace(location(web.url("/more"))))
