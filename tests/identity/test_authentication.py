"""From a credential on the request to a context, for every ``auth_strategy``."""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any

import pytest
from site_under_test import TOKENS, Site, User

from glance_shim import errors
from glance_shim.core.identity import basic, passwords, projects, roles, users

OPEN = [
    ("GET", "/identity"),
    ("GET", "/identity/"),
    ("GET", "/identity/v3"),
    ("GET", "/identity/v3/"),
]


# Blueprints of which every route is open to anybody; pages ask for a session instead, see
# tests/dashboard/test_browser_logins.py.
OPEN_BLUEPRINTS = {"versions", "identity_versions", "health", "dashboard", "docs"}


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_anybody_sees_the_versions(site: Site, method: str, path: str) -> None:
    assert site.client.open(path, method=method).status_code in (200, 300)


def test_every_other_route_needs_a_token(site: Site) -> None:
    asked = 0
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in OPEN_BLUEPRINTS:
            continue
        path = re.sub("<[^>]+>", "x", rule.rule)
        for method in rule.methods or ():
            if (method, path) == ("POST", TOKENS) or method == "OPTIONS":
                continue
            response = site.client.open(path, method=method)
            assert response.status_code == 401, (method, path)
            assert "WWW-Authenticate" in response.headers
            asked += 1
    assert asked > 40


def test_paths_that_do_not_exist_need_a_token_too(site: Site, ana: User) -> None:
    assert site.client.get("/v2/nothing").status_code == 401
    assert ana.get("/v2/nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["/v3/ec2tokens", "/v3/s3tokens", "/v2.0/tokens", "/v3/OS-EP-1"]
)
def test_there_is_no_other_identity_api(site: Site, path: str) -> None:
    assert site.client.post(f"/identity{path}", json={}).status_code == 404


def test_a_refusal_says_where_to_log_in(make_site: Any) -> None:
    site = make_site(public_endpoint="https://images.example/image/")

    response = site.client.get("/v2/whoami")

    challenge = response.headers["WWW-Authenticate"]
    assert challenge == 'Keystone uri="https://images.example/image/identity"'
    assert response.json["error"]["code"] == 401


