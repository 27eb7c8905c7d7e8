"""Hidden images: out of the lists, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person
from scenes import DATA, file_of, put_in_status


@pytest.fixture
def hidden(alice: Person) -> dict[str, Any]:
    return alice.active(os_hidden=True)


@pytest.mark.parametrize("visibility", ["private", "shared", "community", "public"])
def test_a_hidden_image_is_in_nobodys_usual_list(
    alice: Person, bob: Person, carol: Person, admin: Person, hidden: Any, visibility: str
) -> None:
    alice.share(hidden["id"], bob.project_id)
    bob.answer(hidden["id"], "accepted")
    admin.set(hidden["id"], visibility=visibility)

    for person in (alice, bob, carol, admin):
        assert person.ids() == []
        assert person.ids("?visibility=all") == []
        assert person.ids("?os_hidden=false") == []


def test_hidden_images_are_listed_for_who_asks_for_them_and_no_others(
    alice: Person, bob: Person, carol: Person, admin: Person, hidden: Any
) -> None:
    alice.share(hidden["id"], bob.project_id)
    alice.create()

    for person in (alice, admin):
        assert person.ids("?os_hidden=true") == [hidden["id"]]
    assert bob.ids("?os_hidden=true") == []
    assert bob.ids("?os_hidden=true&member_status=pending") == [hidden["id"]]
    assert carol.ids("?os_hidden=true&visibility=all") == []
    assert alice.ids(f"?os_hidden=true&name={hidden['id']}") == []


def test_a_hidden_image_can_be_used_like_any_other(
    alice: Person, bob: Person, carol: Person, hidden: Any
) -> None:
    path = f"/v2/images/{hidden['id']}"
    alice.share(hidden["id"], bob.project_id)

    for person in (alice, bob):
        assert person.show(hidden["id"])["os_hidden"] is True
        assert person.get(file_of(hidden)).data == DATA
    assert carol.get(path).status_code == 404
    bob.answer(hidden["id"], "accepted")
    assert alice.put(f"{path}/tags/x").status_code == 204
    assert alice.set(hidden["id"], name="x").status_code == 200
    assert alice.post(f"{path}/actions/deactivate").status_code == 204
    assert alice.delete(path).status_code == 204


def test_an_image_is_hidden_and_shown_again_by_a_change(alice: Person) -> None:
    image = alice.active()

    assert alice.set(image["id"], os_hidden=True).json["os_hidden"] is True
    assert alice.ids() == []
    assert alice.set(image["id"], os_hidden=False).json["os_hidden"] is False
    assert alice.ids() == [image["id"]]


@pytest.mark.parametrize(
    "status",
    ["queued", "saving", "uploading", "importing", "active", "deactivated", "killed"],
)
def test_an_image_is_hidden_in_any_status(service: Any, alice: Person, status: str) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    assert alice.set(image["id"], os_hidden=True).json["os_hidden"] is True


def test_only_who_may_change_an_image_hides_it(
    alice: Person, alice_reader: Person, bob: Person, carol: Person, admin: Person
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)

    assert alice_reader.set(image["id"], os_hidden=True).status_code == 403
    assert bob.set(image["id"], os_hidden=True).status_code == 403
    assert carol.set(image["id"], os_hidden=True).status_code == 404
    assert admin.set(image["id"], os_hidden=True).status_code == 200
