"""Logging in over HTTP: which forms are taken, and what comes of them."""

from __future__ import annotations

from typing import Any

import pytest
from site_under_test import TOKENS, Site, User

from glance_shim.core.identity import projects, roles, users

DEFAULT = {"id": "default"}


def by_password(**user: Any) -> dict[str, Any]:
    return {"methods": ["password"], "password": {"user": user}}


def by_token(text: str) -> dict[str, Any]:
    return {"methods": ["token"], "token": {"id": text}}


USER_FORMS = {
    "id": lambda ana: {"id": ana.id},
    "name and domain id": lambda ana: {"name": "ana", "domain": DEFAULT},
    "name and domain name": lambda ana: {"name": "ana", "domain": {"name": "Default"}},
    "name and domain name in lower case": lambda ana: {
        "name": "ana",
        "domain": {"name": "default"},
    },
    "name alone": lambda ana: {"name": "ana"},
}


@pytest.mark.parametrize("form", USER_FORMS.values(), ids=USER_FORMS.keys())
def test_a_user_may_be_named_in_all_usual_ways(site: Site, ana: User, form: Any) -> None:
    response = site.log_in(by_password(password=ana.password, **form(ana)))

    assert response.status_code == 201
    assert response.json["token"]["user"]["id"] == ana.id
    assert site.status(response.headers["X-Subject-Token"]) == 200


PROJECT_FORMS = {
    "id": lambda ana: {"project": {"id": ana.project_id}},
    "name and domain id": lambda ana: {"project": {"name": "lab", "domain": DEFAULT}},
    "name and domain name": lambda ana: {
        "project": {"name": "lab", "domain": {"name": "Default"}}
    },
    "name alone": lambda ana: {"project": {"name": "lab"}},
    "nothing, but there is a default project": lambda ana: None,
}


@pytest.mark.parametrize("form", PROJECT_FORMS.values(), ids=PROJECT_FORMS.keys())
def test_a_project_may_be_named_in_all_usual_ways(site: Site, ana: User, form: Any) -> None:
    response = ana.log_in(form(ana))

    assert response.status_code == 201
    assert response.json["token"]["project"]["id"] == ana.project_id


def test_the_whole_body(site: Site, ana: User) -> None:
    response = ana.log_in()
    token = response.json["token"]

    assert response.headers["Vary"] == "X-Auth-Token"
    assert set(token) == {
        "methods",
        "audit_ids",
        "issued_at",
        "expires_at",
        "user",
        "project",
        "is_domain",
        "roles",
        "catalog",
    }
    assert token["methods"] == ["password"]
    assert token["issued_at"].endswith("Z") and len(token["issued_at"]) == 27
    default = {"id": "default", "name": "Default"}
    assert token["user"] == {
        "id": ana.id,
        "name": "ana",
        "domain": default,
        "password_expires_at": None,
    }
    assert token["project"] == {"id": ana.project_id, "name": "lab", "domain": default}
    assert token["is_domain"] is False
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert [service["type"] for service in token["catalog"]] == ["image", "identity"]
    image, identity = token["catalog"]
    assert {e["url"] for e in image["endpoints"]} == {"http://localhost"}
    assert {e["url"] for e in identity["endpoints"]} == {"http://localhost/identity"}
    assert [e["interface"] for e in image["endpoints"]] == ["public", "internal", "admin"]
    assert {e["region"] for e in image["endpoints"]} == {"RegionOne"}


def test_the_catalog_can_be_left_out(site: Site, ana: User) -> None:
    body = {"auth": {"identity": by_password(id=ana.id, password=ana.password)}}

    response = site.client.post(f"{TOKENS}?nocatalog", json=body)

    assert "catalog" not in response.json["token"]


def test_the_catalog_knows_the_public_endpoint(make_site: Any) -> None:
    site = make_site(public_endpoint="https://images.example/image/", identity={"region": "R2"})
    token = site.user("ana", "lab", "member").log_in().json["token"]

    endpoints = [e for service in token["catalog"] for e in service["endpoints"]]
    assert {e["url"] for e in endpoints} == {
        "https://images.example/image",
        "https://images.example/image/identity",
    }
    assert {e["region_id"] for e in endpoints} == {"R2"}


