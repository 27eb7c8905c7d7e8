"""The routes of the Identity API: who sees what, and how it looks."""

from __future__ import annotations

from typing import Any

import pytest
from site_under_test import TOKENS, Site, User

from glance_shim.core.identity import projects, roles, tokens

V3 = "/identity/v3"
UNKNOWN = "f" * 32


def test_the_versions(site: Site) -> None:
    versions = site.client.get("/identity")
    version = site.client.get("/identity/v3")

    assert versions.status_code == 300
    (entry,) = versions.json["versions"]["values"]
    assert entry == version.json["version"]
    assert entry["id"] == "v3.14"
    assert entry["links"] == [{"rel": "self", "href": "http://localhost/identity/v3/"}]
    assert version.headers["Vary"] == "X-Auth-Token"


PERSONAS = {
    # path, and what ana (member), root (admin) and a reader of nothing get
    f"{V3}/users": (403, 200),
    f"{V3}/users?name=ana": (200, 200),
    f"{V3}/users?name=ben": (403, 200),
    f"{V3}/users/{{ana}}": (200, 200),
    f"{V3}/users/{{ben}}": (403, 200),
    f"{V3}/users/{UNKNOWN}": (403, 404),
    f"{V3}/users/ana": (403, 404),
    f"{V3}/users/{{ana}}/projects": (200, 200),
    f"{V3}/users/{{ben}}/projects": (403, 200),
    f"{V3}/users/{{ana}}/application_credentials": (200, 200),
    f"{V3}/users/{{ben}}/application_credentials": (403, 200),
    f"{V3}/projects": (403, 200),
    f"{V3}/projects?name=lab": (200, 200),
    f"{V3}/projects?name=shop": (403, 200),
    f"{V3}/projects?name=nothing": (403, 200),
    f"{V3}/projects/{{lab}}": (200, 200),
    f"{V3}/projects/{{lab}}?domain_id=default": (200, 200),
    f"{V3}/projects/{{shop}}": (403, 200),
    f"{V3}/projects/{UNKNOWN}": (403, 404),
    f"{V3}/projects/lab": (404, 404),
    f"{V3}/projects/shop": (404, 404),
    f"{V3}/auth/projects": (200, 200),
    f"{V3}/auth/catalog": (200, 200),
    f"{V3}/domains": (200, 200),
    f"{V3}/domains/default": (200, 200),
    f"{V3}/domains/Default": (404, 404),
    f"{V3}/domains?name=Default": (200, 200),
    f"{V3}/roles": (200, 200),
    f"{V3}/roles/{{member}}": (200, 200),
    f"{V3}/roles/member": (404, 404),
    f"{V3}/role_assignments": (403, 200),
}


@pytest.mark.parametrize(("path", "statuses"), PERSONAS.items())
def test_who_may_look_at_what(
    site: Site, ana: User, ben: User, root: User, path: str, statuses: tuple[int, int]
) -> None:
    path = path.format(
        ana=ana.id,
        ben=ben.id,
        lab=ana.project_id,
        shop=ben.project_id,
        member=roles.BY_NAME["member"].id,
    )

    assert (ana.get(path).status_code, root.get(path).status_code) == statuses


def test_an_admin_is_one_in_whatever_scope(site: Site, ana: User) -> None:
    with site.connected():
        roles.grant(site.context, ana.id, "admin", ("system", "all"))

    assert ana.get(f"{V3}/users").status_code == 403
    ana.token = site.token(ana, scope=("system", "all"))
    assert ana.get(f"{V3}/users").status_code == 200


def test_a_project(site: Site, ana: User) -> None:
    shown = ana.get(f"{V3}/projects/{ana.project_id}").json

    assert shown == {
        "project": {
            "id": ana.project_id,
            "name": "lab",
            "domain_id": "default",
            "description": "",
            "enabled": True,
            "parent_id": "default",
            "is_domain": False,
            "tags": [],
            "options": {},
            "links": {"self": f"http://localhost{V3}/projects/{ana.project_id}"},
        }
    }


