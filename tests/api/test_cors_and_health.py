"""Requests from pages of other origins, and the health check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from people import Person

HOME = "https://dashboard.example.org"
PREFIX = "Access-Control-"
EXPOSED = (
    "X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID"
)


@pytest.fixture
def open_service(make_service: Any) -> Any:
    return make_service(cors={"allowed_origin": [HOME, "http://localhost:8080"]})


def cors_headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith(PREFIX)}


def preflight(person: Person, origin: str, method: str, *names: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        **({"Access-Control-Request-Headers": ", ".join(names)} if names else {}),
    }
    return person.request("OPTIONS", "/v2/images", headers=headers)


def test_other_origins_get_nothing_by_default(alice: Person, nobody: Person) -> None:
    for origin in (HOME, "null", "*"):
        response = alice.get("/v2/images", headers={"Origin": origin})
        assert (response.status_code, cors_headers(response)) == (200, {})
        response = preflight(nobody, origin, "GET")
        assert (response.status_code, cors_headers(response)) == (200, {})


@pytest.mark.parametrize("origin", [HOME, "http://localhost:8080"])
def test_an_allowed_origin_may_read_every_answer(open_service: Any, origin: str) -> None:
    alice, nobody = open_service.person("p1", "member"), open_service.nobody()

    for person, path, code in (
        (alice, "/v2/images", 200),
        (alice, "/v2/images/nope", 404),
        (nobody, "/", 300),
        (nobody, "/versions", 200),
        (nobody, "/healthcheck", 200),
        (nobody, "/v2/images", 401),
    ):
        response = person.get(path, headers={"Origin": origin})
        assert response.status_code == code
        assert cors_headers(response) == {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": EXPOSED,
        }
        assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org",
        "http://dashboard.example.org",
        f"{HOME}.evil.org",
        f"{HOME}:8443",
        f"{HOME}/",
        HOME.upper(),
        "null",
        "*",
        "",
    ],
)
def test_a_foreign_origin_gets_the_answer_without_leave_to_read_it(
    open_service: Any, origin: str
) -> None:
    alice = open_service.person("p1", "member")

    response = alice.get("/v2/images", headers={"Origin": origin})
    assert (response.status_code, cors_headers(response)) == (200, {})
    response = preflight(alice, origin, "PUT", "X-Auth-Token")
    assert (response.status_code, cors_headers(response)) == (200, {})


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH"])
def test_a_preflight_is_answered_without_a_token(open_service: Any, method: str) -> None:
    response = preflight(open_service.nobody(), HOME, method, "X-Auth-Token", "Content-MD5")

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == HOME
    assert response.headers["Access-Control-Max-Age"] == "3600"
    assert response.headers["Access-Control-Allow-Methods"] == method
    allowed = response.headers["Access-Control-Allow-Headers"].split(",")
    assert [name.strip() for name in allowed] == ["X-Auth-Token", "Content-MD5"]


@pytest.mark.parametrize("method", ["TRACE", "BREW", "get", ""])
def test_a_preflight_for_another_method_allows_nothing(open_service: Any, method: str) -> None:
    response = preflight(open_service.nobody(), HOME, method)

    assert response.status_code == 200
    assert "Access-Control-Allow-Methods" not in response.headers


def test_a_preflight_for_other_headers_does_not_allow_them(open_service: Any) -> None:
    response = preflight(open_service.nobody(), HOME, "PUT", "X-Evil", "X-Auth-Token")

    assert "X-Evil" not in response.headers.get("Access-Control-Allow-Headers", "")


def test_credentials_never_go_with_every_origin(make_service: Any) -> None:
    service = make_service(cors={"allowed_origin": ["*"]})

    for origin in (HOME, "*"):
        response = service.nobody().get("/v2/images", headers={"Origin": origin})
        assert "Access-Control-Allow-Credentials" not in response.headers


HEALTH = "/healthcheck"


@pytest.mark.parametrize("path", [HEALTH, f"{HEALTH}/", f"{HEALTH}/x", f"{HEALTH}/x/y"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_the_health_check_is_answered_to_anybody(
    nobody: Person, path: str, method: str
) -> None:
    response = nobody.request(method, path)

    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    assert response.data == b"OK"


@pytest.mark.parametrize("path", [HEALTH, f"{HEALTH}/x"])
def test_the_health_check_takes_its_form_from_accept(nobody: Person, path: str) -> None:
    as_json = nobody.get(path, headers={"Accept": "application/json"})
    assert as_json.json == {"detailed": False, "reasons": ["OK"]}
    assert as_json.content_type == "application/json"
    page = nobody.get(path, headers={"Accept": "text/html"})
    assert page.content_type.startswith("text/html")
    assert "OK" in page.text
    assert nobody.get(path, headers={"Accept": "*/*"}).data == b"OK"
    head = nobody.request("HEAD", path)
    assert (head.status_code, head.data) == (204, b"")


def test_a_file_takes_the_service_out_of_rotation(make_service: Any, tmp_path: Path) -> None:
    switch = tmp_path / "disabled"
    service = make_service(healthcheck={"disable_by_file_path": str(switch)})
    nobody = service.nobody()
    assert nobody.get(HEALTH).status_code == 200

    switch.touch()

    plain = nobody.get(HEALTH)
    assert (plain.status_code, plain.data) == (503, b"DISABLED BY FILE")
    as_json = nobody.get(HEALTH, headers={"Accept": "application/json"})
    assert as_json.status_code == 503
    assert as_json.json == {"detailed": False, "reasons": ["DISABLED BY FILE"]}
    assert nobody.get(HEALTH, headers={"Accept": "text/html"}).status_code == 503
    assert nobody.request("HEAD", HEALTH).status_code == 503
    switch.unlink()
    assert nobody.get(HEALTH).status_code == 200


def test_the_health_check_tells_nothing_about_the_service(
    service: Any, nobody: Person, admin: Person
) -> None:
    for person in (nobody, admin):
        text = person.get(HEALTH, headers={"Accept": "application/json"}).text
        assert str(service.directory) not in text
