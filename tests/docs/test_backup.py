"""What the page on backups says, done as it says while the service is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import databases
import pages
import pytest
from people import Person, Service
from server_process import COMMAND

PAGE = pages.ROOT / "docs" / "how-to" / "backup.md"

pytestmark = pytest.mark.skipif(databases.KIND != "sqlite", reason="the page copies SQLite")

OPTIONS = """\
[DEFAULT]
state_path = {home}
[database]
connection = sqlite:///{home}/glance.db
[glance_store]
filesystem_store_datadir = {home}/images
"""

# The program of the page, where it is not installed: it has one statement executed.
SQLITE = """\
#!{python}
import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute(sys.argv[2])
"""

GLANCE_SHIM = '#!/bin/sh\nexec {command} "$@"\n'


class Machine:
    """Directories in the place of those of the page, and somebody who types what it says."""

    def __init__(self, directory: Path, home: Path) -> None:
        self.directory = directory
        self.etc = directory / "etc"
        self.etc.mkdir()
        self.backup = directory / "backup"
        self.places = {"/var/lib/glance-shim": home, "/etc/glance-shim": self.etc}
        (self.etc / "glance-shim.conf").write_text(OPTIONS.format(home=home))
        commands = {
            "sqlite3": SQLITE.format(python=sys.executable),
            "glance-shim": GLANCE_SHIM.format(command=" ".join(COMMAND)),
        }
        for name, text in commands.items():
            command = directory / name
            command.write_text(text)
            command.chmod(0o700)

    def type(self, script: str) -> str:
        """Type it; what it prints."""
        for name, place in (*self.places.items(), ("/backup", self.backup)):
            script = script.replace(name, str(place))
        return subprocess.run(
            ["bash", "-euc", script],
            env={**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def scripts() -> list[str]:
    """To take a copy, and to put it back."""
    found = [block.text for block in pages.blocks(PAGE) if block.kind == "sh"]
    assert len(found) == 2
    return found


def everything(person: Person) -> dict[str, Any]:
    """What the service says of all images, and their data."""
    return {
        image_id: (
            person.show(image_id),
            person.get(f"/v2/images/{image_id}/file").data,
            person.get(f"/v2/images/{image_id}/members").json,
        )
        for image_id in person.ids()
    }


def test_a_restored_copy_serves_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    service = Service(first, {"database": {"connection": f"sqlite:///{first}/glance.db"}})
    alice = service.person("p1", "member")
    for number in range(5):
        image = alice.active(b"%d" % number * 5000, name=f"image {number}", n=str(number))
        alice.share(image["id"], "p2")
    machine = Machine(tmp_path, first)
    take, put_back = scripts()
    copy, dump = take.split("sqlite3", 1)

    machine.type(copy)
    late = alice.active(b"came while the copy was made")
    machine.type("umask 077\nsqlite3" + dump)
    before = everything(alice)
    never = alice.active(b"came after it was made")
    service.close()

    machine.places["/var/lib/glance-shim"] = second
    (machine.etc / "glance-shim.conf").write_text(OPTIONS.format(home=second))
    said = machine.type(put_back)

    assert "everything is in order" in said
    again = Service(second, {"database": {"connection": f"sqlite:///{second}/glance.db"}})
    after = everything(Person(again.app, alice.token, alice.project_id))
    assert after == before
    assert late["id"] in after and never["id"] not in after
    assert (second / "glance.db").stat().st_mode & 0o077 == 0
    again.close()
