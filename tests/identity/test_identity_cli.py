"""The ``glance-shim identity`` commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from site_under_test import Site, User

from glance_shim import errors
from glance_shim.cli.identity import identity
from glance_shim.core.identity import bootstrap


@pytest.fixture
def run(site: Site) -> Any:
    """Run a command; a list of things or a thing comes back from ``--format json``."""
    runner = click.testing.CliRunner()

    def command(*words: str, **kwargs: Any) -> Any:
        result = runner.invoke(identity, words, obj=lambda: site.deployment, **kwargs)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if "json" in words else result.output

    return command


def test_a_project_from_beginning_to_end(run: Any, site: Site) -> None:
    made = run("project", "create", "lab", "--description", "Lab", "--format", "json")

    assert run("project", "show", "lab", "--format", "json") == made
    assert run("project", "show", made["id"], "--format", "json") == made
    assert run("project", "list", "--format", "json") == [made]
    run("project", "disable", "lab")
    assert run("project", "show", "lab", "--format", "json")["enabled"] is False
    run("project", "enable", "lab")
    assert run("project", "show", "lab", "--format", "json")["enabled"] is True
    run("project", "delete", "lab")
    assert run("project", "list", "--format", "json") == []


def test_a_user_from_beginning_to_end(run: Any, site: Site) -> None:
    lab = site.project("lab")
    made = run(
        "user",
        "create",
        "ana",
        "--project",
        "lab",
        "--role",
        "member",
        "--generate",
        "--format",
        "json",
    )
    ana = User(site, made["id"], "ana", made.pop("password"), lab)

    assert ana.log_in().json["token"]["project"]["name"] == "lab"
    assert run("user", "show", "ana", "--format", "json") == made
    assert run("user", "list", "--format", "json") == [made]
    run("user", "disable", "ana")
    assert ana.log_in().status_code == 401
    run("user", "enable", "ana")
    assert ana.log_in().status_code == 201
    ana.password = run("user", "password", "ana", "--generate").strip()
    assert ana.log_in().status_code == 201
    run("user", "delete", "ana")
    assert run("user", "list", "--format", "json") == []


def test_a_password_comes_from_a_file(run: Any, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("from a file\n")

    made = run("user", "create", "ana", "--password-file", str(path), "--format", "json")

    assert "password" not in made
    assert User(site, made["id"], "ana", "from a file", None).log_in().status_code == 201


def test_a_password_comes_from_standard_input(run: Any, site: Site) -> None:
    run("user", "create", "ana", "--password-file", "-", input="from a pipe\n")
    (ana,) = run("user", "list", "--format", "json")

    assert User(site, ana["id"], "ana", "from a pipe", None).log_in().status_code == 201


def test_a_password_comes_from_the_environment(run: Any, site: Site) -> None:
    env = {"GLANCE_SHIM_PASSWORD": "from the environment"}
    made = run("user", "create", "ana", "--format", "json", env=env)

    user = User(site, made["id"], "ana", "from the environment", None)
    assert user.log_in().status_code == 201


def test_a_password_is_asked_for_twice_and_not_shown(run: Any, site: Site) -> None:
    output = run("user", "create", "ana", input="typed in\ntyped in\n")
    (ana,) = run("user", "list", "--format", "json")

    assert "typed in" not in output
    assert User(site, ana["id"], "ana", "typed in", None).log_in().status_code == 201


def test_no_command_takes_a_password_as_an_argument() -> None:
    def options(command: Any) -> Any:
        for parameter in command.params:
            yield from parameter.opts
        for child in getattr(command, "commands", {}).values():
            yield from options(child)

    assert not {"--password", "--secret", "password", "secret"} & set(options(identity))


def test_roles_are_granted_listed_and_revoked(run: Any, site: Site) -> None:
    site.user("ana", "lab")
    run("role", "grant", "member", "--user", "ana", "--project", "lab")
    run("role", "grant", "admin", "--user", "ana", "--system")
    run("role", "grant", "reader", "--user", "ana", "--domain")

    listed = run("role", "list", "--format", "json")
    assert [(row["role"], row["scope"], row["project_name"]) for row in listed] == [
        ("reader", "domain", None),
        ("member", "project", "lab"),
        ("admin", "system", None),
    ]
    assert len(run("role", "list", "--project", "lab", "--format", "json")) == 1
    assert len(run("role", "list", "--user", "ana", "--format", "json")) == 3
    run("role", "revoke", "member", "--user", "ana", "--project", "lab")
    assert run("role", "list", "--project", "lab", "--format", "json") == []


@pytest.mark.parametrize(
    "words",
    [
        ("project", "show", "nothing"),
        ("user", "show", "nobody"),
        ("user", "delete", "nobody"),
        ("role", "grant", "king", "--user", "ana", "--system"),
        ("role", "revoke", "member", "--user", "ana", "--system"),
        ("role", "grant", "member", "--user", "ana", "--project", "nothing"),
        ("application-credential", "delete", "nothing", "--user", "ana"),
    ],
)
def test_what_is_not_there_is_not_found(run: Any, ana: User, words: tuple[str, ...]) -> None:
    with pytest.raises(errors.NotFound):
        run(*words)


def test_names_are_taken_once(run: Any, ana: User) -> None:
    with pytest.raises(errors.Conflict, match="user named 'ana'"):
        run("user", "create", "ana", "--generate")
    with pytest.raises(errors.Conflict, match="project named 'lab'"):
        run("project", "create", "lab")


@pytest.mark.parametrize("name", ["", " lab", "lab ", "a\nb", "x" * 256])
def test_unusable_names_are_refused(run: Any, name: str) -> None:
    with pytest.raises(errors.UnusableName):
        run("project", "create", name)


def test_application_credentials(run: Any, site: Site, ana: User) -> None:
    made = run(
        "application-credential",
        "create",
        "ci",
        "--user",
        "ana",
        "--project",
        "lab",
        "--role",
        "reader",
        "--expires-at",
        "2099-01-31T00:00:00",
        "--format",
        "json",
    )
    proof = {
        "methods": ["application_credential"],
        "application_credential": {"id": made["id"], "secret": made["secret"]},
    }

    assert [role["name"] for role in site.log_in(proof).json["token"]["roles"]] == ["reader"]
    (listed,) = run("application-credential", "list", "--user", "ana", "--format", "json")
    assert listed["expires_at"] == "2099-01-31T00:00:00Z"
    assert "secret" not in listed
    run("application-credential", "delete", "ci", "--user", "ana")
    assert site.log_in(proof).status_code == 401


def test_a_table_is_for_people(run: Any, site: Site, ana: User) -> None:
    header, line = run("user", "list").splitlines()

    assert header.split() == ["id", "name", "enabled", "default_project_id"]
    assert line.split() == [ana.id, "ana", "true", ana.project_id]


def test_the_demonstration_can_be_repeated(in_database: Site) -> None:
    first = bootstrap.demo(in_database.context)
    second = bootstrap.demo(in_database.context)

    assert [person["cloud"] for person in first] == [
        "admin",
        "platform",
        "platform-reader",
        "app-team",
    ]
    assert len({person["password"] for person in first}) == 4
    assert second == [person | {"password": None} for person in first]


def test_the_people_of_the_demonstration_can_log_in(site: Site) -> None:
    with site.connected():
        people = bootstrap.demo(site.context)

    for person in people:
        user = {"name": person["user"], "password": person["password"]}
        response = site.log_in(
            {"methods": ["password"], "password": {"user": user}},
            {"project": {"name": person["project"]}},
        )
        names = [role["name"] for role in response.json["token"]["roles"]]
        assert names[0] == person["role"]
        assert response.json["token"]["project"]["id"] == person["project_id"]
