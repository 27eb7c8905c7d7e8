"""Members: the projects an image is offered to."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from people import Person, some_id
from scenes import LONG_AGO, file_of, make_old, put_in_status

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.active()


@pytest.fixture
def shared(alice: Person, bob: Person, image: dict[str, Any]) -> dict[str, Any]:
    """An image that is offered to bob's project and to one more."""
    alice.share(image["id"], bob.project_id, "other")
    return image


def members(image: Any, member: str | None = None) -> str:
    image_id = image if isinstance(image, str) else image["id"]
    return f"/v2/images/{image_id}/members" + (f"/{member}" if member is not None else "")


def named(response: Any) -> list[str]:
    """The member ids in a list."""
    assert response.status_code == 200
    return sorted(member["member_id"] for member in response.json["members"])


def test_an_offer_is_pending_at_first(alice: Person, bob: Person, image: Any) -> None:
    response = alice.post(
        members(image), json={"member": bob.project_id, "status": "accepted", "x": 1}
    )

    assert response.status_code == 200
    assert response.content_type == "application/json"
    member = response.json
    assert TIME.fullmatch(member.pop("created_at"))
    assert TIME.fullmatch(member.pop("updated_at"))
    assert member == {
        "member_id": bob.project_id,
        "image_id": image["id"],
        "status": "pending",
        "schema": "/v2/schemas/member",
    }


def test_members_are_listed_and_shown(alice: Person, bob: Person, shared: Any) -> None:
    response = alice.get(members(shared))

    assert named(response) == sorted([bob.project_id, "other"])
    assert set(response.json) == {"members", "schema"}
    assert response.json["schema"] == "/v2/schemas/members"
    for member in response.json["members"]:
        assert alice.get(members(shared, member["member_id"])).json == member


def test_an_image_without_members_has_an_empty_list(alice: Person, image: Any) -> None:
    assert alice.get(members(image)).json == {"members": [], "schema": "/v2/schemas/members"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"p"',
        b"5",
        b"[]",
        b'["p"]',
        b"{}",
        b'{"member_id": "p"}',
        b'{"member": ""}',
        b'{"member": null}',
        b'{"member": 5}',
        b'{"member": true}',
        b'{"member": ["p"]}',
        b'{"member": {"id": "p"}}',
        b'{"member": "\\ud83d\\ude00"}',
        b'{"member": "a\\nb"}',
        b'{"member": "a\\u0000b"}',
        json.dumps({"member": "a" * 256}).encode(),
    ],
)
def test_an_offer_to_nobody_is_refused_before_the_image_is_looked_up(
    alice: Person, image: Any, body: bytes
) -> None:
    for image_id in (image["id"], some_id()):
        response = alice.post(members(image_id), data=body, content_type="application/json")
        assert response.status_code == 400
    assert named(alice.get(members(image))) == []


@pytest.mark.parametrize("member", ["p", "a" * 255, "';--", "nosuch project", "größe", "a.b@c"])
def test_nothing_checks_that_a_project_exists(alice: Person, image: Any, member: str) -> None:
    assert alice.post(members(image), json={"member": member}).status_code == 200
    assert named(alice.get(members(image))) == [member]
    assert alice.get(members(image, member)).json["member_id"] == member
    assert alice.delete(members(image, member)).status_code == 204
    assert named(alice.get(members(image))) == []


def test_the_content_type_of_an_offer_does_not_matter(alice: Person, image: Any) -> None:
    body = b'{"member": "p"}'

    assert alice.post(members(image), data=body, content_type="text/plain").status_code == 200


def test_an_offer_is_made_once(alice: Person, bob: Person, shared: Any) -> None:
    bob.answer(shared["id"], "accepted")

    for person in (alice,):
        response = person.post(members(shared), json={"member": bob.project_id})
        assert response.status_code == 409
    assert alice.get(members(shared, bob.project_id)).json["status"] == "accepted"


def test_an_offer_taken_back_and_made_again_is_pending(
    alice: Person, bob: Person, shared: Any
) -> None:
    bob.answer(shared["id"], "accepted")

    assert alice.delete(members(shared, bob.project_id)).status_code == 204
    assert bob.get(f"/v2/images/{shared['id']}").status_code == 404
    assert alice.delete(members(shared, bob.project_id)).status_code == 404
    response = alice.post(members(shared), json={"member": bob.project_id})
    assert (response.status_code, response.json["status"]) == (200, "pending")


