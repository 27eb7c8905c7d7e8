"""Removing the copy of an image from one of several stores."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service, some_id
from places import DATA, Web, add, at, put_in_status, remove


@pytest.fixture
def copied(service: Service, admin: Person) -> dict[str, Any]:
    """An image of the administrator's with data in fast and in cheap."""
    image = admin.active()
    response = admin.import_(image["id"], "copy-image", stores=["cheap"])
    assert response.status_code == 202
    service.work()
    return admin.show(image["id"])


def path(store: str, image: dict[str, Any]) -> str:
    return f"/v2/stores/{store}/{image['id']}"


@pytest.mark.parametrize("store, left", [("fast", "cheap"), ("cheap", "fast")])
def test_a_copy_is_removed_with_its_data(
    service: Service, admin: Person, copied: dict[str, Any], store: str, left: str
) -> None:
    assert (copied["stores"], len(service.blobs())) == ("fast,cheap", 2)
    response = admin.delete(path(store, copied))

    assert (response.status_code, response.data) == (204, b"")
    shown = admin.show(copied["id"])
    assert (shown["stores"], shown["status"]) == (left, "active")
    (blob,) = service.blobs()
    assert blob.parent.name == left
    assert admin.get(f"/v2/images/{copied['id']}/file").data == DATA


def test_the_last_copy_stays_whichever_store_is_named(service: Service, admin: Person) -> None:
    image = admin.active()

    for store in ("fast", "cheap", "web"):
        assert admin.delete(path(store, image)).status_code == 403
    assert admin.get(f"/v2/images/{image['id']}/file").data == DATA


def test_a_copy_must_be_there(admin: Person, copied: dict[str, Any]) -> None:
    assert admin.delete(path("web", copied)).status_code == 404
    response = admin.delete(path("nosuch", copied))
    assert response.status_code == 409 and "nosuch" in response.text
    assert admin.delete(f"/v2/stores/fast/{some_id()}").status_code == 404
    assert admin.delete(f"/v2/stores/nosuch/{some_id()}").status_code == 409
    assert admin.delete(path("fast", copied), data=b"x").status_code == 400
    response = admin.get(path("fast", copied))
    assert (response.status_code, response.headers["Allow"]) == (405, "DELETE")
    assert admin.show(copied["id"]) == copied


@pytest.mark.parametrize(
    "status, code",
    [
        ("queued", 409),
        ("saving", 409),
        ("importing", 409),
        ("deactivated", 409),
        ("deleted", 404),
    ],
)
def test_only_of_an_active_image(
    service: Service, admin: Person, copied: dict[str, Any], status: str, code: int
) -> None:
    put_in_status(service, copied["id"], status)

    assert admin.delete(path("fast", copied)).status_code == code


@pytest.mark.parametrize(
    "project, roles, code",
    [("admin", ("member",), 403), ("p2", ("member",), 404), ("p2", ("admin",), 204)],
)
def test_only_an_administrator_removes_copies(
    service: Service, copied: dict[str, Any], project: str, roles: tuple[str, ...], code: int
) -> None:
    person = service.person(project, *roles)

    assert person.delete(path("fast", copied)).status_code == code


def test_of_several_locations_in_a_store_the_first_goes(
    service: Service, admin: Person, web: Web
) -> None:
    image = at(admin, web.url("/data"), web.url("/other"))
    assert image["stores"] == "web,web"
    assert admin.delete(path("web", image)).status_code == 204

    shown = admin.show(image["id"])
    assert [each["url"] for each in shown["locations"]] == [web.url("/other")]
    assert {method for method, _ in web.requests} == {"HEAD"}


def test_a_copy_can_be_made_where_one_was_removed(
    service: Service, admin: Person, copied: dict[str, Any]
) -> None:
    assert admin.patch(copied["id"], remove(0)).status_code == 200
    assert admin.show(copied["id"])["stores"] == "cheap"
    assert admin.import_(copied["id"], "copy-image", stores=["fast"]).status_code == 202
    service.work()

    assert admin.show(copied["id"])["stores"] == "cheap,fast"
    assert len(service.blobs()) == 2


def test_data_elsewhere_can_be_copied_into_a_store(
    service: Service, admin: Person, web: Web
) -> None:
    image = at(admin, web.url())
    assert admin.import_(image["id"], "copy-image", stores=["cheap"]).status_code == 202
    service.work()
    assert admin.show(image["id"])["stores"] == "web,cheap"
    assert admin.delete(path("web", image)).status_code == 204
    web.answers.clear()

    assert admin.get(f"/v2/images/{image['id']}/file").data == DATA


def test_with_one_store_there_are_no_copies(make_service: Any, web: Web) -> None:
    person = make_service().person("p1", "admin")

    assert person.delete(path("default", person.active())).status_code == 404


def test_a_location_can_be_added_to_uploaded_data(
    service: Service, admin: Person, web: Web
) -> None:
    image = admin.active()
    image = admin.patch(image["id"], add(web.url())).json
    assert admin.delete(path("fast", image)).status_code == 204

    assert not service.blobs()
    assert admin.get(f"/v2/images/{image['id']}/file").data == DATA