@pytest.mark.parametrize("scope", ["unscoped", {"unscoped": {}}])
def test_an_unscoped_token_is_for_nothing(site: Site, ana: User, scope: Any) -> None:
    response = ana.log_in(scope)

    assert not {"project", "roles", "catalog", "is_domain"} & set(response.json["token"])
    told = site.whoami(response.headers["X-Subject-Token"])
    assert (told["scope"], told["roles"], told["project_id"]) == (None, [], None)


def test_without_a_role_in_the_default_project_a_token_is_unscoped(site: Site) -> None:
    eve = site.user("eve", "lab")

    response = eve.log_in()

    assert response.status_code == 201
    assert "project" not in response.json["token"]


@pytest.mark.parametrize(
    ("scope", "assigned", "shown"),
    [
        ({"domain": {"id": "default"}}, ("domain", "default"), "domain"),
        ({"domain": {"name": "Default"}}, ("domain", "default"), "domain"),
        ({"system": {"all": True}}, ("system", "all"), "system"),
    ],
)
def test_other_scopes_have_roles_of_their_own(
    site: Site, ana: User, scope: Any, assigned: Any, shown: str
) -> None:
    assert ana.log_in(scope).status_code == 401

    with site.connected():
        roles.grant(site.context, ana.id, "admin", assigned)
    response = ana.log_in(scope)

    assert response.status_code == 201
    assert shown in response.json["token"]
    assert site.whoami(response.headers["X-Subject-Token"])["scope"] == shown


REFUSED = {
    "wrong password": lambda ana: (by_password(id=ana.id, password="wrong"), None),
    "unknown name": lambda ana: (by_password(name="nobody", password="wrong"), None),
    "unknown id": lambda ana: (by_password(id="f" * 32, password="wrong"), None),
    "wrong domain": lambda ana: (
        by_password(name="ana", domain={"name": "Other"}, password=ana.password),
        None,
    ),
    "unknown token": lambda ana: (by_token("x" * 43), None),
    "unknown project": lambda ana: (
        by_password(id=ana.id, password=ana.password),
        {"project": {"name": "nothing"}},
    ),
    "unknown project id": lambda ana: (
        by_password(id=ana.id, password=ana.password),
        {"project": {"id": "f" * 400}},
    ),
    "project without a role": lambda ana: (
        by_password(id=ana.id, password=ana.password),
        {"project": {"name": "shop"}},
    ),
    "project of another domain": lambda ana: (
        by_password(id=ana.id, password=ana.password),
        {"project": {"name": "lab", "domain": {"id": "other"}}},
    ),
    "other domain": lambda ana: (
        by_password(id=ana.id, password=ana.password),
        {"domain": {"id": "other"}},
    ),
    "unknown credential": lambda ana: (
        {
            "methods": ["application_credential"],
            "application_credential": {"id": "f" * 32, "secret": "wrong"},
        },
        None,
    ),
}


def test_refusals_are_all_the_same(site: Site, ana: User, ben: User) -> None:
    answers = [site.log_in(*case(ana)) for case in REFUSED.values()]

    assert [answer.status_code for answer in answers] == [401] * len(REFUSED)
    assert len({answer.data for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        'Keystone uri="http://localhost/identity"'
    }


def test_a_disabled_user_is_refused_like_an_unknown_one(site: Site, ana: User) -> None:
    with site.connected():
        users.set_enabled(site.context, ana.id, False)

    disabled = ana.log_in()
    unknown = site.log_in(by_password(name="nobody", password="wrong"))

    assert (disabled.status_code, disabled.data) == (401, unknown.data)


def test_a_disabled_project_has_no_tokens(site: Site, ana: User) -> None:
    with site.connected():
        projects.set_enabled(site.context, ana.project_id or "", False)

    assert ana.log_in({"project": {"name": "lab"}}).status_code == 401


MALFORMED = {
    "no auth": {},
    "auth is a list": {"auth": []},
    "no identity": {"auth": {}},
    "no methods": {"auth": {"identity": {}}},
    "empty methods": {"auth": {"identity": {"methods": []}}},
    "method is no text": {"auth": {"identity": {"methods": [{}]}}},
    "unknown method": {"auth": {"identity": {"methods": ["saml2"], "saml2": {}}}},
    "two methods": {
        "auth": {
            "identity": {
                "methods": ["password", "token"],
                "password": {"user": {"id": "x", "password": "y"}},
                "token": {"id": "z"},
            }
        }
    },
    "method without its part": {"auth": {"identity": {"methods": ["password"]}}},
    "no user": {"auth": {"identity": {"methods": ["password"], "password": {}}}},
    "nameless user": {"auth": {"identity": by_password(password="x")}},
    "no password": {"auth": {"identity": by_password(name="ana")}},
    "password is a number": {"auth": {"identity": by_password(name="ana", password=5)}},
    "credential without user": {
        "auth": {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"name": "x", "secret": "y"},
            }
        }
    },
    "scope is a text": {"auth": {"identity": by_token("x"), "scope": "all"}},
    "scope is empty": {"auth": {"identity": by_token("x"), "scope": {}}},
    "two scopes": {
        "auth": {
            "identity": by_token("x"),
            "scope": {"project": {"id": "x"}, "domain": {"id": "default"}},
        }
    },
    "system is not all": {"auth": {"identity": by_token("x"), "scope": {"system": {}}}},
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_body_is_400(site: Site, body: Any) -> None:
    response = site.client.post(TOKENS, json=body)

    assert response.status_code == 400
    assert response.json["error"]["title"] == "Bad Request"


