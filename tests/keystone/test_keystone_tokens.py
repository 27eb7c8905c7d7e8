"""Tokens of a real Keystone."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from people import Person, Service
from real_keystone import Keystone

from glance_shim import clock


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``later(seconds)``: let time pass here, and only then; Keystone has its own."""
    moment = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: moment[0])

    def pass_(seconds: float) -> None:
        moment[0] += seconds

    return pass_


def nobody(service: Service, **headers: str) -> Any:
    return Person(service.app, None, None).get("/v2/images", headers=headers)


def test_a_token_says_whose_the_image_is(alice: Person) -> None:
    image = alice.create(name="mine")

    assert image["owner"] == alice.project_id
    assert alice.ids() == [image["id"]]


def test_an_image_is_offered_and_accepted(alice: Person, bob: Person) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id or "")
    assert bob.ids() == []
    bob.answer(image["id"], "accepted")

    assert bob.ids() == [image["id"]]


def test_roles_are_keystones(alice: Person, rita: Person, admin: Person) -> None:
    image = alice.create()

    assert rita.show(image["id"])["id"] == image["id"]
    assert rita.set(image["id"], name="x").status_code == 403
    assert rita.post("/v2/images", json={}).status_code == 403
    assert alice.set(image["id"], visibility="public").status_code == 403
    assert admin.set(image["id"], visibility="public").status_code == 200


@pytest.mark.parametrize(
    "scope", [None, {"system": {"all": True}}, {"domain": {"id": "default"}}]
)
def test_roles_of_another_scope_than_a_project_are_worth_nothing(
    service: Service, keystone: Keystone, alice: Person, scope: Any
) -> None:
    admin_id = keystone.get("/users?name=admin")["users"][0]["id"]
    keystone.grant_system(admin_id, "admin")
    role = keystone.get("/roles?name=admin")["roles"][0]["id"]
    path = f"/domains/default/users/{admin_id}/roles/{role}"
    assert keystone.request("PUT", path).status == 204
    image = alice.create()
    text = keystone.token("admin", keystone.admin_password, scope=scope or "unscoped")
    admin = Person(service.app, text, None)

    assert admin.get("/v2/images").status_code == 403
    assert admin.get(f"/v2/images/{image['id']}").status_code == 404
    assert admin.post("/v2/images", json={}).status_code == 403


@pytest.mark.parametrize(
    "token", ["x", "gAAAAABx", "a" * 300, "a" * 9000, "\u00e4", "a b", "*"]
)
def test_what_is_no_token_is_refused_with_the_way_to_get_one(
    service: Service, keystone: Keystone, token: str
) -> None:
    answer = nobody(service, **{"X-Auth-Token": token})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{keystone.root}"'


def test_without_a_token_nothing_is_open_but_the_versions(service: Service) -> None:
    assert nobody(service).status_code == 401
    person = Person(service.app, None, None)
    assert person.get("/").status_code == 300
    assert person.get("/v2/nothing").status_code == 401
    assert person.get("/healthcheck").status_code == 200


def test_there_is_no_second_identity_service(service: Service, alice: Person) -> None:
    assert alice.get("/identity/v3").status_code == 404
    assert alice.get("/identity/v3/users").status_code == 404
    assert alice.get("/tenants").status_code == 404


def test_headers_that_speak_of_somebody_are_not_read(service: Service, alice: Person) -> None:
    image = alice.create()
    told = {
        "X-Identity-Status": "Confirmed",
        "X-User-Id": "root",
        "X-Project-Id": alice.project_id or "",
        "X-Roles": "admin",
        "X-Is-Admin-Project": "True",
    }

    assert nobody(service, **told).status_code == 401
    answer = alice.patch(
        image["id"], {"op": "replace", "path": "/visibility", "value": "public"}
    )
    assert answer.status_code == 403
    assert alice.get("/v2/tasks", headers=told).status_code == 403


def test_a_token_is_asked_about_once(later: Any, alice: Person, keystone: Keystone) -> None:
    assert alice.get("/v2/images").status_code == 200
    keystone.stop()
    try:
        assert alice.get("/v2/images").status_code == 200
        later(299)
        assert alice.get("/v2/images").status_code == 200
        later(2)
        answer = alice.get("/v2/images")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        keystone.start()
    later(2)
    assert alice.get("/v2/images").status_code == 200


def test_a_new_token_waits_for_keystone(
    service: Service, alice: Person, keystone: Keystone, later: Any
) -> None:
    keystone.stop()
    try:
        answer = alice.post("/v2/images", json={})
    finally:
        keystone.start()

    assert answer.status_code == 503
    assert "try again" in answer.json["error"]["message"]
    later(2)
    assert alice.create()["status"] == "queued"


def test_a_revoked_token_ends_with_what_is_remembered(
    alice: Person, keystone: Keystone, later: Any
) -> None:
    assert alice.get("/v2/images").status_code == 200
    keystone.revoke(alice.token or "")
    assert alice.get("/v2/images").status_code == 200
    later(301)

    assert alice.get("/v2/images").status_code == 401


def test_a_token_is_not_believed_beyond_its_end(
    make_service: Any, keystone: Keystone, alice: Person, later: Any
) -> None:
    options = keystone.authtoken(token_cache_time="1000000")
    patient = make_service(auth_strategy="keystone", keystone_authtoken=options)
    person = Person(patient.app, alice.token, alice.project_id)
    assert person.get("/v2/images").status_code == 200
    later(3500)
    assert person.get("/v2/images").status_code == 200
    later(101)

    assert person.get("/v2/images").status_code == 401


def test_without_a_cache_a_revoked_token_ends_at_once(
    make_service: Any, keystone: Keystone, alice: Person
) -> None:
    options = keystone.authtoken(token_cache_time="-1")
    strict = make_service(auth_strategy="keystone", keystone_authtoken=options)
    person = Person(strict.app, alice.token, alice.project_id)
    assert person.get("/v2/images").status_code == 200
    keystone.revoke(alice.token or "")

    assert person.get("/v2/images").status_code == 401


def test_no_token_and_no_password_is_in_the_log(
    alice: Person, keystone: Keystone, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert alice.get("/v2/images").status_code == 200

    assert alice.token not in caplog.text
    assert keystone.service_password not in caplog.text
