"""Who did what to an image, and who is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

from glance_shim.context import Context
from glance_shim.core import activity_log
from glance_shim.db import connection
from glance_shim.db.models.activity import ImageActivity


def entries(person: Person, image: dict[str, Any]) -> list[dict[str, Any]]:
    """What the person is told of the image, oldest first."""
    response = person.get(f"/v2/images/{image['id']}/activity")
    assert response.status_code == 200, response.text
    return response.json["activity"][::-1]


def actions(person: Person, image: dict[str, Any]) -> list[str]:
    return [entry["action"] for entry in entries(person, image)]


def what(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[name] for name in ("action", "member_id", "was", "became"))


def rows(service: Service) -> int:
    with connection.connected(service.deployment.database):
        return ImageActivity.select().count()


def act(person: Person, image: dict[str, Any], action: str) -> None:
    assert person.post(f"/v2/images/{image['id']}/actions/{action}").status_code == 204


def test_sharing_is_written_down_from_both_sides(alice: Person, bob: Person) -> None:
    image = alice.active(visibility="shared")
    alice.share(image["id"], bob.project_id)
    bob.answer(image["id"], "accepted")
    bob.answer(image["id"], "rejected")
    alice.delete(f"/v2/images/{image['id']}/members/{bob.project_id}")

    assert [what(entry) for entry in entries(alice, image)] == [
        ("created", None, None, None),
        ("uploaded", None, None, None),
        ("shared", bob.project_id, None, None),
        ("accepted", bob.project_id, "pending", None),
        ("rejected", bob.project_id, "accepted", None),
        ("unshared", bob.project_id, None, None),
    ]


def test_an_entry_says_who_when_and_by_which_request(service: Service, alice: Person) -> None:
    response = alice.post("/v2/images", json={"name": "golden"})

    [entry] = entries(alice, response.json)

    assert entry["user_name"].startswith("user") and entry["user_id"]
    assert (entry["project_id"], entry["project_name"]) == (alice.project_id, "p1")
    assert entry["created_at"] == response.json["created_at"]
    assert entry["request_id"] == response.headers["X-Openstack-Request-Id"]


def test_an_answer_of_an_administrator_counts_as_on_behalf(
    alice: Person, bob: Person, admin: Person
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)
    member = f"/v2/images/{image['id']}/members/{bob.project_id}"
    assert admin.put(member, json={"status": "accepted"}).status_code == 200
    bob.answer(image["id"], "rejected")

    accepted, rejected = entries(alice, image)[-2:]

    assert accepted["on_behalf"] and accepted["project_id"] == admin.project_id
    assert not rejected["on_behalf"] and rejected["project_id"] == bob.project_id


def test_an_answer_that_changes_nothing_is_no_entry(alice: Person, bob: Person) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)
    bob.answer(image["id"], "accepted")
    bob.answer(image["id"], "accepted")

    assert actions(alice, image) == ["created", "shared", "accepted"]


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"visibility": "private"}, [("visibility", None, "shared", "private")]),
        ({"name": "new"}, [("renamed", None, "old", "new")]),
        ({"protected": True}, [("protected", None, None, None)]),
        ({"os_hidden": True}, [("hidden", None, None, None)]),
        ({"min_ram": 5, "tags": ["a"]}, [("edited", None, None, "min_ram, tags")]),
        ({"name": "old"}, []),
        (
            {"name": "new", "min_disk": 1},
            [("renamed", None, "old", "new"), ("edited", None, None, "min_disk")],
        ),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_a_change_is_written_down_as_what_it_changed(
    alice: Person, change: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    image = alice.create(name="old")
    assert alice.set(image["id"], **change).status_code == 200

    assert sorted(map(what, entries(alice, image)[1:]), key=str) == sorted(expected, key=str)


def test_properties_are_not_named(alice: Person) -> None:
    # Their names may be protected from some of those who may see the activity.
    image = alice.create()
    alice.patch(image["id"], {"op": "add", "path": "/secret_name", "value": "v"})

    assert what(entries(alice, image)[-1]) == ("edited", None, None, "properties")


def test_tags_deactivation_and_a_new_owner_are_written_down(
    alice: Person, bob: Person, admin: Person
) -> None:
    image = alice.active()
    alice.put(f"/v2/images/{image['id']}/tags/a")
    alice.delete(f"/v2/images/{image['id']}/tags/a")
    act(alice, image, "deactivate")
    act(alice, image, "deactivate")
    act(admin, image, "reactivate")
    admin.set(image["id"], owner=bob.project_id)

    assert [what(entry) for entry in entries(bob, image)][2:] == [
        ("edited", None, None, "tags"),
        ("edited", None, None, "tags"),
        ("deactivated", None, None, None),
        ("reactivated", None, None, None),
        ("given", None, alice.project_id, bob.project_id),
    ]


def test_an_import_is_written_down_with_its_method(service: Service, alice: Person) -> None:
    image = alice.create()
    alice.stage(image["id"])
    alice.import_(image["id"])
    service.work()

    entry = entries(alice, image)[-1]

    assert what(entry) == ("imported", None, None, "glance-direct")
    assert entry["user_name"] and entry["request_id"]


def test_what_fails_leaves_no_entry(alice: Person, bob: Person) -> None:
    image = alice.create()
    bob.set(image["id"], name="mine")
    alice.set(image["id"], visibility="public")
    alice.share(image["id"], "p9")
    response = alice.post(f"/v2/images/{image['id']}/members", json={"member": "p9"})
    assert response.status_code == 409
    alice.upload(image["id"], b"short", **{"X-Openstack-Image-Size": "7"})

    assert actions(alice, image) == ["created", "shared"]


def test_a_member_is_told_only_what_concerns_its_membership(
    alice: Person, bob: Person, carol: Person
) -> None:
    image = alice.active()
    alice.share(image["id"], carol.project_id, bob.project_id)
    carol.answer(image["id"], "accepted")
    bob.answer(image["id"], "accepted")

    shared, accepted = entries(bob, image)

    assert (shared["action"], shared["project_id"]) == ("shared", alice.project_id)
    assert (shared["user_id"], shared["user_name"], shared["request_id"]) == (None, None, None)
    assert (accepted["action"], accepted["project_id"]) == ("accepted", bob.project_id)
    assert accepted["user_name"]


@pytest.mark.parametrize("visibility", ["community", "public"])
def test_who_only_sees_the_image_is_refused(
    alice: Person, bob: Person, admin: Person, visibility: str
) -> None:
    image = alice.create()
    admin.set(image["id"], visibility=visibility)

    response = bob.get(f"/v2/images/{image['id']}/activity")

    assert response.status_code == 403
    assert "get_image_activity" in response.json["error"]["message"]
    assert actions(admin, image)[0] == "created"


def test_who_does_not_see_the_image_is_told_that_there_is_none(
    alice: Person, bob: Person, nobody: Person
) -> None:
    image = alice.create(visibility="private")

    assert bob.get(f"/v2/images/{image['id']}/activity").status_code == 404
    assert nobody.get(f"/v2/images/{image['id']}/activity").status_code == 401


def test_a_deleted_image_takes_its_activity_along(service: Service, alice: Person) -> None:
    image = alice.create()
    assert rows(service) == 1
    alice.delete(f"/v2/images/{image['id']}")

    assert rows(service) == 0


def test_only_the_last_entries_are_shown_and_kept(make_service: Any) -> None:
    service = make_service(image_activity_quota=5)
    alice = service.person("p1", "member")
    image, other = alice.create(), alice.create()
    for number in range(40):
        alice.set(image["id"], name=str(number))

    assert [entry["became"] for entry in entries(alice, image)] == [
        "35",
        "36",
        "37",
        "38",
        "39",
    ]
    # It is trimmed now and then only.
    assert rows(service) <= 5 + 16 + 1
    assert actions(alice, other) == ["created"]


def test_nothing_is_written_down_where_nothing_is_kept(make_service: Any) -> None:
    service = make_service(image_activity_quota=0)
    alice = service.person("p1", "member")
    image = alice.create()

    assert entries(alice, image) == []
    assert rows(service) == 0


def test_a_name_that_is_too_long_for_its_column_is_cut(service: Service, alice: Person) -> None:
    # Where a front says who is asking, names may have any length.
    image = alice.create()
    context = Context(service.deployment, user_name="é" * 300, request_id="req-1")
    with connection.connected(service.deployment.database), connection.writing():
        activity_log.add(context, image["id"], {"action": "uploaded"})

    assert entries(alice, image)[-1]["user_name"] == "é" * 254 + "…"
