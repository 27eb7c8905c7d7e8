"""Services that act for users, and application credentials with access rules."""

from __future__ import annotations

import tempfile
import time
from typing import Any

import pytest
from people import Person, Service
from real_keystone import Keystone, User, service_token


def images(person: Person, **headers: str) -> int:
    return int(person.get("/v2/images", headers=headers).status_code)


def test_a_service_token_adds_no_right_to_the_users(alice: Person, keystone: Keystone) -> None:
    image = alice.active()
    token = service_token(keystone)
    beside = {"X-Service-Token": token}

    assert images(alice, **beside) == 200
    assert alice.get(f"/v2/images/{image['id']}/locations", headers=beside).status_code == 403
    assert alice.get("/v2/tasks", headers=beside).status_code == 403
    forged = {"X-Service-Roles": "service", "X-Service-Identity-Status": "Confirmed"}
    assert alice.get(f"/v2/images/{image['id']}/locations", headers=forged).status_code == 403


def test_the_service_itself_sees_locations(alice: Person, glance: Person) -> None:
    image = alice.active()

    assert glance.get(f"/v2/images/{image['id']}/locations").status_code == 200


def test_a_token_of_no_service_is_no_service_token(alice: Person, bob: Person) -> None:
    assert images(alice, **{"X-Service-Token": bob.token or ""}) == 401
    assert images(alice, **{"X-Service-Token": "nonsense"}) == 401


def test_it_may_be_let_pass(
    make_service: Any, keystone: Keystone, alice: Person, bob: Person
) -> None:
    options = keystone.authtoken(service_token_roles_required="false")
    lenient = make_service(auth_strategy="keystone", keystone_authtoken=options)
    person = Person(lenient.app, alice.token, alice.project_id)

    assert images(person, **{"X-Service-Token": bob.token or ""}) == 200


def test_a_service_goes_on_with_an_expired_token(make_service: Any, hasty: Keystone) -> None:
    service = make_service(auth_strategy="keystone", keystone_authtoken=hasty.authtoken())
    person = Person(service.app, hasty.token("glance", hasty.service_password, "service"), None)
    assert images(person) == 200
    time.sleep(hasty.expiration + 1)
    fresh = hasty.token("glance", hasty.service_password, "service")

    assert images(person) == 401
    assert images(person, **{"X-Service-Token": fresh}) == 200


def test_an_upload_outlives_its_token(make_service: Any, hasty: Keystone) -> None:
    service = make_service(auth_strategy="keystone", keystone_authtoken=hasty.authtoken())
    token = hasty.token("glance", hasty.service_password, "service")
    person = Person(service.app, token, None)
    image = person.create()

    class Slow(tempfile.SpooledTemporaryFile):  # type: ignore[type-arg]
        """Data that takes longer than the token lives."""

        def read(self, *args: Any) -> bytes:
            data: bytes = super().read(*args)
            if data:
                time.sleep(hasty.expiration + 1)
            return data

    slow = Slow()
    slow.write(b"0123456789")
    slow.seek(0)
    response = person.put(
        f"/v2/images/{image['id']}/file",
        input_stream=slow,
        content_type="application/octet-stream",
        headers={"Content-Length": "10"},
    )
    assert response.status_code == 204
    assert images(person) == 401
    again = Person(service.app, hasty.token("glance", hasty.service_password, "service"), None)

    assert again.show(image["id"])["status"] == "active"


@pytest.fixture
def restricted(service: Service, keystone: Keystone, users: dict[str, User]) -> Any:
    """``restricted(rule, …)``: alice, by an application credential with access rules."""

    def log_in(*rules: tuple[str, str]) -> Person:
        user = users["alice"]
        token = keystone.token(user.name, user.password, "p1")
        body: dict[str, Any] = {"name": f"c{time.monotonic_ns()}"}
        if rules:
            body["access_rules"] = [
                {"service": "image", "method": method, "path": path} for method, path in rules
            ]
        made = keystone.request(
            "POST",
            f"/users/{user.id}/application_credentials",
            {"application_credential": body},
            token,
        )
        assert made.status == 201, made.json
        credential = made.json["application_credential"]
        method = {"id": credential["id"], "secret": credential["secret"]}
        text = keystone.log_in(
            {
                "identity": {
                    "methods": ["application_credential"],
                    "application_credential": method,
                }
            }
        )
        return Person(service.app, text, user.project_id)

    return log_in


@pytest.fixture(scope="session")
def listed(keystone: Keystone) -> None:
    """The catalog names the image service."""
    made = keystone.request("POST", "/services", {"service": {"type": "image"}})
    endpoint = {
        "service_id": made.json["service"]["id"],
        "interface": "public",
        "url": "http://127.0.0.1:9",
        "region_id": "RegionOne",
    }
    assert keystone.request("POST", "/endpoints", {"endpoint": endpoint}).status == 201


def test_access_rules_are_minded(
    listed: None, restricted: Any, alice: Person, keystone: Keystone
) -> None:
    image = alice.create()
    person = restricted(("GET", "/v2/images"), ("GET", "/v2/images/*"))

    assert images(person) == 200
    assert person.get(f"/v2/images/{image['id']}").status_code == 200
    assert person.get(f"/v2/images/{image['id']}/members").status_code == 401
    assert person.post("/v2/images", json={}).status_code == 401
    assert person.delete(f"/v2/images/{image['id']}").status_code == 401
    beside = {"X-Service-Token": service_token(keystone)}
    assert person.get(f"/v2/images/{image['id']}/members", headers=beside).status_code == 200


def test_deep_paths_and_names_in_access_rules(
    listed: None, restricted: Any, alice: Person
) -> None:
    image = alice.create()
    deep = restricted(("GET", "/v2/**"))
    named = restricted(("GET", "/v2/images/{image_id}/members"))

    assert deep.get(f"/v2/images/{image['id']}/members").status_code == 200
    assert named.get(f"/v2/images/{image['id']}/members").status_code == 200
    assert named.get(f"/v2/images/{image['id']}").status_code == 401


def test_a_credential_without_rules_may_all_that_its_user_may(
    listed: None, restricted: Any
) -> None:
    person = restricted()

    assert person.post("/v2/images", json={}).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"username": "nobody"},
        {"auth_url": "http://127.0.0.1:9/v3"},
        {"interface": "nonsense"},
        {"region_name": "Elsewhere"},
    ],
    ids=str,
)
def test_a_service_user_that_cannot_log_in_is_no_fault_of_the_caller(
    make_service: Any, keystone: Keystone, alice: Person, wrong: dict[str, str]
) -> None:
    options = keystone.authtoken(**wrong, http_request_max_retries="0")
    service = make_service(auth_strategy="keystone", keystone_authtoken=options)
    answer = Person(service.app, alice.token, None).get("/v2/images")

    assert answer.status_code == 503
    assert keystone.service_password not in answer.text