@pytest.mark.parametrize("text", ["", "[]", "null", '"x"', "{", '{"auth":1,"auth":2}', "NaN"])
def test_no_json_object_is_400(site: Site, text: str) -> None:
    assert site.client.post(TOKENS, data=text).status_code == 400


def test_a_body_over_64_kib_is_not_read(site: Site) -> None:
    body = {"auth": {"identity": by_password(name="ana", password="x" * 70_000)}}

    assert site.client.post(TOKENS, json=body).status_code == 413


def test_nothing_that_was_typed_is_repeated(site: Site, caplog: Any) -> None:
    for identity in (
        by_password(name="ana", password="sesame-canary"),
        by_password(password="sesame-canary"),
        {"methods": ["sesame-canary"]},
        by_password(name="ana", password={"x": "sesame-canary"}),
        by_password(name="ana", password="sesame-canary" * 100),
    ):
        assert "sesame-canary" not in site.log_in(identity).text
    assert "sesame-canary" not in caplog.text


def test_a_token_can_be_had_for_another_project(site: Site, ana: User, ben: User) -> None:
    with site.connected():
        roles.grant(site.context, ana.id, "reader", ("project", ben.project_id or ""))
    unscoped = ana.log_in("unscoped").headers["X-Subject-Token"]

    response = site.log_in(by_token(unscoped), {"project": {"name": "shop"}})

    assert response.status_code == 201
    assert response.json["token"]["project"]["name"] == "shop"
    assert [role["name"] for role in response.json["token"]["roles"]] == ["reader"]


def test_a_token_made_from_a_token_is_never_worth_more(
    site: Site, ana: User, clock: Any
) -> None:
    first = ana.log_in("unscoped")
    clock.at += 600
    scope = {"project": {"id": ana.project_id}}
    second = site.log_in(by_token(first.headers["X-Subject-Token"]), scope)
    third = site.log_in(by_token(second.headers["X-Subject-Token"]), "unscoped")

    tokens = [answer.json["token"] for answer in (first, second, third)]
    assert len({token["expires_at"] for token in tokens}) == 1
    assert len({token["audit_ids"][0] for token in tokens}) == 3
    assert {token["audit_ids"][-1] for token in tokens} == {tokens[0]["audit_ids"][0]}
    assert tokens[2]["methods"] == ["password", "token"]
    assert site.log_in(by_token(ana.token or ""), {"project": {"id": "x"}}).status_code == 401


def test_with_a_token_end_the_tokens_made_from_it(site: Site, ana: User) -> None:
    first = ana.token or ""
    scope = {"project": {"id": ana.project_id}}
    second = site.log_in(by_token(first), scope).headers["X-Subject-Token"]
    third = site.log_in(by_token(second), scope).headers["X-Subject-Token"]
    other = site.log_in(by_token(first), scope).headers["X-Subject-Token"]

    ana.delete(TOKENS, headers={"X-Subject-Token": second})

    assert [site.status(t) for t in (first, second, third, other)] == [200, 401, 401, 200]
