"""The first steps of the page on production, in a directory in the place of the usual ones."""

from __future__ import annotations

import shlex
from pathlib import Path

import databases
import pages
import pytest
from click.testing import CliRunner

from glance_shim.cli import cli

PAGE = pages.ROOT / "docs" / "how-to" / "production.md"

pytestmark = pytest.mark.skipif(
    databases.KIND != "sqlite", reason="the page begins with SQLite"
)


def test_the_first_steps_lead_to_a_service_in_order(tmp_path: Path) -> None:
    blocks = pages.blocks(PAGE)
    options = next(block.text for block in blocks if block.kind == "ini")
    file = tmp_path / "glance-shim.conf"
    file.write_text(options.replace("/var/lib/glance-shim", str(tmp_path)))
    lines = [line for block in blocks if block.kind == "sh" for line in block.text.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("glance-shim ")]
    # What stays running, and what is about a file of rules that is not here, is left out.
    done = [words for words in commands if not {"serve", "policy"} & {*words}]

    said = []
    for words in done:
        named = [str(file) if word.endswith(".conf") else word for word in words]
        where = [] if "--config-file" in named else ["--config-file", str(file)]
        result = CliRunner().invoke(
            cli, [*where, *named], env={"GLANCE_SHIM_PASSWORD": "a long password of theirs"}
        )
        assert result.exit_code == 0, result.output
        said.append(result.output)

    assert [words[-1] for words in done[:2]] == ["upgrade", "check"]
    assert "applied 0001_images" in said[0]
    assert said[1] == "everything is in order\n"
    assert len(done) >= 4
