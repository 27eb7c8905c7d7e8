"""What the page on backups says, typed on a machine of the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pages
from people import Person
from server_process import COMMAND

PAGE = pages.ROOT / "docs" / "how-to" / "backup.md"

# The program of the page, where it is not installed: it has one statement executed.
SQLITE = """\
#!{python}
import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute(sys.argv[2])
"""

GLANCE_SHIM = '#!/bin/sh\nexec {command} "$@"\n'

POSTGRESQL = re.compile(r"postgresql://glance@db\.example\.org/glance")
MARIADB = re.compile(r"--host=db\.example\.org --user=glance\b(.*?) glance\b", re.S)


class Machine:
    """Directories in the place of those of the page, and somebody who types what it says."""

    def __init__(self, directory: Path, home: Path) -> None:
        self._directory = directory
        self._etc = directory / "etc"
        self._etc.mkdir()
        self._backup = directory / "backup"
        self._backup.mkdir()
        self.home = home
        self.database = ""
        commands = {
            "sqlite3": SQLITE.format(python=sys.executable),
            "glance-shim": GLANCE_SHIM.format(command=" ".join(COMMAND)),
        }
        for name, text in commands.items():
            command = directory / name
            command.write_text(text)
            command.chmod(0o700)

    def configure(self, options: dict[str, dict[str, Any]]) -> None:
        """Write the file with the options."""
        lines = []
        for section, values in options.items():
            lines.append(f"[{section}]")
            lines += [f"{name} = {_text(value)}" for name, value in values.items()]
        (self._etc / "glance-shim.conf").write_text("\n".join(lines))

    def type(self, script: str) -> str:
        """Type it, with the database of this machine; what it prints."""
        script = POSTGRESQL.sub(self.database, script)
        script = MARIADB.sub(self._to_mariadb, script)
        places = {"/var/lib/glance-shim": self.home, "/etc/glance-shim": self._etc}
        for name, place in (*places.items(), ("/backup", self._backup)):
            script = script.replace(name, str(place))
        done = subprocess.run(
            ["bash", "-euc", script],
            env={**os.environ, "PATH": f"{self._directory}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _to_mariadb(self, found: re.Match[str]) -> str:
        url = urllib.parse.urlsplit(self.database)
        who = [f"--host={url.hostname}", f"--port={url.port or 3306}", f"--user={url.username}"]
        if url.password:
            who.append(f"--password={url.password}")
        return f"{' '.join(who)}{found[1]} {url.path[1:]}"


def _text(value: Any) -> str:
    """A value as a file of options has it."""
    if isinstance(value, dict):
        return ",".join(f"{name}:{each}" for name, each in value.items())
    return str(value)


def script_with(program: str) -> str:
    """The one block of the page that has it done."""
    blocks = [block.text for block in pages.blocks(PAGE) if block.kind == "sh"]
    (found,) = [text for text in blocks if re.search(rf"^{program} ", text, re.M)]
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
