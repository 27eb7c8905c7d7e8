"""A copy as the page on backups has it made, while rows and data are written."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import backups
import databases
import pytest
from people import Person, Service
from real_server import until

from glance_shim.core import verification
from glance_shim.db import connection

pytestmark = pytest.mark.skipif(databases.KIND != "sqlite", reason="the page copies SQLite")

DATA = b"0123456789" * 2000


def options(home: Path) -> dict[str, dict[str, Any]]:
    return {
        "database": {"connection": f"sqlite:///{home}/glance.db"},
        "glance_store": {"filesystem_store_datadir": f"{home}/images"},
    }


class Writer(threading.Thread):
    """Somebody who uploads and renames images, and knows which were there by when."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self._person, self.ending = person, threading.Event()
        self.done: list[str] = []

    def run(self) -> None:
        while not self.ending.is_set():
            image = self._person.active(DATA)
            assert self._person.set(image["id"], name="written").status_code == 200
            self.done.append(image["id"])


def test_it_is_whole_and_has_what_was_written_before(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    service = Service(first, options(first))
    alice = service.person("p1", "member")
    machine = backups.Machine(tmp_path, first)
    writers = [Writer(service.person("p1", "member")) for _ in range(2)]
    copy, dump = backups.script_with("sqlite3").split("sqlite3", 1)
    for writer in writers:
        writer.start()
    until(lambda: all(len(writer.done) > 2 for writer in writers), "they are at work")
    machine.type(copy)
    before = {image_id for writer in writers for image_id in writer.done}
    machine.type("umask 077\nsqlite3" + dump)
    for writer in writers:
        writer.ending.set()
        writer.join()
    service.close()

    shutil.copytree(tmp_path / "backup", second)
    restored = Service(second, options(second))
    with connection.connected(restored.deployment.database):
        said = restored.deployment.database.execute_sql("PRAGMA integrity_check").fetchall()
        row = verification.Run(restored.deployment, verification.DEEP).go()
    images = Person(restored.app, alice.token, "p1").get("/v2/images?limit=1000").json["images"]
    restored.close()

    assert said == [("ok",)]
    assert (row.damaged, row.unchecked) == (0, 0)
    assert row.images >= len(before) > 0
    found = {image["id"]: image["name"] for image in images}
    assert {found.get(image_id) for image_id in before} == {"written"}
