"""``glance-shim quota``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click.testing
import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.cli.quota import quota
from glance_shim.core import identity
from glance_shim.core.identity import projects
from glance_shim.db import connection


@pytest.fixture
def run(service: Service) -> Any:
    runner = click.testing.CliRunner()

    def command(*words: str) -> Any:
        result = runner.invoke(quota, words, obj=lambda: service.deployment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if "json" in words else result.output

    return command


def usage(person: Person) -> Any:
    return person.get("/v2/info/usage").json["usage"]


def test_a_limit_is_set_shown_and_removed(run: Any, alice: Person) -> None:
    run("set", "image_count_total", "5")
    run("set", "image_count_total", "2", "--project", "p1")
    alice.create()

    assert usage(alice)["image_count_total"] == {"usage": 1, "limit": 2}
    shown = {row["name"]: row for row in run("show", "p1", "--format", "json")}
    assert shown["image_count_total"] == {
        "name": "image_count_total",
        "limit": 2,
        "usage": 1,
        "of": "images",
    }
    assert shown["image_size_total"]["limit"] == -1
    listed = run("list", "--format", "json")
    assert [(row["project"], row["limit"]) for row in listed] == [
        ("", 5),
        (alice.project_id, 2),
    ]
    run("delete", "image_count_total", "--project", "p1")
    assert usage(alice)["image_count_total"]["limit"] == 5
    run("delete", "image_count_total")
    assert usage(alice)["image_count_total"]["limit"] == -1
    assert run("list", "--format", "json") == []


def test_a_project_may_be_free_of_what_binds_all(run: Any, alice: Person, bob: Person) -> None:
    run("set", "image_count_total", "0")
    run("set", "image_count_total", "-1", "--project", alice.project_id or "")

    assert alice.post("/v2/images", json={}).status_code == 201
    assert bob.post("/v2/images", json={}).status_code == 413


def test_a_limit_below_what_is_used_says_so(run: Any, alice: Person) -> None:
    for _ in range(3):
        alice.create()
    said = run("set", "image_count_total", "1", "--project", "p1")

    assert "uses 3 already" in said
    assert alice.post("/v2/images", json={}).status_code == 413
    assert len(alice.ids()) == 3


def test_a_limit_for_all_below_what_is_used_says_so(
    run: Any, alice: Person, bob: Person, carol: Person
) -> None:
    for person, number in ((alice, 3), (bob, 2), (carol, 1)):
        for _ in range(number):
            person.create()
    run("set", "image_count_total", "9", "--project", "p2")

    assert run("set", "image_count_total", "1").startswith("1 of the projects")
    assert run("set", "image_count_total", "3") == ""
    assert run("set", "image_count_total", "-1") == ""


def test_limits_of_a_project_that_is_gone_can_be_removed(run: Any, service: Service) -> None:
    gone = service.project("gone")
    run("set", "image_count_total", "1", "--project", "gone")
    with connection.connected(service.deployment.database):
        projects.delete(identity.system_context(service.deployment), gone)
    with pytest.raises(errors.ProjectNotFound):
        run("set", "image_count_total", "2", "--project", gone)

    run("delete", "image_count_total", "--project", gone)
    assert run("list", "--format", "json") == []


STANDALONE = {"auth_strategy": "admin_token", "admin_token": "a long enough word"}


@pytest.mark.parametrize("options", [{"auth_strategy": "none"}, STANDALONE])
def test_the_project_of_those_who_do_not_log_in_can_be_limited(
    make_service: Any, options: dict[str, str]
) -> None:
    service = make_service(**options)
    words = ("set", "image_count_total", "0", "--project", "admin")
    result = click.testing.CliRunner().invoke(quota, words, obj=lambda: service.deployment)
    assert result.exit_code == 0, result.output

    headers = {"X-Auth-Token": options.get("admin_token", "")}
    response = service.app.test_client().post("/v2/images", json={}, headers=headers)
    assert response.status_code == 413


def test_projects_of_keystone_are_taken_by_id(make_service: Any) -> None:
    service = make_service(auth_strategy="front", front_networks=["127.0.0.1/32"])
    runner = click.testing.CliRunner()

    def invoke(project: str) -> Any:
        words = ("set", "image_count_total", "7", "--project", project)
        return runner.invoke(quota, words, obj=lambda: service.deployment)

    assert invoke("0123456789abcdef" * 2).exit_code == 0
    assert isinstance(invoke("lab").exception, errors.Invalid)


def test_a_refusal_is_one_line_of_a_real_command(service: Service, tmp_path: Path) -> None:
    options = tmp_path / "glance-shim.conf"
    options.write_text(
        f"[database]\nconnection = {service.database_url}\n"
        f"[glance_store]\nfilesystem_store_datadir = {tmp_path}\n"
    )
    words = ["--config-file", str(options), "quota", "show", "nobody"]
    done = subprocess.run(
        [sys.executable, "-m", "glance_shim", *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "glance-shim: Could not find project nobody\n"


def test_the_table_is_for_people(run: Any, alice: Person) -> None:
    run("set", "image_size_total", "100")

    assert run("list").splitlines() == [
        "project  project_name  name              limit  of",
        "                       image_size_total  100    MiB stored",
    ]
    run("delete", "image_size_total")
    run("set", "image_count_total", "-1", "--project", "p1")
    (_, line) = run("list").splitlines()
    assert line.split() == [alice.project_id, "p1", "image_count_total", "-1", "images"]


@pytest.mark.parametrize(
    "words",
    [
        ("set", "image_size_total", "-2"),
        ("set", "image_size_total", str(1 << 63)),
        ("set", "image_size_total", "1.5"),
        ("set", "nonsense", "1"),
        ("delete", "nonsense"),
        ("show",),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(service: Service, words: tuple[str, ...]) -> None:
    result = click.testing.CliRunner().invoke(quota, words, obj=lambda: service.deployment)

    assert result.exit_code == 2


def test_a_project_that_does_not_exist_is_refused(run: Any) -> None:
    with pytest.raises(errors.ProjectNotFound):
        run("set", "image_size_total", "1", "--project", "nobody")
    with pytest.raises(errors.NotFound):
        run("delete", "image_size_total")
