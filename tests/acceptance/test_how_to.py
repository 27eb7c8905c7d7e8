"""The how-to pages, done in a service of the quickstart as they say."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from server_process import COMMAND, Server, free_port
from terminal import Terminal

HOW_TO = pages.ROOT / "docs" / "how-to"

PREPARED = """\
openstack --os-cloud platform image create -f value -c id golden \
  --file glance-shim-data/sample.raw --disk-format raw
openstack --os-cloud app-team token issue -f value -c project_id
"""
OFFERED = "openstack --os-cloud platform image add project golden $APP_TEAM"
ANSWERED = "openstack --os-cloud platform image member list golden -f value -c Status"


class Desk:
    """Somebody at the machine where a quickstart runs."""

    def __init__(self, terminal: Terminal, directory: Path) -> None:
        self._terminal = terminal
        data = directory / "glance-shim-data"
        self._variables = {
            "OS_CLIENT_CONFIG_FILE": str(data / "clouds.yaml"),
            "GLANCE_SHIM_CONFIG_FILE": str(data / "glance-shim.conf"),
            "GLANCE_SHIM_PASSWORD": "a long password of hers",
        }
        command = shlex.join(map(str, COMMAND))
        self._before = f'cd {directory}\nglance-shim() {{ {command} "$@"; }}\n'

    def remember(self, **variables: str) -> None:
        """Have them in every terminal from now on."""
        self._variables |= variables

    def type(self, script: str) -> str:
        """Type it all in a terminal; what it prints."""
        words = ("bash", "-euxc", self._before + script)
        return self._terminal.run(*words, **self._variables).out


@pytest.fixture
def desk(terminal: Terminal, tmp_path: Path) -> Iterator[Desk]:
    port = free_port()
    server = Server(tmp_path, "quickstart", "--port", str(port))
    server.wait_until_it_serves(f"http://127.0.0.1:{port}")
    yield Desk(terminal, tmp_path)
    server.stop()


def script_of(name: str, program: str) -> str:
    """What a page has the program do here; other hosts and places are left out."""
    blocks = [block.text for block in pages.blocks(HOW_TO / f"{name}.md") if block.kind == "sh"]
    here = [text for text in blocks if text.startswith(program) and "/" not in text]
    assert here
    return "".join(here)


def test_an_image_is_shared_in_every_way(desk: Desk) -> None:
    """One page after the other, since each command takes the client its time."""
    image_id, app_team = desk.type(PREPARED).split()
    desk.remember(IMAGE=image_id, APP_TEAM=app_team)

    for page in ("share", "community"):
        desk.type(script_of(page, "openstack"))
    desk.type(OFFERED)
    desk.type(script_of("accept", "openstack"))

    assert desk.type(ANSWERED) == "pending\n"


def test_people_are_made_and_limited(desk: Desk) -> None:
    made = script_of("keystone", "glance-shim")
    limited = script_of("quotas", "glance-shim")
    shown = "glance-shim quota show lab"
    assert shown in limited

    assert "50000" in desk.type(made + limited.partition(shown)[0] + shown)
    assert "50000" not in desk.type(limited.partition(shown)[2] + shown)


def test_a_database_is_looked_at(desk: Desk) -> None:
    assert "everything is in order" in desk.type(script_of("databases", "glance-shim"))
