"""What the page on backups says, done as it says while the service is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import backups
import databases
import pytest
from people import Person, Service

pytestmark = pytest.mark.skipif(databases.KIND != "sqlite", reason="the page copies SQLite")


def options(home: Path) -> dict[str, dict[str, Any]]:
    return {
        "DEFAULT": {"state_path": str(home)},
        "database": {"connection": f"sqlite:///{home}/glance.db"},
        "glance_store": {"filesystem_store_datadir": f"{home}/images"},
    }


def test_a_restored_copy_serves_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    service = Service(first, options(first))
    alice = service.person("p1", "member")
    for number in range(5):
        image = alice.active(b"%d" % number * 5000, name=f"image {number}", n=str(number))
        alice.share(image["id"], "p2")
    machine = backups.Machine(tmp_path, first)
    copy, dump = backups.script_with("sqlite3").split("sqlite3", 1)

    machine.type(copy)
    late = alice.active(b"came while the copy was made")
    machine.type("umask 077\nsqlite3" + dump)
    before = backups.everything(alice)
    never = alice.active(b"came after it was made")
    service.close()

    machine.home = second
    machine.configure(options(second))
    machine.type(backups.script_with("install"))
    machine.type(backups.script_with("mkdir -p /var/lib/glance-shim/images\ncp"))
    said = machine.type(backups.script_with("glance-shim"))

    assert "everything is in order" in said
    again = Service(second, options(second))
    after = backups.everything(Person(again.app, alice.token, alice.project_id))
    assert after == before
    assert late["id"] in after and never["id"] not in after
    assert (second / "glance.db").stat().st_mode & 0o077 == 0
    again.close()