def test_a_user_shows_no_password(site: Site, ana: User) -> None:
    shown = ana.get(f"{V3}/users/{ana.id}").json["user"]

    assert shown["name"] == "ana"
    assert shown["default_project_id"] == ana.project_id
    assert set(shown) == {
        "id",
        "name",
        "domain_id",
        "enabled",
        "default_project_id",
        "password_expires_at",
        "options",
        "links",
    }


LISTS = {
    f"{V3}/projects": ("projects", ["admin", "lab", "shop"]),
    f"{V3}/projects?name=lab": ("projects", ["lab"]),
    f"{V3}/projects?name=nothing": ("projects", []),
    f"{V3}/projects?name=lab&domain_id=default": ("projects", ["lab"]),
    f"{V3}/projects?domain_id=other": ("projects", []),
    f"{V3}/projects?is_domain=False&unknown=1": ("projects", ["admin", "lab", "shop"]),
    f"{V3}/users": ("users", ["ana", "ben", "root"]),
    f"{V3}/users?name=ana": ("users", ["ana"]),
    f"{V3}/users?domain_id=other": ("users", []),
    f"{V3}/roles": ("roles", ["admin", "manager", "member", "reader", "service"]),
    f"{V3}/roles?name=member": ("roles", ["member"]),
    f"{V3}/domains": ("domains", ["Default"]),
    f"{V3}/domains?name=Default": ("domains", ["Default"]),
    f"{V3}/domains?name=Other": ("domains", []),
    f"{V3}/auth/projects": ("projects", ["admin"]),
    f"{V3}/auth/catalog": ("catalog", ["glance", "keystone"]),
}


@pytest.mark.parametrize(("path", "expected"), LISTS.items())
def test_a_list(
    site: Site, ana: User, ben: User, root: User, path: str, expected: tuple[str, list[str]]
) -> None:
    key, names = expected

    listed = root.get(path).json

    assert [item["name"] for item in listed[key]] == names
    assert listed["links"] == {
        "self": "http://localhost" + path.partition("?")[0],
        "previous": None,
        "next": None,
    }


def test_disabled_projects_are_nobodys_own(site: Site, ana: User) -> None:
    with site.connected():
        other = projects.create(site.context, "closed")
        roles.grant(site.context, ana.id, "member", ("project", other.id))
        projects.set_enabled(site.context, other.id, False)

    listed = ana.get(f"{V3}/users/{ana.id}/projects").json["projects"]

    assert [project["name"] for project in listed] == ["lab"]
    assert ana.get(f"{V3}/projects/{other.id}").status_code == 403


@pytest.fixture
def assigned(site: Site, ana: User, ben: User, root: User) -> Site:
    """Besides: ben is admin of the system, and reader in the domain."""
    with site.connected():
        roles.grant(site.context, ben.id, "admin", ("system", "all"))
        roles.grant(site.context, ben.id, "reader", ("domain", "default"))
    return site


FILTERS: dict[str, list[tuple[str, str, str]]] = {
    "": [
        ("ana", "project", "member"),
        ("ben", "domain", "reader"),
        ("ben", "project", "member"),
        ("ben", "system", "admin"),
        ("root", "project", "admin"),
    ],
    "user.id={ana}": [("ana", "project", "member")],
    "scope.project.id={shop}": [("ben", "project", "member")],
    "scope.project.id={shop}&user.id={ana}": [],
    "role.id={admin}": [("ben", "system", "admin"), ("root", "project", "admin")],
    "role.id=unknown": [],
    "scope.system=all": [("ben", "system", "admin")],
    "scope.domain.id=default": [("ben", "domain", "reader")],
    "group.id=x": [],
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.items())
def test_role_assignments_are_narrowed_down(
    assigned: Site, ana: User, ben: User, root: User, query: str, expected: Any
) -> None:
    query = query.format(ana=ana.id, shop=ben.project_id, admin=roles.BY_NAME["admin"].id)

    listed = root.get(f"{V3}/role_assignments?include_names=True&{query}").json

    assert [
        (item["user"]["name"], next(iter(item["scope"])), item["role"]["name"])
        for item in listed["role_assignments"]
    ] == expected


