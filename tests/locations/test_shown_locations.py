"""Who is shown where the data of an image is, and how."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service
from places import DATA, add, at, location, urls

from glance_shim.db import connection
from glance_shim.db import images as rows


def test_nothing_of_it_is_shown_unless_an_option_says_so(make_shown: Any, web: Any) -> None:
    service = make_shown(show_multiple_locations=False)
    alice, admin = service.person("p1", "member"), service.person("p9", "admin")
    image = alice.active()

    for person in (alice, admin):
        listed = person.get(f"/v2/images?name=&owner={image['owner']}").json["images"]
        for shown in (person.show(image["id"]), *listed, person.set(image["id"], name="").json):
            assert "locations" not in shown and "direct_url" not in shown


def test_an_image_without_data_has_no_locations(service: Service, alice: Person) -> None:
    image = alice.create()

    assert image["locations"] == alice.show(image["id"])["locations"] == []
    assert "direct_url" not in image and "stores" not in image


def test_every_answer_shows_the_locations(service: Service, alice: Person, web: Any) -> None:
    image = at(alice, web.url(), web.url("/other"))

    assert image["locations"] == [
        {"url": web.url(path), "metadata": {"store": "web"}} for path in ("/data", "/other")
    ]
    (listed,) = alice.get("/v2/images").json["images"]
    assert alice.show(image["id"]) == listed == image
    changed = alice.set(image["id"], name="other").json
    assert changed["locations"] == image["locations"]


def test_uploaded_data_has_a_location_too(service: Service, alice: Person) -> None:
    image = alice.active()

    (place,) = image["locations"]
    assert place["url"].startswith("file://") and place["metadata"] == {"store": "fast"}


def test_with_one_store_the_metadata_does_not_name_it(make_service: Any) -> None:
    alice = make_service(show_multiple_locations=True).person("p1", "member")

    (place,) = alice.active()["locations"]
    assert place["metadata"] == {}


def test_what_validates_the_data_is_not_shown(
    service: Service, alice: Person, web: Any
) -> None:
    image = alice.create()
    known = {"os_hash_algo": "sha512", "os_hash_value": "ab" * 64}
    shown = alice.patch(image["id"], add(web.url(), validation_data=known)).json

    assert shown["locations"] == [location(web.url(), {"store": "web"})]


def test_the_heaviest_store_comes_first(make_shown: Any, web: Any) -> None:
    service = make_shown(
        show_image_direct_url=True, fast={"weight": 1}, cheap={"weight": 0}, web={"weight": 5}
    )
    alice = service.person("p1", "member")
    image = alice.active(DATA)
    shown = alice.patch(image["id"], add(web.url())).json

    assert [each["metadata"]["store"] for each in shown["locations"]] == ["web", "fast"]
    assert shown["stores"] == "web,fast"
    assert shown["direct_url"] == web.url()


@pytest.mark.parametrize("multiple", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_each_of_both_options_shows_its_own(
    make_shown: Any, multiple: bool, direct: bool
) -> None:
    service = make_shown(show_multiple_locations=multiple, show_image_direct_url=direct)
    image = service.person("p1", "member").active()

    assert ("locations" in image, "direct_url" in image) == (multiple, direct)


# Who asks, whether they are shown where a public image of p1 is, and when it is deactivated.
SEEN = [
    ("p1", ("member",), True, False),
    ("p1", ("reader",), True, False),
    ("p2", ("member",), False, False),
    ("p2", ("service", "reader"), False, False),
    ("p2", ("admin",), True, True),
]


@pytest.mark.parametrize("project, roles, active, deactivated", SEEN)
def test_the_rule_and_the_status_say_who_sees_them(
    make_shown: Any, project: str, roles: tuple[str, ...], active: bool, deactivated: bool
) -> None:
    service = make_shown(show_image_direct_url=True)
    admin, person = service.person("p0", "admin"), service.person(project, *roles)
    image_id = service.person("p1", "member").active()["id"]
    admin.set(image_id, visibility="public")

    for visible, action in (
        (active, None),
        (deactivated, "deactivate"),
        (active, "reactivate"),
    ):
        if action:
            assert admin.post(f"/v2/images/{image_id}/actions/{action}").status_code == 204
        shown = person.show(image_id)
        assert len(shown["locations"]) == visible and ("direct_url" in shown) is visible
        assert shown["stores"] == "fast"


def test_a_change_to_a_deactivated_image_keeps_its_locations(
    service: Service, alice: Person, web: Any
) -> None:
    image = at(alice, web.url())
    path = f"/v2/images/{image['id']}/actions"
    assert alice.post(f"{path}/deactivate").status_code == 204
    changed = alice.set(image["id"], name="other")
    assert (changed.status_code, changed.json["locations"]) == (200, [])
    assert alice.post(f"{path}/reactivate").status_code == 204

    assert urls(alice.show(image["id"])) == urls(image)


def test_a_location_in_a_store_there_is_no_more_is_not_shown(
    service: Service, alice: Person, web: Any
) -> None:
    image = at(alice, web.url())
    with connection.connected(service.deployment.database), connection.writing():
        row = rows.find_any_for_change(image["id"])
        assert row is not None
        gone = rows.Location("gone", "x", {})
        rows.save(row, locations=[gone, *row.locations])

    assert urls(alice.show(image["id"])) == [web.url()]
    changed = alice.patch(image["id"], add(web.url("/other")))
    assert urls(changed.json) == [web.url(), web.url("/other")]
    with connection.connected(service.deployment.database):
        row = rows.find_any(image["id"])
    assert row is not None and gone in row.locations
