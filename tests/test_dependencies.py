"""The pins agree with what is asked for, and nobody takes silence for an audit."""

from __future__ import annotations

import ast
import configparser
import contextlib
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from typing import Any

import dependencies
import pytest
from packaging.requirements import Requirement

ROOT = dependencies.PINS.parent
SETUP = ROOT / "setup.cfg"

# Parts of what is asked for, and what only those use who have it.
BROUGHT = {"werkzeug", "webargs", "urllib3", "openstack"}


def pins() -> dict[str, str]:
    lines = (Requirement(each) for each in dependencies.PINS.read_text().splitlines()[1:])
    return {dependencies.canonical(line.name): str(line.specifier)[2:] for line in lines}


def asked_for() -> list[Requirement]:
    parser = configparser.ConfigParser()
    parser.read(SETUP)
    texts = [parser["options"]["install_requires"], *parser["options.extras_require"].values()]
    lines = [line for text in texts for line in text.strip().splitlines()]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("wanted", asked_for(), ids=str)
def test_a_pin_is_of_a_version_that_is_asked_for(wanted: Requirement) -> None:
    version = pins().get(dependencies.canonical(wanted.name))

    # What is only needed to draw plots is on no machine that runs the tests.
    assert version is not None or wanted.name == "matplotlib"
    assert version is None or version in wanted.specifier


def imported() -> Iterator[str]:
    """The first name of every library that the program imports."""
    for path in (ROOT / "glance_shim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def modules(wanted: Requirement) -> set[str]:
    """What a library, if it is installed, can be imported by."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files(wanted.name) or ()
        return {file.parts[0].partition(".")[0] for file in files}
    return set()


def test_what_is_imported_is_asked_for() -> None:
    """Not left to a library that happens to bring it."""
    foreign = set(imported()) - sys.stdlib_module_names - {"glance_shim"}

    assert len(foreign) > 15
    assert foreign.difference(*map(modules, asked_for())) == BROUGHT


def test_every_line_is_one_version() -> None:
    assert len(pins()) > 50
    assert all(re.fullmatch(r"[\w.+-]+", version) for version in pins().values())


def hashed() -> dict[str, tuple[str, list[str]]]:
    """The version and the hashes of all that a server needs."""
    text = dependencies.HASHES.read_text().replace("\\\n", "")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    parts = {line[0]: line[1:] for line in lines}
    return {name: (version, parts[f"{name}=={version}"]) for name, version in map(_pin, parts)}


def _pin(text: str) -> tuple[str, str]:
    name, _, version = text.partition("==")
    return name, version


def test_what_a_server_needs_is_pinned_with_hashes() -> None:
    found = hashed()
    pinned = {**pins(), "setuptools": found["setuptools"][0]}

    assert len(found) > 40
    for name, (version, hashes) in found.items():
        assert version == pinned[name]
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes)


def test_all_that_a_server_needs_is_there() -> None:
    wanted = set(dependencies.needed(dependencies.OWN, dependencies.SERVING, set()))

    # Only what is installed here can be looked at.
    assert wanted - {dependencies.OWN} <= set(hashed())


GOOD: dict[str, Any] = {"name": "flask", "version": "3.1.3", "vulns": []}
HOLE: dict[str, Any] = {"id": "CVE-2026-1", "fix_versions": ["3.1.4"]}
SKIPPED: dict[str, Any] = {"name": "flask", "skip_reason": "not found"}


@pytest.mark.parametrize(
    "answer, words, code, said",
    [
        ([GOOD], [], 0, "1 dependencies were looked up, 0 findings"),
        ([{**GOOD, "vulns": [HOLE]}], [], 1, "CVE-2026-1, mended in 3.1.4"),
        ([GOOD, SKIPPED], [], 1, "flask: not audited"),
        ([SKIPPED], [], 2, "NOT AUDITED"),
        ([SKIPPED], ["--offline-is-fine"], 0, "NOT AUDITED"),
        (None, [], 2, "NOT AUDITED"),
        (None, ["--offline-is-fine"], 0, "NOT AUDITED"),
    ],
)
def test_an_audit_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: Any,
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr(dependencies, "looked_up", lambda _: answer)

    assert dependencies.audit(*words) == code
    assert said in capsys.readouterr().out