def test_a_role_assignment_has_names_when_asked(site: Site, ana: User, root: User) -> None:
    path = f"{V3}/role_assignments?user.id={ana.id}"
    member = roles.BY_NAME["member"].id
    default = {"id": "default", "name": "Default"}

    (plain,) = root.get(path).json["role_assignments"]
    (named,) = root.get(f"{path}&include_names=True").json["role_assignments"]

    links = {
        "assignment": f"http://localhost{V3}/projects/{ana.project_id}"
        f"/users/{ana.id}/roles/{member}"
    }
    assert plain == {
        "role": {"id": member},
        "user": {"id": ana.id},
        "scope": {"project": {"id": ana.project_id}},
        "links": links,
    }
    assert named == {
        "role": {"id": member, "name": "member"},
        "user": {"id": ana.id, "name": "ana", "domain": default},
        "scope": {"project": {"id": ana.project_id, "name": "lab", "domain": default}},
        "links": links,
    }


def subject(text: str | None) -> dict[str, Any]:
    return {"headers": {"X-Subject-Token": text or ""}}


def test_a_user_validates_the_own_token(site: Site, ana: User) -> None:
    shown = ana.get(TOKENS, **subject(ana.token))

    assert shown.status_code == 200
    assert shown.headers["X-Subject-Token"] == ana.token
    assert shown.json["token"]["project"]["name"] == "lab"
    assert "catalog" in shown.json["token"]
    assert "catalog" not in ana.get(f"{TOKENS}?nocatalog", **subject(ana.token)).json["token"]
    head = ana.request("HEAD", TOKENS, **subject(ana.token))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["X-Subject-Token"] == ana.token


def test_who_may_validate_the_tokens_of_others(
    site: Site, ana: User, ben: User, root: User
) -> None:
    nova = site.user("nova", "service", "service")

    assert ben.get(TOKENS, **subject(ana.token)).status_code == 403
    assert root.get(TOKENS, **subject(ana.token)).status_code == 200
    assert nova.get(TOKENS, **subject(ana.token)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_an_unknown_token_is_not_found(site: Site, ana: User, root: User, method: str) -> None:
    for text in ("x" * 43, "x", tokens._hash(ana.token or "")):
        assert root.request(method, TOKENS, **subject(text)).status_code == 404
        assert ana.request(method, TOKENS, **subject(text)).status_code == 404
    assert root.request(method, TOKENS).status_code == 400


def test_only_services_see_expired_tokens(site: Site, ana: User, clock: Any) -> None:
    old = site.token(ana)
    clock.at += site.deployment.config.identity.token_expiration
    nova = site.user("nova", "service", "service")
    ana.token = site.token(ana)

    assert nova.get(TOKENS, **subject(old)).status_code == 404
    assert nova.get(f"{TOKENS}?allow_expired=1", **subject(old)).status_code == 200
    assert ana.get(f"{TOKENS}?allow_expired=1", **subject(old)).status_code == 404


def test_who_may_revoke_tokens(site: Site, ana: User, ben: User, root: User) -> None:
    nova = site.user("nova", "service", "service")
    other = site.token(ana)

    assert ben.delete(TOKENS, **subject(ana.token)).status_code == 403
    assert nova.delete(TOKENS, **subject(ana.token)).status_code == 403
    assert root.delete(TOKENS, **subject(other)).status_code == 204
    assert site.status(other) == 401
    assert ana.delete(TOKENS, **subject(ana.token)).status_code == 204
    assert site.status(ana.token) == 401


def test_other_methods_are_405(site: Site, root: User) -> None:
    response = root.post(f"{V3}/projects", json={"project": {"name": "x"}})

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"
    assert root.request("HEAD", f"{V3}/users").status_code == 405
