"""The container examples of ``etc`` run commands and set options that exist.

No container engine runs them in the tests.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from glance_shim.cli import cli

ROOT = Path(__file__).parent.parent
CONTAINERFILE = (ROOT / "etc" / "Containerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "etc" / "compose.yaml").read_text())


def commands() -> list[list[str]]:
    found = [yaml.safe_load(each) for each in re.findall(r"^CMD (\[.*\])", CONTAINERFILE, re.M)]
    found += [each["command"] for each in COMPOSE["services"].values() if "command" in each]
    return [command for command in found if command[0] == "glance-shim"]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_container_runs_a_command_that_exists(command: list[str], tmp_path: Path) -> None:
    there = tmp_path / "glance-shim.conf"
    there.touch()
    arguments = [str(there) if each.endswith(".conf") else each for each in command[1:]]

    result = CliRunner().invoke(cli, [*arguments, "--help"])

    assert result.exit_code == 0, result.output


def test_the_extras_that_the_image_installs_exist() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', CONTAINERFILE)

    assert set(extras.split(",")) <= set(setup["options.extras_require"])


def test_the_service_is_nobody_special_in_its_container() -> None:
    assert re.findall(r"^USER (.*)$", CONTAINERFILE, re.M) == ["glance-shim"]


def test_the_composition_has_two_servers_a_worker_a_database_and_a_store() -> None:
    services = COMPOSE["services"]

    assert {"api1", "api2", "worker", "database", "objects", "proxy"} <= services.keys()
    for name, service in services.items():
        for needed in service.get("depends_on", ()):
            assert needed in services, name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"], name


@pytest.mark.skipif(not shutil.which("haproxy", path="/usr/sbin"), reason="there is no haproxy")
def test_haproxy_finds_nothing_wrong_with_its_example(tmp_path: Path) -> None:
    text = (ROOT / "etc" / "haproxy.cfg.sample").read_text()
    checked = tmp_path / "haproxy.cfg"
    checked.write_text(re.sub(r"bind :443 .*", "bind 127.0.0.1:443", text))

    said = subprocess.run(
        ["/usr/sbin/haproxy", "-c", "-f", checked], capture_output=True, text=True, check=False
    )

    assert said.returncode == 0 and "WARNING" not in said.stderr, said.stderr
