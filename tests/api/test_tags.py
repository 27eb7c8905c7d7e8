"""Single tags of an image."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest
from people import Person, some_id
from scenes import LONG_AGO, make_old, put_in_status


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.create()


def tag(image: Any, text: str) -> str:
    image_id = image if isinstance(image, str) else image["id"]
    return f"/v2/images/{image_id}/tags/{text}"


def test_a_tag_is_given_and_taken(service: Any, alice: Person, image: Any) -> None:
    make_old(service, image["id"])

    response = alice.put(tag(image, "a"))
    assert (response.status_code, response.data) == (204, b"")
    assert alice.put(tag(image, "a")).status_code == 204
    assert alice.show(image["id"])["tags"] == ["a"]
    assert alice.show(image["id"])["updated_at"] > LONG_AGO
    make_old(service, image["id"])
    assert alice.delete(tag(image, "a")).status_code == 204
    assert alice.show(image["id"])["updated_at"] > LONG_AGO
    assert alice.delete(tag(image, "a")).status_code == 404
    assert alice.show(image["id"])["tags"] == []


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        " a ",
        "a,b",
        "a.b",
        "..x",
        "gabe@example.com",
        "a:b",
        "a;b",
        "a?b#c",
        "100%",
        "a+b",
        "größe",
        "日本語",
        "\u202eright to left",
        "';--",
        "<b>",
        "é",
        "e\u0301",
        "a" * 255,
        "ä" * 255,
    ],
)
def test_a_tag_is_stored_as_it_was_written(alice: Person, image: Any, text: str) -> None:
    path = tag(image, urllib.parse.quote(text, safe=""))

    assert alice.put(path).status_code == 204
    assert alice.show(image["id"])["tags"] == [text]
    found = alice.get("/v2/images?" + urllib.parse.urlencode({"tag": text.strip()}))
    assert [each["id"] for each in found.json["images"]] == (
        [image["id"]] if text == text.strip() else []
    )
    assert alice.delete(path).status_code == 204
    assert alice.show(image["id"])["tags"] == []


def test_percent_encoding_is_not_part_of_a_tag(alice: Person, image: Any) -> None:
    alice.put(tag(image, "gabe%40example.com"))
    alice.put(tag(image, "gr%C3%B6%C3%9Fe"))
    alice.put(tag(image, "%2525"))

    assert sorted(alice.show(image["id"])["tags"]) == ["%25", "gabe@example.com", "größe"]


@pytest.mark.parametrize(
    "text",
    ["a" * 256, "%F0%9F%98%80", "a%00b", "a%0Ab", "a%0D%0Ab", "a%09b", "%7F", "a%1Bb"],
)
def test_a_tag_that_cannot_be_one_is_refused(alice: Person, image: Any, text: str) -> None:
    assert alice.put(tag(image, text)).status_code == 400
    assert alice.show(image["id"])["tags"] == []


@pytest.mark.parametrize("text", ["\xff", "a\xc3", "\xc3("])
def test_a_tag_that_is_not_utf_8_is_refused(alice: Person, image: Any, text: str) -> None:
    # The test client cannot send such bytes in a path; a server hands them over like this.
    path = {"PATH_INFO": tag(image, text)}
    assert alice.put("/v2", environ_overrides=path).status_code == 400
    assert alice.show(image["id"])["tags"] == []


@pytest.mark.parametrize("text", ["a%2Fb", "%2F", "", "a/b"])
def test_a_slash_is_never_part_of_a_tag(alice: Person, image: Any, text: str) -> None:
    assert alice.put(tag(image, text)).status_code == 404
    assert alice.delete(tag(image, text)).status_code == 404
    assert alice.show(image["id"])["tags"] == []


def test_a_body_is_refused_before_anything_else(alice: Person, image: Any) -> None:
    for path in (tag(image, "a"), tag(some_id(), "a"), tag(image, "a" * 256)):
        assert alice.put(path, data=b"{}").status_code == 400
        assert alice.delete(path, data=b"{}").status_code == 400
    assert alice.show(image["id"])["tags"] == []


def test_tag_129_is_too_many(alice: Person) -> None:
    image = alice.create(tags=[f"t{number}" for number in range(128)])

    assert alice.put(tag(image, "new")).status_code == 413
    assert alice.show(image["id"]) == image
    assert alice.put(tag(image, "t0")).status_code == 204
    assert alice.delete(tag(image, "t0")).status_code == 204
    assert alice.put(tag(image, "new")).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_who_may_tag(
    alice: Person, alice_reader: Person, bob: Person, carol: Person, admin: Person, method: str
) -> None:
    private = alice.create(visibility="private", tags=["a"])
    shared = alice.create(tags=["a"])
    public = admin.create(visibility="public", owner=alice.project_id, tags=["a"])
    alice.share(shared["id"], bob.project_id)

    for person, image, code in (
        (carol, private, 404),
        (bob, private, 404),
        (carol, shared, 404),
        (bob, shared, 403),
        (carol, public, 403),
        (alice_reader, private, 403),
        (alice_reader, shared, 403),
        (admin, private, 204),
        (alice, shared, 204),
        (alice, public, 204),
    ):
        assert person.request(method, tag(image, "a")).status_code == code
    assert alice.request(method, tag(some_id(), "a")).status_code == 404


@pytest.mark.parametrize(
    "status, code",
    [
        *((s, 204) for s in ("queued", "saving", "uploading", "importing", "active", "killed")),
        ("deactivated", 204),
        ("pending_delete", 404),
        ("deleted", 404),
    ],
)
def test_tags_change_in_any_live_status(
    service: Any, alice: Person, status: str, code: int
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    assert alice.put(tag(image, "a")).status_code == code
    assert alice.delete(tag(image, "a")).status_code == code


def test_a_tag_can_not_be_read_or_posted(alice: Person, image: Any) -> None:
    for method in ("GET", "POST", "PATCH", "HEAD"):
        response = alice.request(method, tag(image, "a"))
        assert response.status_code == 405
        assert response.headers["Allow"] == "PUT, DELETE"


def test_the_tags_of_an_image_are_no_resource(alice: Person, image: Any) -> None:
    assert alice.get(f"/v2/images/{image['id']}/tags").status_code == 404
    assert alice.get(f"/v2/images/{image['id']}/tags/").status_code == 404