@pytest.mark.parametrize("visibility", ["private", "community", "public"])
def test_only_shared_images_have_members(
    alice: Person, bob: Person, carol: Person, admin: Person, shared: Any, visibility: str
) -> None:
    bob.answer(shared["id"], "accepted")
    admin.set(shared["id"], visibility=visibility)

    others = 404 if visibility == "private" else 403
    for person, code in ((alice, 403), (admin, 403), (bob, others), (carol, others)):
        assert person.get(members(shared)).status_code == code
        assert person.post(members(shared), json={"member": "new"}).status_code == code
        path = members(shared, bob.project_id)
        assert person.get(path).status_code == 404
        assert person.put(path, json={"status": "pending"}).status_code == code
        assert person.delete(path).status_code == code
    admin.set(shared["id"], visibility="shared")
    assert named(alice.get(members(shared))) == sorted([bob.project_id, "other"])
    assert alice.get(members(shared, bob.project_id)).json["status"] == "accepted"


def test_a_private_image_is_out_of_reach_for_its_members_until_it_is_shared_again(
    alice: Person, bob: Person, shared: Any
) -> None:
    bob.answer(shared["id"], "accepted")

    alice.set(shared["id"], visibility="private")
    assert bob.get(f"/v2/images/{shared['id']}").status_code == 404
    assert shared["id"] not in bob.ids()
    alice.set(shared["id"], visibility="shared")
    assert bob.get(f"/v2/images/{shared['id']}").status_code == 200
    assert shared["id"] in bob.ids()


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected"])
def test_a_member_answers_and_may_think_again(
    service: Any, alice: Person, bob: Person, shared: Any, status: str
) -> None:
    make_old(service, shared["id"])
    path = members(shared, bob.project_id)
    for answer in ("rejected", status, status):
        response = bob.put(path, json={"status": answer, "x": 1})
        assert response.status_code == 200
        assert response.json["status"] == answer
        assert response.json["schema"] == "/v2/schemas/member"

    assert alice.get(path).json == response.json
    # Whatever the answer, the image can be read and downloaded.
    assert bob.get(file_of(shared)).status_code == 200
    assert (shared["id"] in bob.ids()) is (status == "accepted")
    assert alice.show(shared["id"])["updated_at"] == LONG_AGO


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'["accepted"]', b'"accepted"', b"null", b"{}", b'{"x": 1}']
)
def test_an_answer_without_a_status_is_refused(bob: Person, shared: Any, body: bytes) -> None:
    path = members(shared, bob.project_id)

    assert bob.put(path, data=body, content_type="application/json").status_code == 400
    assert bob.get(path).json["status"] == "pending"


@pytest.mark.parametrize("status", ["ACCEPTED", "maybe", "", "accepted ", None, 5, True, ["x"]])
def test_an_answer_that_is_none_is_refused_after_the_rights(
    alice: Person, bob: Person, carol: Person, shared: Any, status: Any
) -> None:
    path = members(shared, bob.project_id)

    assert bob.put(path, json={"status": status}).status_code == 400
    assert alice.put(path, json={"status": status}).status_code == 403
    assert carol.put(path, json={"status": status}).status_code == 404
    assert alice.put(members(shared, "no"), json={"status": status}).status_code == 404
    assert bob.get(path).json["status"] == "pending"


def test_the_owner_does_not_answer_for_the_member(
    alice: Person, bob: Person, shared: Any
) -> None:
    path = members(shared, bob.project_id)

    assert alice.put(path, json={"status": "accepted"}).status_code == 403
    assert bob.get(path).json["status"] == "pending"


def test_the_owner_does_not_answer_for_its_own_project_either(
    alice: Person, image: Any
) -> None:
    alice.share(image["id"], alice.project_id)

    response = alice.put(members(image, alice.project_id), json={"status": "accepted"})

    assert response.status_code == 403
    assert alice.upload(alice.create()["id"]).status_code == 204
    assert alice.set(image["id"], name="still mine").status_code == 200


