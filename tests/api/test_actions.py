"""Actions: taking an image out of use, and back."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, some_id
from scenes import DATA, LONG_AGO, file_of, make_old, put_in_status


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.active()


def action(image: Any, name: str) -> str:
    image_id = image if isinstance(image, str) else image["id"]
    return f"/v2/images/{image_id}/actions/{name}"


def test_a_deactivated_image_cannot_be_downloaded_until_it_is_reactivated(
    service: Any, alice: Person, admin: Person, image: Any
) -> None:
    make_old(service, image["id"])

    response = alice.post(action(image, "deactivate"))
    assert (response.status_code, response.data) == (204, b"")
    assert alice.show(image["id"])["status"] == "deactivated"
    assert alice.show(image["id"])["updated_at"] > LONG_AGO
    assert alice.get(file_of(image)).status_code == 403
    assert admin.get(file_of(image)).data == DATA

    assert alice.post(action(image, "reactivate")).status_code == 204
    assert alice.show(image["id"])["status"] == "active"
    assert alice.get(file_of(image)).data == DATA


@pytest.mark.parametrize(
    "name, status", [("deactivate", "deactivated"), ("reactivate", "active")]
)
def test_an_action_done_twice_changes_nothing(
    service: Any, alice: Person, image: Any, name: str, status: str
) -> None:
    alice.post(action(image, "deactivate"))
    assert alice.post(action(image, name)).status_code == 204
    make_old(service, image["id"])

    assert alice.post(action(image, name)).status_code == 204
    shown = alice.show(image["id"])
    assert (shown["status"], shown["updated_at"]) == (status, LONG_AGO)


@pytest.mark.parametrize("name", ["deactivate", "reactivate"])
@pytest.mark.parametrize(
    "status, code",
    [
        *((s, 403) for s in ("queued", "saving", "uploading", "importing", "killed")),
        ("pending_delete", 404),
        ("deleted", 404),
    ],
)
def test_an_image_without_data_has_no_actions(
    service: Any, alice: Person, admin: Person, name: str, status: str, code: int
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    assert alice.post(action(image, name)).status_code == code
    assert admin.post(action(image, name)).status_code == code
    if code == 403:
        assert alice.show(image["id"])["status"] == status


@pytest.mark.parametrize("name", ["deactivate", "reactivate"])
def test_a_body_is_refused_before_anything_else(alice: Person, image: Any, name: str) -> None:
    assert alice.post(action(image, name), json={}).status_code == 400
    assert alice.post(action(some_id(), name), data=b"x").status_code == 400
    assert alice.show(image["id"])["status"] == "active"


@pytest.mark.parametrize("name", ["deactivate", "reactivate"])
def test_who_may_act(
    alice: Person,
    alice_reader: Person,
    bob: Person,
    bob_reader: Person,
    carol: Person,
    admin: Person,
    name: str,
) -> None:
    image = alice.active()
    alice.share(image["id"], bob.project_id)
    everybody = (alice, admin, alice_reader, bob, bob_reader, carol)

    def codes() -> list[int]:
        return [person.post(action(image, name)).status_code for person in everybody]

    assert codes() == [204, 204, 403, 403, 403, 404]
    admin.set(image["id"], visibility="private")
    assert codes() == [204, 204, 403, 404, 404, 404]
    admin.set(image["id"], visibility="public")
    assert codes() == [204, 204, 403, 403, 403, 403]


@pytest.mark.parametrize("name", ["nosuch", "Deactivate", "deactivate/x", "delete", ""])
def test_other_actions_are_not_found(alice: Person, image: Any, name: str) -> None:
    assert alice.post(action(image, name)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["deactivate", "reactivate"])
def test_actions_are_only_posted(alice: Person, image: Any, name: str, method: str) -> None:
    response = alice.request(method, action(image, name))

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


def test_a_deactivated_image_can_be_changed_shared_and_deleted(
    alice: Person, bob: Person, image: Any
) -> None:
    alice.post(action(image, "deactivate"))

    assert alice.set(image["id"], name="changed", tags=["x"]).status_code == 200
    alice.share(image["id"], bob.project_id)
    assert bob.show(image["id"])["status"] == "deactivated"
    assert alice.post(action(image, "reactivate")).status_code == 204
    assert alice.get(file_of(image)).data == DATA
    alice.post(action(image, "deactivate"))
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204


def test_the_address_of_deactivated_data_is_for_administrators(make_service: Any) -> None:
    service = make_service(show_image_direct_url=True)
    alice, admin = service.person("p1", "member"), service.person("admin", "admin")
    image = alice.active()
    assert image["direct_url"]

    alice.post(action(image, "deactivate"))

    assert "direct_url" not in alice.show(image["id"])
    assert admin.show(image["id"])["direct_url"] == image["direct_url"]
    alice.set(image["id"], name="changed")
    alice.post(action(image, "reactivate"))
    assert alice.show(image["id"])["direct_url"] == image["direct_url"]
