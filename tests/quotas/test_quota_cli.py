"""``glance-shim quota``."""

from __future__ import annotations

import json
from typing import Any

import click.testing
import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.cli.quota import quota


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
    run("set", "image_count_total", "--project", alice.project_id or "", "--", "-1")

    assert alice.post("/v2/images", json={}).status_code == 201
    assert bob.post("/v2/images", json={}).status_code == 413


def test_a_limit_below_what_is_used_says_so(run: Any, alice: Person) -> None:
    for _ in range(3):
        alice.create()
    said = run("set", "image_count_total", "1", "--project", "p1")

    assert "uses 3 already" in said
    assert alice.post("/v2/images", json={}).status_code == 413
    assert len(alice.ids()) == 3


def test_the_table_is_for_people(run: Any) -> None:
    run("set", "image_size_total", "100")

    assert run("list").splitlines() == [
        "project  name              limit  of",
        "         image_size_total  100    MiB stored",
    ]


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