def test_who_sees_and_does_what_with_members(
    service: Any,
    alice: Person,
    alice_reader: Person,
    bob: Person,
    bob_reader: Person,
    carol: Person,
    admin: Person,
    shared: Any,
) -> None:
    stranger_reader = service.person("p3", "reader")
    everybody = (alice, alice_reader, admin, bob, bob_reader, carol, stranger_reader)

    def codes(act: Any) -> list[int]:
        return [act(person).status_code for person in everybody]

    mine, other, no = (members(shared, name) for name in (bob.project_id, "other", "no"))
    accepted = {"json": {"status": "accepted"}}
    again = {"json": {"member": "other"}}
    new = [{"json": {"member": f"new{number}"}} for number in range(len(everybody))]

    assert codes(lambda p: p.get(members(shared))) == [200, 200, 200, 200, 200, 404, 404]
    for person in (alice, alice_reader, admin):
        assert named(person.get(members(shared))) == sorted([bob.project_id, "other"])
    for person in (bob, bob_reader):
        assert named(person.get(members(shared))) == [bob.project_id]
    assert codes(lambda p: p.get(mine)) == [200, 200, 200, 200, 200, 404, 404]
    assert codes(lambda p: p.get(other)) == [200, 200, 200, 404, 404, 404, 404]
    assert codes(lambda p: p.get(no)) == [404] * 7
    assert codes(lambda p: p.post(members(shared), **again)) == [
        409,
        403,
        409,
        403,
        403,
        404,
        404,
    ]
    assert codes(lambda p: p.post(members(shared), **new.pop())) == [
        200,
        403,
        200,
        403,
        403,
        404,
        404,
    ]
    assert codes(lambda p: p.put(mine, **accepted)) == [403, 403, 200, 200, 403, 404, 404]
    assert codes(lambda p: p.put(other, **accepted)) == [403, 403, 200, 404, 404, 404, 404]
    assert codes(lambda p: p.put(no, **accepted)) == [404] * 7
    assert codes(lambda p: p.delete(no)) == [404] * 7
    assert [p.delete(mine).status_code for p in (bob, bob_reader, carol, alice_reader)] == [
        403,
        403,
        404,
        403,
    ]
    assert bob.delete(other).status_code == 404
    assert alice.delete(mine).status_code == 204
    assert admin.delete(other).status_code == 204


def test_members_of_an_unknown_image_are_not_found(alice: Person) -> None:
    for image_id in (some_id(), "nope"):
        assert alice.get(members(image_id)).status_code == 404
        assert alice.post(members(image_id), json={"member": "p"}).status_code == 404
        assert alice.get(members(image_id, "p")).status_code == 404
        assert alice.put(members(image_id, "p"), json={"status": "x"}).status_code == 404
        assert alice.delete(members(image_id, "p")).status_code == 404


def test_calls_without_a_body_refuse_one_before_anything_else(alice: Person) -> None:
    for path in (members(some_id()), members(some_id(), "p")):
        assert alice.get(path, data=b"{}").status_code == 400
    assert alice.delete(members(some_id(), "p"), data=b"{}").status_code == 400


def test_member_129_is_too_many_even_if_it_is_one_already(alice: Person, image: Any) -> None:
    alice.share(image["id"], *(f"p{number}" for number in range(128)))

    assert alice.post(members(image), json={"member": "new"}).status_code == 413
    assert alice.post(members(image), json={"member": "p0"}).status_code == 413
    assert len(alice.get(members(image)).json["members"]) == 128
    assert alice.delete(members(image, "p0")).status_code == 204
    assert alice.post(members(image), json={"member": "new"}).status_code == 200


def test_a_member_can_neither_change_nor_delete_nor_tag_the_image(
    bob: Person, shared: Any
) -> None:
    bob.answer(shared["id"], "accepted")

    for visibility in ("public", "community", "private"):
        assert bob.set(shared["id"], visibility=visibility).status_code == 403
    assert bob.delete(f"/v2/images/{shared['id']}").status_code == 403
    assert bob.put(f"/v2/images/{shared['id']}/tags/x").status_code == 403
    assert bob.post(members(shared), json={"member": "friend"}).status_code == 403


@pytest.mark.parametrize(
    "status, code",
    [
        *((s, 200) for s in ("queued", "saving", "uploading", "importing", "deactivated")),
        ("killed", 200),
        ("pending_delete", 404),
        ("deleted", 404),
    ],
)
def test_an_image_is_offered_in_any_live_status(
    service: Any, alice: Person, status: str, code: int
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    assert alice.post(members(image), json={"member": "p"}).status_code == code


def test_deleting_an_image_ends_its_memberships(
    alice: Person, bob: Person, shared: Any
) -> None:
    alice.delete(f"/v2/images/{shared['id']}")

    assert bob.get(members(shared, bob.project_id)).status_code == 404
    assert alice.get(members(shared)).status_code == 404