FORGED = {
    "X-Identity-Status": "Confirmed",
    "X-Service-Identity-Status": "Confirmed",
    "X-Roles": "admin",
    "X-Role": "admin",
    "X-User-Id": "root",
    "X-User-Name": "root",
    "X-User": "root",
    "X-User-Domain-Id": "default",
    "X-Project-Id": "other",
    "X-Project-Name": "other",
    "X-Tenant-Id": "other",
    "X-Tenant-Name": "other",
    "X-Tenant": "other",
    "X-Domain-Id": "default",
    "X-Service-Roles": "service,admin",
    "X-Service-Project-Id": "other",
    "X-Service-User-Id": "root",
    "X-Is-Admin-Project": "True",
    "X-Service-Catalog": "[]",
    "OpenStack-System-Scope": "all",
    "X-Auth-Project-Id": "other",
    "Remote-User": "root",
    "X-Remote-User": "root",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_header_about_identity_alone_lets_nobody_in(site: Site, name: str) -> None:
    for spelling in (name, name.upper(), name.lower(), name.replace("-", "_")):
        response = site.client.get("/v2/whoami", headers={spelling: FORGED[name]})
        assert response.status_code == 401


def test_all_headers_about_identity_change_nothing(site: Site, ana: User) -> None:
    plain = site.whoami(ana.token)
    doubled = [(name, value) for name, value in FORGED.items() for _ in range(2)]

    assert site.client.get("/v2/whoami", headers=doubled).status_code == 401
    response = site.client.get(
        "/v2/whoami", headers=[*doubled, ("X-Auth-Token", ana.token or "")]
    )
    assert response.json | {"request_id": None} == plain | {"request_id": None}


@pytest.mark.parametrize("variable", ["REMOTE_USER", "HTTP_REMOTE_USER", "AUTH_TYPE"])
def test_the_environment_of_the_server_lets_nobody_in(site: Site, variable: str) -> None:
    response = site.client.get("/v2/whoami", environ_overrides={variable: "root"})

    assert response.status_code == 401


def test_a_service_token_adds_its_roles_beside(site: Site, ana: User) -> None:
    nova = site.user("nova", "service", "service", "admin")

    told = site.whoami(ana.token, **{"X-Service-Token": nova.token or ""})

    assert told["roles"] == ["member", "reader"]
    assert told["service_roles"] == ["admin", "member", "reader", "service"]
    assert told["user_id"] == ana.id


def test_a_service_may_go_on_with_an_expired_token(site: Site, ana: User, clock: Any) -> None:
    nova = site.user("nova", "service", "service")
    other = site.user("other", "service", "member")
    old = site.token(ana, ana.project_id)
    clock.at += site.deployment.config.identity.token_expiration
    service = {"X-Service-Token": site.token(nova, nova.project_id)}

    assert site.status(old) == 401
    assert site.status(old, **service) == 200
    no_service = {"X-Service-Token": site.token(other, other.project_id)}
    assert site.status(old, **no_service) == 401
    expired = {"X-Service-Token": nova.token or ""}
    assert site.status(site.token(ana), **expired) == 401


def test_a_service_token_does_not_stand_for_a_user(site: Site, ana: User) -> None:
    nova = site.user("nova", "service", "service")

    assert site.status(None, **{"X-Service-Token": nova.token or ""}) == 401
    assert site.status(ana.token, **{"X-Service-Token": "x" * 43}) == 401
    assert site.status(ana.token, **{"X-Service-Token": ""}) == 200


def test_a_service_token_does_not_bring_back_who_was_shut_out(
    site: Site, ana: User, clock: Any
) -> None:
    nova = site.user("nova", "service", "service")
    clock.at += site.deployment.config.identity.token_expiration
    with site.connected():
        users.set_enabled(site.context, ana.id, False)

    service = {"X-Service-Token": site.token(nova, nova.project_id)}
    assert site.status(ana.token, **service) == 401


# allow_anonymous_access


def test_anonymous_access_is_off(site: Site) -> None:
    assert site.client.get("/v2/whoami").status_code == 401


def test_anonymous_access_is_for_reading(make_site: Any) -> None:
    site = make_site(allow_anonymous_access=True)

    told = site.whoami()
    assert (told["user_id"], told["roles"], told["scope"]) == (None, ["reader"], "anonymous")
    assert site.client.head("/v2/whoami").status_code == 200
    assert site.client.post("/v2/whoami").status_code == 403
    assert site.client.get("/identity/v3/domains").status_code == 401
    assert site.status("x" * 43) == 401


# none


def test_without_authentication_everybody_is_the_administrator(make_site: Any) -> None:
    site = make_site(auth_strategy="none")
    told = site.whoami("notused")

    assert told["user_id"] == told["user_name"] == "admin"
    assert told["roles"] == ["admin", "member", "reader"]
    assert (told["scope"], told["project_id"], told["project_name"]) == (
        "project",
        "admin",
        "admin",
    )


def test_the_standalone_project_is_found_by_name(make_site: Any) -> None:
    site = make_site(auth_strategy="none", standalone_project="lab")
    project_id = site.project("lab")

    assert site.whoami()["project_id"] == project_id


# admin_token


@pytest.fixture
def fixed(make_site: Any) -> Site:
    return make_site(auth_strategy="admin_token", admin_token="a fixed token of some length")


def test_the_fixed_token_is_the_administrator(fixed: Site) -> None:
    told = fixed.whoami("a fixed token of some length")

    assert (told["user_name"], told["roles"]) == ("admin", ["admin", "member", "reader"])


@pytest.mark.parametrize("text", [None, "", "a fixed token of some lengt", "é" * 28])
def test_any_other_fixed_token_is_refused(fixed: Site, text: str | None) -> None:
    assert fixed.status(text) == 401


def test_a_fixed_token_has_some_length(make_site: Any) -> None:
    for length in range(16):
        with pytest.raises(errors.ConfigurationError):
            make_site(auth_strategy="admin_token", admin_token="x" * length)


def test_a_fixed_token_means_nothing_elsewhere(make_site: Any) -> None:
    site = make_site(admin_token="a fixed token of some length")

    assert site.status("a fixed token of some length") == 401


def test_issued_tokens_mean_nothing_with_a_fixed_token(fixed: Site) -> None:
    assert fixed.status(fixed.user("ana", "lab", "member").token) == 401


# http_basic


@pytest.fixture
def basic_site(make_site: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(basic, "_remembered", basic.Remembered())
    return make_site(auth_strategy="http_basic")


def credentials(name: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def test_basic_asks_for_basic(basic_site: Site) -> None:
    response = basic_site.client.get("/v2/whoami")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="glance-shim"'


def test_a_user_acts_for_the_default_project(basic_site: Site) -> None:
    ana = basic_site.user("ana", "lab", "member")

    told = basic_site.whoami(**credentials("ana", ana.password))

    assert (told["user_id"], told["project_id"], told["scope"], told["roles"]) == (
        ana.id,
        ana.project_id,
        "project",
        ["member", "reader"],
    )


def test_a_user_without_a_role_acts_for_nothing(basic_site: Site) -> None:
    eve = basic_site.user("eve", "lab")

    told = basic_site.whoami(**credentials("eve", eve.password))

    assert (told["project_id"], told["scope"], told["roles"]) == (None, None, [])


WRONG = [
    credentials("ana", "wrong"),
    credentials("nobody", "wrong"),
    credentials("", ""),
    credentials("ana", ""),
    credentials("an\0a", "wrong"),
    {"Authorization": "Basic"},
    {"Authorization": "Basic %%%"},
    {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
    {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
    {"Authorization": "Bearer x"},
    {"Authorization": "Digest username=ana"},
    {"X-Auth-Token": "notused"},
]


@pytest.mark.parametrize("headers", WRONG)
def test_wrong_basic_credentials_are_refused(basic_site: Site, headers: dict[str, str]) -> None:
    basic_site.user("ana", "lab", "member")

    assert basic_site.client.get("/v2/whoami", headers=headers).status_code == 401


def test_a_right_password_is_remembered_for_a_minute(
    basic_site: Site, monkeypatch: Any, clock: Any
) -> None:
    ana = basic_site.user("ana", "lab", "member")
    hashings = itertools.count()
    matches = passwords._matches

    def counted(*args: Any) -> bool:
        next(hashings)
        return matches(*args)

    monkeypatch.setattr(passwords, "_matches", counted)
    for _ in range(5):
        assert basic_site.status(None, **credentials("ana", ana.password)) == 200
    assert next(hashings) == 1
    clock.at += 60
    assert basic_site.status(None, **credentials("ana", ana.password)) == 200
    assert next(hashings) == 3


CHANGES = {
    "password set": (
        lambda site, ana: users.set_password(site.context, ana.id, "new"),
        401,
    ),
    "disabled": (lambda site, ana: users.set_enabled(site.context, ana.id, False), 401),
    "deleted": (lambda site, ana: users.delete(site.context, ana.id), 401),
}


@pytest.mark.parametrize(("change", "status"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_remembered_never_outlives_a_change(
    basic_site: Site, change: Any, status: int
) -> None:
    ana = basic_site.user("ana", "lab", "member")
    assert basic_site.status(None, **credentials("ana", ana.password)) == 200

    with basic_site.connected():
        change(basic_site, ana)

    assert basic_site.status(None, **credentials("ana", ana.password)) == status


def test_a_role_change_counts_at_once_with_basic(basic_site: Site) -> None:
    ana = basic_site.user("ana", "lab", "member")
    sent = credentials("ana", ana.password)
    assert basic_site.whoami(**sent)["roles"] == ["member", "reader"]

    with basic_site.connected():
        roles.revoke(basic_site.context, ana.id, "member", ("project", ana.project_id or ""))
    assert basic_site.whoami(**sent)["roles"] == []
    with basic_site.connected():
        roles.grant(basic_site.context, ana.id, "reader", ("project", ana.project_id or ""))
        projects.set_enabled(basic_site.context, ana.project_id or "", False)
    assert basic_site.whoami(**sent)["roles"] == []


def test_guessing_is_slowed_down_with_basic_too(basic_site: Site, clock: Any) -> None:
    ana = basic_site.user("ana", "lab", "member")
    for _ in range(5):
        assert basic_site.status(None, **credentials("ana", "wrong")) == 401

    assert basic_site.status(None, **credentials("ana", ana.password)) == 429


def test_remembered_passwords_are_not_too_many(monkeypatch: Any, in_database: Site) -> None:
    monkeypatch.setattr(basic, "MOST", 3)
    remembered = basic.Remembered()
    user = in_database.user("ana")
    row = users.get(in_database.context, user.id)
    for number in range(5):
        remembered.add(row, f"password{number}")

    assert [remembered.holds(row, f"password{number}") for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]


# /tenants


@pytest.mark.parametrize("prefix", ["", "/v2"])
def test_there_are_no_tenants_with_tokens(site: Site, root: User, prefix: str) -> None:
    assert root.get(f"{prefix}/tenants").status_code == 404
    assert root.get(f"{prefix}/tenants/x").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/v2"])
def test_the_administrator_sees_all_tenants(make_site: Any, prefix: str) -> None:
    site = make_site(auth_strategy="none")
    ids = {name: site.project(name) for name in ("lab", "shop")}

    listed = site.client.get(f"{prefix}/tenants").json
    assert {t["name"]: t["id"] for t in listed["tenants"]} == ids
    for named in ("lab", ids["lab"]):
        shown = site.client.get(f"{prefix}/tenants/{named}").json
        assert shown == {
            "tenant": {"id": ids["lab"], "name": "lab", "description": "", "enabled": True}
        }
    assert site.client.get(f"{prefix}/tenants/nothing").status_code == 404


def test_others_see_their_own_tenants(basic_site: Site) -> None:
    ana = basic_site.user("ana", "lab", "member")
    shop = basic_site.project("shop")
    sent = {"headers": credentials("ana", ana.password)}

    def status(path: str) -> int:
        return basic_site.client.get(f"/v2/tenants{path}", **sent).status_code

    assert [status(f"/{own}") for own in ("lab", ana.project_id)] == [200, 200]
    assert [status(f"/{other}") for other in ("shop", shop, "nothing")] == [403] * 3
    assert status("") == 403
