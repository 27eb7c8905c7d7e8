"""``glance-shim policy check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from people import Service

from glance_shim.cli.policy import policy


@pytest.fixture
def check(service: Service) -> Any:
    def command(*words: str) -> Any:
        words = ("check", *words, "--format", "json")
        return click.testing.CliRunner().invoke(policy, words, obj=lambda: service.deployment)

    return command


def row(result: click.testing.Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    [line] = json.loads(result.stdout)
    return line


@pytest.mark.parametrize(
    ("words", "own", "offered", "public", "foreign"),
    [
        (("get_image", "--role", "reader"), True, True, True, False),
        (("get_image", "--role", "admin"), True, True, True, True),
        (("delete_image", "--role", "member"), True, False, False, False),
        (("delete_image", "--role", "reader"), False, False, False, False),
        (("publicize_image", "--role", "member"), False, False, False, False),
        (("publicize_image", "--role", "admin"), True, True, True, True),
        (("modify_member", "--role", "member"), False, True, False, False),
        (("get_image", "--role", "reader", "--scope", "system"), False, False, False, False),
        (("add_image",), False, False, False, False),
    ],
)
def test_the_answers_for_a_role(
    check: Any, words: tuple[str, ...], own: bool, offered: bool, public: bool, foreign: bool
) -> None:
    answer = row(check(*words))
    assert answer == {
        "rule": words[0],
        "own": own,
        "offered": offered,
        "public": public,
        "foreign": foreign,
        "default": True,
    }


def test_a_file_overrides_what_it_names(check: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('"delete_image": "role:curator"\n"manage_image_cache": "!"\n')

    curator = row(check("delete_image", "--role", "curator", "--file", str(path)))
    assert (curator["own"], curator["foreign"], curator["default"]) == (True, True, False)
    member = row(check("delete_image", "--role", "member", "--file", str(path)))
    assert not member["own"]
    untouched = row(check("get_image", "--role", "reader", "--file", str(path)))
    assert untouched["default"]


def test_a_file_may_ask_for_the_project(check: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('"add_image": "role:member and project_id:lab"\n')

    words = ("add_image", "--role", "member", "--file", str(path), "--project")
    assert row(check(*words, "lab"))["own"]
    assert not row(check(*words, "office"))["own"]


def test_all_rules_are_listed_and_a_strange_one_is_named(check: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('"get_imagee": "!"\n')

    result = check("--role", "reader", "--file", str(path))

    names = [line["rule"] for line in json.loads(result.stdout)]
    assert len(names) == len(set(names)) > 60
    assert "get_imagee" in result.stderr


def test_a_rule_that_there_is_not_is_refused(check: Any) -> None:
    result = check("get_imagee")
    assert result.exit_code == 2
    assert "there is no rule get_imagee" in result.output
