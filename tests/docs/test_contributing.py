"""The walk through an operation shows the code as it stands."""

from __future__ import annotations

import re
import subprocess
import sys

import pages
import pytest

import glance_shim

TEXT = (pages.ROOT / "CONTRIBUTING.md").read_text()
EXCERPTS = re.findall(r"```python\n# (\S+)\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("file, excerpt", EXCERPTS, ids=[file for file, _ in EXCERPTS])
def test_an_excerpt_is_in_the_file(file: str, excerpt: str) -> None:
    assert excerpt in (pages.ROOT / file).read_text()


def test_every_layer_is_walked_through() -> None:
    layers = {file.split("/")[1] for file, _ in EXCERPTS if file.startswith("glance_shim/")}

    assert layers == {"policy", "db", "core", "api"}


def test_the_files_that_are_named_are_there() -> None:
    named = re.findall(r"\b(?:tests|glance_shim|docs|etc)/[\w/.]+\.\w+", TEXT)

    assert named
    assert [name for name in named if not (pages.ROOT / name).exists()] == []


def test_the_changelog_knows_this_version() -> None:
    headings = re.findall(r"^## (.*)$", (pages.ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    versions = [heading.partition(" ")[0] for heading in headings]

    assert versions[0] == "Unreleased"
    assert versions[1] == glance_shim.__version__


def test_the_version_has_one_place() -> None:
    command = [sys.executable, "-m", "glance_shim", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, cwd=pages.ROOT)

    assert said.stdout.strip().endswith(glance_shim.__version__)
    assert "version = attr: glance_shim.__version__" in (pages.ROOT / "setup.cfg").read_text()
