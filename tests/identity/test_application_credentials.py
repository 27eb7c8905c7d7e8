"""Application credentials."""

from __future__ import annotations

from typing import Any

import pytest
from site_under_test import Site, User

from glance_shim.core.identity import application_credentials, projects, roles, users


def path(user: User, *more: str) -> str:
    return "/".join((f"/identity/v3/users/{user.id}/application_credentials", *more))


def create(user: User, **values: Any) -> Any:
    return user.post(path(user), json={"application_credential": {"name": "ci", **values}})


def proof(**given: Any) -> dict[str, Any]:
    return {"methods": ["application_credential"], "application_credential": given}


def test_the_secret_is_shown_once(site: Site, ana: User) -> None:
    made = create(ana, description="builds")
    shown = made.json["application_credential"]

    assert made.status_code == 201
    assert shown["name"] == "ci" and shown["description"] == "builds"
    assert shown["project_id"] == ana.project_id
    assert shown["roles"] == [{"id": roles.BY_NAME["member"].id, "name": "member"}]
    assert (shown["unrestricted"], shown["expires_at"]) == (False, None)
    secret = shown.pop("secret")
    assert len(secret) >= 40
    again = ana.get(path(ana, shown["id"]))
    assert again.json["application_credential"] == shown
    assert ana.get(path(ana)).json["application_credentials"] == [shown]
    for answer in (again.text, ana.get(path(ana)).text):
        assert secret not in answer and "argon2" not in answer


@pytest.mark.parametrize("named", ["id", "name", "name and user name"])
def test_it_logs_in_for_its_project(site: Site, ana: User, named: str) -> None:
    made = create(ana, secret="of my own").json["application_credential"]
    given = {
        "id": {"id": made["id"]},
        "name": {"name": "ci", "user": {"id": ana.id}},
        "name and user name": {
            "name": "ci",
            "user": {"name": "ana", "domain": {"id": "default"}},
        },
    }[named]

    response = site.log_in(proof(secret="of my own", **given))

    assert response.status_code == 201
    token = response.json["token"]
    assert token["project"]["id"] == ana.project_id
    assert token["application_credential"] == {
        "id": made["id"],
        "name": "ci",
        "restricted": True,
    }
    assert token["methods"] == ["application_credential"]
    assert site.whoami(response.headers["X-Subject-Token"])["user_id"] == ana.id


@pytest.fixture
def robot(site: Site, ana: User) -> Any:
    """A token from an application credential of ana's, which is an admin now."""
    with site.connected():
        roles.grant(site.context, ana.id, "admin", ("project", ana.project_id or ""))
    made = create(ana, secret="s", roles=[{"name": "member"}]).json["application_credential"]
    token = site.log_in(proof(id=made["id"], secret="s")).headers["X-Subject-Token"]
    return User(site, ana.id, made["id"], "s", ana.project_id, token)


def test_it_has_the_roles_it_was_given(site: Site, robot: User) -> None:
    assert site.whoami(robot.token)["roles"] == ["member", "reader"]


def test_it_never_has_more_roles_than_its_user(site: Site, ana: User, robot: User) -> None:
    scope = ("project", ana.project_id or "")
    with site.connected():
        roles.grant(site.context, ana.id, "reader", scope)
        roles.revoke(site.context, ana.id, "admin", scope)
        roles.revoke(site.context, ana.id, "member", scope)

    response = site.log_in(proof(id=robot.name, secret="s"))
    assert site.whoami(response.headers["X-Subject-Token"])["roles"] == ["reader"]
    with site.connected():
        roles.revoke(site.context, ana.id, "reader", scope)
    assert site.log_in(proof(id=robot.name, secret="s")).status_code == 401


def test_its_token_is_for_nothing_else(site: Site, ana: User, robot: User) -> None:
    identity = {"methods": ["token"], "token": {"id": robot.token}}

    for scope in (None, "unscoped", {"project": {"id": ana.project_id}}):
        assert site.log_in(identity, scope).status_code == 403
    scoped = site.log_in(proof(id=robot.name, secret="s"), {"project": {"id": ana.project_id}})
    assert scoped.status_code == 400


def test_a_restricted_one_makes_no_others(site: Site, robot: User) -> None:
    assert create(robot, name="more").status_code == 403
    assert robot.delete(path(robot, robot.name)).status_code == 403


