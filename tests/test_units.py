"""The service units in ``etc`` are ones that systemd takes, with commands that exist."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from glance_shim.cli import cli

UNITS = sorted((Path(__file__).parent.parent / "etc").glob("*.service"))


def command_of(unit: Path) -> list[str]:
    (line,) = (each for each in unit.read_text().splitlines() if each.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart="))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_exists_with_options_that_it_has(
    unit: Path, tmp_path: Path
) -> None:
    _, name, option, _ = command_of(unit)
    there = tmp_path / "glance-shim.conf"
    there.touch()

    result = CliRunner().invoke(cli, [name, option, str(there), "--help"])
    assert result.exit_code == 0 and f"cli {name}" in result.output
    assert option in {word for each in cli.commands[name].params for word in each.opts}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace(command_of(unit)[0], sys.executable))

    verified = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    said = [line for line in verified.stderr.splitlines() if unit.name in line]
    assert (verified.returncode, said) == (0, []), verified.stderr
