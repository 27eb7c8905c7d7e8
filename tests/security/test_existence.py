"""What cannot be seen is not there, whatever is asked and by whichever call."""

from __future__ import annotations

from typing import Any

import pytest
import routes
from people import Person, Service, some_id

from glance_shim.db import connection
from glance_shim.db.models.base import Base


@pytest.fixture
def service(make_service: Any, tmp_path: Any) -> Service:
    """With every part of the API: several stores, a cache, anybody who may use it."""
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file", "web": "http"},
        image_cache_dir=str(tmp_path / "cache"),
        show_multiple_locations=True,
    )


def seen(response: Any, *ids: str) -> tuple[Any, ...]:
    """All of an answer, without what names the request and the image."""
    text, headers = response.get_data(as_text=True), dict(response.headers)
    headers.pop("X-Openstack-Request-Id")
    for each in ids:
        text = text.replace(each, "ID")
    return response.status_code, sorted(headers.items()), text


def answers(service: Service, person: Person, image_id: str, **ids: str) -> dict[str, Any]:
    """What this person is told of an image by every call that names one."""
    told = {}
    for method, path, body in routes.calls(service, image_id="IMAGE", store_id="fast", **ids):
        if "IMAGE" in path:
            response = person.request(method, path.replace("IMAGE", image_id), **body)
            told[f"{method} {path}"] = seen(response, image_id)
    return told


def rows(service: Service) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with connection.connected(service.deployment.database):
        return {
            model.__name__: sorted(map(repr, model.select().dicts()))
            for model in Base.__subclasses__()
        }


@pytest.mark.parametrize("roles", [("member",), ("reader",), ("service",)], ids=str)
@pytest.mark.parametrize("visibility", ["private", "shared"])
def test_T_IDOR_2_what_cannot_be_seen_is_as_what_never_was(
    service: Service, alice: Person, bob: Person, visibility: str, roles: tuple[str, ...]
) -> None:
    theirs = alice.active(visibility=visibility)["id"]
    deleted = alice.active(visibility=visibility)["id"]
    assert alice.delete(f"/v2/images/{deleted}").status_code == 204
    if visibility == "shared":
        alice.share(theirs, str(bob.project_id))
    stranger = service.person("p9", *roles)
    before = rows(service)

    never = answers(service, stranger, some_id(), member_id=str(bob.project_id))

    for image_id in (theirs, deleted):
        assert answers(service, stranger, image_id, member_id=str(bob.project_id)) == never
    assert len(never) > 20
    assert {answer[0] for answer in never.values()} <= {403, 404}
    assert rows(service) == before


def test_T_IDOR_3_a_taken_id_is_refused_alike_whoever_has_or_had_it(
    service: Service, alice: Person, bob: Person
) -> None:
    own, theirs, deleted = bob.create()["id"], alice.create()["id"], alice.active()["id"]
    assert alice.delete(f"/v2/images/{deleted}").status_code == 204

    told = [
        seen(bob.post("/v2/images", json={"id": each}), each) for each in (own, theirs, deleted)
    ]

    assert told[0][0] == 409 and told[0] == told[1] == told[2]


LISTS = [
    "owner={p1}",
    "visibility=all",
    "visibility=private",
    "visibility=shared",
    "member_status=all",
    "visibility=shared&member_status=all",
    "deleted=true",
    "is_public=None",
    "project_id={p1}",
    "all_projects=1",
    "all_tenants=1",
    "tenant={p1}",
    "id=in:{ids}",
    "id={id}",
    "name=secret",
    "os_hidden=true",
    "checksum={checksum}",
    "os_hash_value={os_hash_value}",
    "tag=secret",
    "colour=secret",
    "status=active",
]


@pytest.mark.parametrize("query", LISTS)
def test_P_05_no_filter_shows_what_cannot_be_seen(
    service: Service, alice: Person, bob: Person, query: str
) -> None:
    secret = {"name": "secret", "tags": ["secret"], "colour": "secret"}
    hidden = [
        alice.active(visibility=visibility, os_hidden=os_hidden, **secret)
        for visibility in ("private", "shared")
        for os_hidden in (False, True)
    ]
    own = bob.active(**secret)["id"]
    values = {
        **hidden[0],
        "p1": alice.project_id,
        "ids": ",".join(image["id"] for image in hidden),
    }

    response = bob.get(f"/v2/images?{query.format(**values)}")

    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert {image["id"] for image in response.json["images"]} <= {own}


@pytest.mark.parametrize("roles", [("member",), ("reader",)], ids=str)
def test_P_05_a_marker_that_cannot_be_seen_is_as_one_that_never_was(
    service: Service, alice: Person, roles: tuple[str, ...]
) -> None:
    """Glance answers 403, and so tells whoever asks what there is."""
    stranger = service.person("p9", *roles)
    admin = service.person("p1", "admin")
    theirs = [alice.active(visibility=each)["id"] for each in ("private", "shared")]
    deleted = alice.active()["id"]
    assert alice.delete(f"/v2/images/{deleted}").status_code == 204
    made = admin.post("/v2/metadefs/namespaces", json={"namespace": "Secret"})
    assert made.status_code == 201
    imported = alice.create()["id"]
    assert alice.stage(imported).status_code == 204
    assert alice.import_(imported).status_code == 202
    (task,) = alice.get(f"/v2/images/{imported}/tasks").json["tasks"]

    for path, never, hidden in (
        ("/v2/images", some_id(), [*theirs, deleted]),
        ("/v2/metadefs/namespaces", "Nobody", ["Secret"]),
        ("/v2/tasks", some_id(), [task["id"]]),
    ):
        told = [seen(stranger.get(f"{path}?marker={each}"), each) for each in (never, *hidden)]
        assert told[0][0] in (400, 403, 404) and told == [told[0]] * len(told)