def test_an_unrestricted_one_does(site: Site, ana: User) -> None:
    made = create(ana, secret="s", unrestricted=True).json["application_credential"]
    token = site.log_in(proof(id=made["id"], secret="s")).headers["X-Subject-Token"]
    free = User(site, ana.id, made["id"], "s", ana.project_id, token)

    assert create(free, name="more").status_code == 201
    assert free.delete(path(free, made["id"])).status_code == 204
    assert site.status(token) == 401


ENDINGS = {
    "deleted": lambda site, ana, made: application_credentials.delete(
        site.context, ana.id, made
    ),
    "user disabled": lambda site, ana, made: users.set_enabled(site.context, ana.id, False),
    "user deleted": lambda site, ana, made: users.delete(site.context, ana.id),
    "project disabled": lambda site, ana, made: projects.set_enabled(
        site.context, ana.project_id, False
    ),
    "project deleted": lambda site, ana, made: projects.delete(site.context, ana.project_id),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_what_ends_it_ends_its_tokens(site: Site, ana: User, robot: User, end: Any) -> None:
    assert site.status(robot.token) == 200

    with site.connected():
        end(site, ana, robot.name)

    assert site.status(robot.token) == 401
    assert site.log_in(proof(id=robot.name, secret="s")).status_code == 401


def test_a_password_change_leaves_the_credential(site: Site, ana: User, robot: User) -> None:
    with site.connected():
        users.set_password(site.context, ana.id, "new")

    assert site.status(robot.token) == 401
    assert site.log_in(proof(id=robot.name, secret="s")).status_code == 201


def test_it_expires_with_its_tokens(site: Site, ana: User, clock: Any) -> None:
    ana.token = site.token(ana, ana.project_id)
    made = create(ana, secret="s", expires_at="2027-01-15T08:10:00").json
    shown = made["application_credential"]
    assert shown["expires_at"] == "2027-01-15T08:10:00.000000Z"
    token = site.log_in(proof(id=shown["id"], secret="s"))
    assert token.json["token"]["expires_at"] == shown["expires_at"]

    clock.at += 600
    assert site.status(token.headers["X-Subject-Token"]) == 401
    assert site.log_in(proof(id=shown["id"], secret="s")).status_code == 401


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"name": "a\nb"},
        {"name": None},
        {"secret": ""},
        {"secret": "x" * 1025},
        {"expires_at": "2001-01-01T00:00:00"},
        {"expires_at": "tomorrow"},
        {"expires_at": 5},
        {"roles": [{"name": "admin"}]},
        {"roles": []},
        {"roles": [{}]},
        {"access_rules": [{"service": "image", "method": "GET", "path": "/v2/images"}]},
    ],
)
def test_what_cannot_be_made_is_refused(site: Site, ana: User, values: dict[str, Any]) -> None:
    assert create(ana, **values).status_code == 400


def test_empty_values_are_passed_over(site: Site, ana: User) -> None:
    made = create(
        ana,
        secret=None,
        description=None,
        roles=None,
        expires_at=None,
        unrestricted=None,
        access_rules=[],
        user_id="other",
        project_id="other",
    )

    assert made.status_code == 201
    assert made.json["application_credential"]["project_id"] == ana.project_id


def test_names_are_unique_for_a_user(site: Site, ana: User, ben: User) -> None:
    assert create(ana).status_code == 201
    assert create(ana).status_code == 409
    assert create(ben).status_code == 201


def test_nobody_makes_one_for_another(site: Site, ana: User, ben: User, root: User) -> None:
    body = {"application_credential": {"name": "ci"}}

    assert ben.post(path(ana), json=body).status_code == 403
    assert root.post(path(ana), json=body).status_code == 403


def test_nobody_sees_those_of_another(site: Site, ana: User, ben: User) -> None:
    made = create(ana).json["application_credential"]["id"]

    assert ben.get(path(ana)).status_code == 403
    assert ben.get(path(ana, made)).status_code == 403
    assert ben.get(path(ben, made)).status_code == 404
    assert ben.delete(path(ana, made)).status_code == 403
    assert ben.delete(path(ben, made)).status_code == 404
    assert ana.get(path(ana, made)).status_code == 200


def test_it_needs_a_token_for_a_project(site: Site, ana: User) -> None:
    ana.token = site.token(ana)

    assert create(ana).status_code == 403


def test_guessing_its_secret_is_slowed_down(site: Site, ana: User, clock: Any) -> None:
    ana.token = site.token(ana, ana.project_id)
    made = create(ana, secret="s").json["application_credential"]
    for _ in range(5):
        assert site.log_in(proof(id=made["id"], secret="wrong")).status_code == 401

    assert site.log_in(proof(id=made["id"], secret="s")).status_code == 429
    assert ana.log_in().status_code == 201
