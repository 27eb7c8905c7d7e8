"""When locations may be changed by a patch, by whom, and to what."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service, some_id
from places import Web, add, at, location, put_in_status, refused, remove, replace, urls

# Status, and what an administrator's add, replace (of none, or by the same) and remove get.
STATUSES = [
    ("queued", 200, 200, 409),
    ("saving", 409, 409, 409),
    ("uploading", 409, 409, 409),
    ("importing", 409, 409, 409),
    ("active", 200, 200, 200),
    ("deactivated", 409, 409, 409),
    ("killed", 409, 409, 409),
    ("pending_delete", 404, 404, 404),
    ("deleted", 404, 404, 404),
]


@pytest.mark.parametrize("status, added, replaced, removed", STATUSES)
def test_the_status_decides_what_is_possible(
    service: Service,
    admin: Person,
    web: Web,
    status: str,
    added: int,
    replaced: int,
    removed: int,
) -> None:
    has_data = status in ("active", "deactivated", "pending_delete", "deleted")
    places = [web.url("/data"), web.url("/other")] if has_data else []
    for operation, code in (
        (add(web.url("/more")), added),
        (replace(*map(location, places or [web.url()])), replaced),
        (remove(0), removed),
    ):
        image_id = at(admin, *places)["id"]
        put_in_status(service, image_id, status)
        response = admin.patch(image_id, operation)
        assert response.status_code == code, response.text
        if code == 409:
            assert status in response.text
            assert admin.show(image_id)["status"] == status


# Who asks about a public image of p1: add or replace, and remove.
PERSONS = [
    ("p1", ("member",), 200, 403),
    ("p1", ("reader",), 403, 403),
    ("p2", ("member",), 403, 403),
    ("p2", ("service", "reader"), 403, 403),
    ("p2", ("admin",), 200, 200),
]


@pytest.mark.parametrize("project, roles, set_, removed", PERSONS)
def test_rules_say_who_may(
    service: Service,
    admin: Person,
    web: Web,
    project: str,
    roles: tuple[str, ...],
    set_: int,
    removed: int,
) -> None:
    image = at(service.person("p1", "member"), web.url("/data"), web.url("/other"))
    admin.set(image["id"], visibility="public")
    person = service.person(project, *roles)
    same = [location(url) for url in urls(image)]

    assert person.patch(image["id"], replace(*same)).status_code == set_
    assert person.patch(image["id"], add(web.url("/more"))).status_code == set_
    assert person.patch(image["id"], remove(0)).status_code == removed
    # Nobody is let ask a server who may not add it.
    asked = [path for _, path in web.requests]
    assert ("/more" in asked) is (set_ == 200)


def test_an_image_that_cannot_be_seen_is_not_there(
    service: Service, alice: Person, carol: Person, web: Web
) -> None:
    image = at(alice, web.url())

    for image_id in (image["id"], some_id()):
        assert carol.patch(image_id, add(web.url("/more"))).status_code == 404


def test_locations_have_rules_of_their_own(make_shown: Any, web: Web, tmp_path: Any) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text('modify_image: "!"\n')
    alice = make_shown(oslo_policy={"policy_file": str(policy)}).person("p1", "member")
    image = at(alice, web.url())

    both = ({"op": "replace", "path": "/name", "value": "x"}, add(web.url("/more")))
    assert "modify_image" in refused(alice, image, 403, *both)


@pytest.mark.parametrize("persons", ["member", "admin"])
def test_without_the_option_nobody_changes_anything(
    make_shown: Any, web: Web, persons: str
) -> None:
    person = make_shown(show_multiple_locations=False).person("p1", persons)
    for image in (person.create(), person.active()):
        for operation in (
            add(web.url()),
            add(web.url(), 0),
            replace(location(web.url())),
            replace(),
            remove(0),
            remove("-"),
        ):
            text = refused(person, image, 403, operation)
            assert persons != "admin" or "show_multiple_locations" in text
    assert not web.requests


@pytest.mark.parametrize("missing", ["disk_format", "container_format"])
def test_an_image_with_data_has_formats(
    service: Service, alice: Person, web: Web, missing: str
) -> None:
    image = alice.create(**{missing: None})
    assert missing in refused(alice, image, 400, add(web.url()))
    assert not web.requests

    value = {"disk_format": "raw", "container_format": "bare"}[missing]
    setting = {"op": "replace", "path": f"/{missing}", "value": value}
    assert missing in refused(alice, image, 400, add(web.url()), setting)
    both = alice.patch(image["id"], setting, add(web.url()))
    assert (both.status_code, both.json["status"]) == (200, "active")


def test_operations_see_what_those_before_have_done(
    service: Service, admin: Person, web: Web
) -> None:
    image = admin.create()
    frozen = {"op": "replace", "path": "/disk_format", "value": "raw"}
    refused(admin, image, 403, add(web.url()), frozen)
    refused(admin, image, 403, add(web.url()), remove(0))
    refused(admin, image, 409, remove(0), add(web.url()))

    both = (add(web.url("/data")), add(web.url("/other"), 0), remove(1))
    changed = admin.patch(image["id"], *both)
    assert urls(changed.json) == [web.url("/other")]


def test_nothing_is_stored_when_a_later_operation_fails(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.create()
    missing = {"op": "remove", "path": "/nosuch"}

    refused(alice, image, 409, add(web.url()), missing)
    assert not web.requests


def test_an_image_that_is_being_imported_takes_no_location(
    service: Service, alice: Person, web: Web
) -> None:
    image_id = alice.create()["id"]
    download = {"name": "web-download", "uri": web.url()}
    assert alice.import_(image_id, download).status_code == 202

    assert "imported" in refused(alice, alice.show(image_id), 409, add(web.url("/other")))
    service.work()
    assert alice.show(image_id)["stores"] == "fast"
    assert alice.patch(image_id, add(web.url("/other"))).json["stores"] == "fast,web"


def test_two_changes_at_once_both_count(service: Service, alice: Person, web: Web) -> None:
    image = at(alice, web.url())

    def another(source: Any) -> None:
        # The first request waits for this answer, and holds no transaction meanwhile.
        del web.answers["/more"]
        assert alice_again.patch(image["id"], add(web.url("/other"))).status_code == 200
        web.answers["/more"] = b"0123456789"
        source.reply(200, b"0123456789")

    alice_again = service.person("p1", "member")
    web.answers["/more"] = another
    changed = alice.patch(image["id"], add(web.url("/more")))

    assert changed.status_code == 200
    assert urls(changed.json) == [web.url(path) for path in ("/data", "/other", "/more")]


def test_an_image_that_got_data_meanwhile_keeps_it(
    service: Service, alice: Person, web: Web
) -> None:
    image_id = alice.create()["id"]

    def uploaded(source: Any) -> None:
        web.answers["/more"] = b"01234"
        assert alice.upload(image_id, b"mine").status_code == 204
        source.reply(200, b"01234")

    web.answers["/more"] = uploaded
    changed = alice.patch(image_id, add(web.url("/more")))

    assert (changed.status_code, alice.show(image_id)["stores"]) == (400, "fast")
    assert alice.get(f"/v2/images/{image_id}/file").data == b"mine"
    assert len(service.blobs()) == 1
