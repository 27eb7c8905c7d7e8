"""What the pages say can be typed, is an option, an error, or a file, is one."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pages
import pytest
import yaml
from click.testing import CliRunner

from glance_shim import config, errors
from glance_shim.cli import cli
from glance_shim.policy import enforcer, rules

SOURCES = sorted((pages.ROOT / "glance_shim").rglob("*.py"))
EVERY_PAGE = [*pages.PAGES, *sorted((pages.ROOT / "docs").glob("*.md"))]

PLACEHOLDER = re.compile(r"{[^{}]*}")
LINK = re.compile(r"\]\((?!\w+:|<)([^)#\s]+)(#[^)\s]*)?\)")


def commands() -> Iterator[tuple[str, list[str]]]:
    """What the pages have ``glance-shim`` do, as words, and where it stands."""
    lines = [
        (name, line)
        for name, text in pages.of_kind("sh")
        for line in text.replace("\\\n", " ").splitlines()
    ]
    for page in pages.PAGES:
        said = re.findall(r"`(glance-shim [^`…]*)`", page.read_text())
        lines += [(f"{page.stem}-{line}".replace(" ", "-"), line) for line in said]
    for name, line in lines:
        words = shlex.split(line)
        if words[:1] == ["glance-shim"]:
            yield name, words[1:]


@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in commands()])
def test_a_command_of_a_page_exists_with_its_options(words: list[str], tmp_path: Path) -> None:
    there = tmp_path / "file"
    there.touch()
    arguments = [str(there) if word.endswith((".conf", ".yaml")) else word for word in words]

    # Options are read before the help is shown, so one that is unknown is an error.
    result = CliRunner().invoke(cli, [*arguments, "--help"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in pages.of_kind("ini")]
)
def test_options_of_a_page_are_understood_and_used(text: str, tmp_path: Path) -> None:
    file = tmp_path / "glance-shim.conf"
    file.write_text(text)

    assert config.load([str(file)]).unused == []


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in pages.of_kind("yaml")]
)
def test_rules_of_a_page_are_rules(text: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)

    assert set(yaml.safe_load(text)) <= {rule.name for rule in rules.RULES}
    assert enforcer.load(str(file)).overridden


def words_of_the_program() -> Iterator[str]:
    """Every text in the sources, with what is filled in as ``{}``."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield PLACEHOLDER.sub("{}", node.value)
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )


def symptoms() -> list[str]:
    page = pages.ROOT / "docs" / "how-to" / "troubleshooting.md"
    return re.findall(r"^### `(.*)`$", page.read_text(), re.M)


@pytest.fixture(scope="module")
def said() -> list[str]:
    return list(words_of_the_program())


@pytest.mark.parametrize("symptom", symptoms())
def test_a_symptom_has_the_words_of_the_program(symptom: str, said: list[str]) -> None:
    words = PLACEHOLDER.sub("{}", symptom).replace("%s", "{}")

    assert any(words in text.replace("%s", "{}") for text in said)


def test_symptoms_are_found_however_long_their_messages_are() -> None:
    assert len(symptoms()) > 30
    assert errors.ImageNotFound.message in symptoms()


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.stem) for page in EVERY_PAGE if page.exists()]
)
def test_a_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text()):
        assert (page.parent / unquote(target)).exists(), target


def routes_through_the_code() -> list[tuple[str, str]]:
    """Files and the names in them that the page on the architecture leads to."""
    page = pages.ROOT / "docs" / "explanation" / "architecture.md"
    return re.findall(r"\]\(\.\./\.\./(glance_shim/[\w/]+\.py)\) `([\w.]+)`", page.read_text())


@pytest.mark.parametrize("file, name", routes_through_the_code())
def test_what_the_architecture_names_is_in_the_code(file: str, name: str) -> None:
    scope: ast.AST = ast.parse((pages.ROOT / file).read_text())
    for part in name.split("."):
        (scope,) = [each for each in scope.body if getattr(each, "name", None) == part]
