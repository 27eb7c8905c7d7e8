"""Tokens: what they are worth, and when they stop being worth it."""

from __future__ import annotations

from typing import Any

import databases
import pytest
from site_under_test import TOKENS, Site, User

from glance_shim import errors
from glance_shim.core.identity import projects, roles, tokens, users
from glance_shim.db import connection
from glance_shim.db.identity import tokens as rows


def test_a_token_says_who_asks_and_for_what(site: Site, ana: User) -> None:
    told = site.whoami(ana.token)

    assert told.pop("request_id").startswith("req-")
    assert told == {
        "user_id": ana.id,
        "user_name": "ana",
        "project_id": ana.project_id,
        "project_name": "lab",
        "scope": "project",
        "domain_id": None,
        "roles": ["member", "reader"],
        "service_roles": [],
    }


ALTERED = {
    "one character changed": lambda text: ("A" if text[0] != "A" else "B") + text[1:],
    "last character changed": lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
    "cut": lambda text: text[:-1],
    "longer": lambda text: text + "A",
    "another case": lambda text: text.swapcase(),
    "twice": lambda text: f"{text},{text}",
    "its own hash": tokens._hash,
    "long": lambda text: "A" * 100_000,
    "not ASCII": lambda text: "é" * len(text),
    "a word": lambda text: "admin",
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_token_is_refused(site: Site, ana: User, alter: Any) -> None:
    assert site.status(alter(ana.token)) == 401


def test_all_refusals_look_the_same(site: Site, ana: User) -> None:
    bodies = {
        site.client.get("/v2/whoami", headers={"X-Auth-Token": alter(ana.token)}).data
        for alter in ALTERED.values()
    }

    assert len(bodies) == 1
    assert site.client.get("/v2/whoami").data in bodies


@pytest.mark.parametrize("empty", [None, "", "  ", "\t"])
def test_no_token_is_refused(site: Site, empty: str | None) -> None:
    assert site.status(empty) == 401


def test_blanks_around_a_token_do_not_count(site: Site, ana: User) -> None:
    assert site.status(f"  {ana.token} ") == 200


def test_two_token_headers_are_refused(site: Site, ana: User) -> None:
    headers = [("X-Auth-Token", ana.token), ("X-Auth-Token", ana.token)]

    assert site.client.get("/v2/whoami", headers=headers).status_code == 401


def test_the_database_does_not_hold_the_token(site: Site, ana: User) -> None:
    with site.connected():
        tables = connection.database.get_tables()
        rows = [
            connection.database.execute_sql(f"SELECT * FROM {t}").fetchall() for t in tables
        ]
    dump = str(rows)

    assert tokens._hash(ana.token or "") in dump
    assert ana.token not in dump
    assert ana.password not in dump


def test_a_token_is_valid_until_it_expires(site: Site, ana: User, clock: Any) -> None:
    token = site.token(ana, ana.project_id)
    life = site.deployment.config.identity.token_expiration

    clock.at += life - 1
    assert site.status(token) == 200
    clock.at += 1
    assert site.status(token) == 401


def _revoke(site: Site, ana: User) -> None:
    assert ana.delete(TOKENS, headers={"X-Subject-Token": ana.token}).status_code == 204


def _change_password(site: Site, ana: User) -> None:
    body = {"user": {"original_password": ana.password, "password": "another one"}}
    assert ana.post(f"/identity/v3/users/{ana.id}/password", json=body).status_code == 204


ENDINGS = {
    "revoked": _revoke,
    "password changed": _change_password,
    "password set": lambda site, ana: users.set_password(site.context, ana.id, "new"),
    "user disabled": lambda site, ana: users.set_enabled(site.context, ana.id, False),
    "user deleted": lambda site, ana: users.delete(site.context, ana.id),
    "project disabled": lambda site, ana: projects.set_enabled(
        site.context, ana.project_id, False
    ),
    "project deleted": lambda site, ana: projects.delete(site.context, ana.project_id),
    "role revoked": lambda site, ana: roles.revoke(
        site.context, ana.id, "member", ("project", ana.project_id)
    ),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
def test_what_ends_a_token_ends_it_at_once_and_for_good(
    site: Site, ana: User, ben: User, end: Any
) -> None:
    other = site.token(ana, ana.project_id)
    ended = [ana.token] if end is _revoke else [ana.token, other]

    with site.connected():
        end(site, ana)

    for text in ended:
        assert site.status(text) == 401
        with site.connected():
            assert rows.find(tokens._hash(text or "")) is None
    assert site.status(ben.token) == 200


@pytest.mark.parametrize("column", ["user", "project"])
def test_validation_looks_at_the_present_state(site: Site, ana: User, column: str) -> None:
    """Also where a row of the table outlived what it is for."""
    table, key = {"user": ("users", ana.id), "project": ("projects", ana.project_id)}[column]
    with site.connected():
        database = connection.engine()
        statement = f"UPDATE {table} SET enabled = {{0}} WHERE id = {{0}}"
        database.execute_sql(statement.format(database.param), (False, key))

    assert site.status(ana.token) == 401


def test_a_new_role_counts_at_once(site: Site, ana: User) -> None:
    with site.connected():
        roles.grant(site.context, ana.id, "admin", ("project", ana.project_id))

    assert site.whoami(ana.token)["roles"] == ["admin", "member", "reader"]


def test_unknown_roles_cannot_be_granted(site: Site, ana: User) -> None:
    for role in ("Admin", "admin ", "\uff21\uff24\uff2d\uff29\uff2e", "administrator", ""):
        with site.connected(), pytest.raises(errors.NotFound):
            roles.grant(site.context, ana.id, role, ("project", ana.project_id))


def test_a_token_needs_a_role_in_its_project(in_database: Site, ana: User, ben: User) -> None:
    with pytest.raises(errors.Unauthorized):
        tokens.issue(in_database.deployment, user_id=ana.id, project_id=ben.project_id)


def test_a_token_needs_its_user(in_database: Site) -> None:
    with pytest.raises(errors.Unauthorized):
        tokens.issue(in_database.deployment, user_id="f" * 32)


def test_expired_tokens_are_kept_for_a_day(site: Site, ana: User, clock: Any) -> None:
    token = site.token(ana, ana.project_id)
    with site.connected():
        end = tokens.validate(token).expires_at
        clock.at = end + tokens.EXPIRED_USABLE - 1
        assert tokens.validate(token, allow_expired=True).user_id == ana.id
        clock.at = end + tokens.EXPIRED_USABLE
        with pytest.raises(errors.Unauthorized):
            tokens.validate(token, allow_expired=True)

    clock.at += 1
    site.token(ana)
    with site.connected():
        assert rows.find(tokens._hash(token)) is None


def test_validation_is_one_query_by_index(in_database: Site, ana: User) -> None:
    database = connection.engine()
    with databases.counted(database) as statements:
        tokens.validate(ana.token or "")

    assert len(statements) == 1
    # PostgreSQL reads a table of one page without an index; that of SQLite is told as it is.
    assert database.kind == "postgresql" or not databases.scans(database, *statements[0])
