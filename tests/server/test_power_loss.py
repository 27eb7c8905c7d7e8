"""The power goes at every moment of an upload, an import, a change and a deletion.

What the real server has done to its files is written down and played again up to each
moment, and what was not synced is lost in several ways: see ``power``. Every disk that
comes of it is served, and what was acknowledged must be there, and nothing that is damaged.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import power
import pytest
from dying import settle
from people import Person, Service
from real_server import Answer, until
from test_kill_points import CHANGES
from traced_server import ANSWERED, Call, Recorded

from glance_shim import stores
from glance_shim.db import connection

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="apt-get install strace: it records what is done"
)

DATA = bytes(range(256)) * 400
# Some of the disks are tried, and with GLANCE_SHIM_LONG=1 every one.
STEP = 1 if os.environ.get("GLANCE_SHIM_LONG") else 151
# How often it is left to chance what is lost at one moment.
CHANCES = 4

# What is done to each image, and how it is before the first of it and after each.
STEPS = {
    "uploaded": ("uploaded created", "uploaded", "deleted"),
    "kept": ("kept created", "kept"),
    "imported": ("imported created", "imported"),
    "changed": ("changed created",),
}
STATES = ("absent", "empty", "active", "absent")


class Work:
    """What alice does at the server, and which answer acknowledged what."""

    def __init__(self, server: Recorded) -> None:
        self._server = server
        self.acknowledged: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def do_all(self) -> None:
        """One of each."""
        uploaded = self._create("uploaded")
        self._ask("uploaded", "PUT", f"{uploaded}/file", DATA)
        self._ask("deleted", "DELETE", uploaded)
        kept = self._create("kept")
        self._ask("kept", "PUT", f"{kept}/file", DATA)
        imported = self._create("imported")
        self._ask("staged", "PUT", f"{imported}/stage", DATA)
        self._ask("asked", "POST", f"{imported}/import", {"method": {"name": "glance-direct"}})

        def is_active() -> bool:
            answer = self._ask("imported", "GET", imported)
            return bool(json.loads(answer.data)["status"] == "active")

        until(is_active, "the image is imported")
        changed = self._create("changed")
        self._ask("changed", "PATCH", changed, list(CHANGES[:3]))
        self._ask("offered", "POST", f"{changed}/members", {"member": "p2"})

    def _create(self, name: str) -> str:
        document = {"disk_format": "raw", "container_format": "bare", "name": "before"}
        answer = self._ask(f"{name} created", "POST", "/v2/images", document)
        self.ids[name] = json.loads(answer.data)["id"]
        return f"/v2/images/{self.ids[name]}"

    def _ask(self, what: str, method: str, path: str, body: Any = None) -> Answer:
        """A request; once its answer has gone out, ``what`` must last."""
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        if method == "PATCH":
            kind = "application/openstack-images-v2.1-json-patch"
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        answer = self._server.request(method, path, sent, {"Content-Type": kind})
        assert answer.status < 300, answer.data
        self.acknowledged[what] = str(answer.headers["X-Openstack-Request-Id"])
        return answer


class Recording(NamedTuple):
    work: Work
    calls: list[Call]
    before: Path
    token: str


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    server = Recorded(tmp_path_factory.mktemp("power") / "server")
    work = Work(server)
    try:
        work.do_all()
    finally:
        server.terminate()
    recorded = Recording(work, server.calls(), server.before, server.token)
    server.stop()
    return recorded


class Moment(NamedTuple):
    """A disk once the power is back, and what had been acknowledged before it went."""

    name: str
    acknowledged: set[str]
    tree: power.Tree


def moments(recording: Recording, calls: Sequence[Call]) -> Iterator[Moment]:
    """Each disk there may be, or every so many-th; after an answer all that it may cost."""
    disk = power.Disk(recording.before)
    answers = {request: what for what, request in recording.work.acknowledged.items()}
    acknowledged: set[str] = set()
    number = 0
    for place, call in enumerate(calls):
        disk.do(call)
        what = answers.get(call.path) if call.what == ANSWERED else None
        acknowledged |= {what} if what else set()
        for loss in power.LOSSES:
            for seed in range(CHANCES if "some" in power.LOSSES[loss] else 1):
                number += 1
                if number % STEP == 0 or (what and loss == power.ALL):
                    tree = disk.after(loss, seed + CHANCES * place)
                    yield Moment(f"{place}, {call.what}, {loss}", set(acknowledged), tree)


def different(found: Iterable[Moment]) -> Iterator[Moment]:
    """Those that are not like one before."""
    seen = set()
    for moment in found:
        key = hash((frozenset(moment.tree.items()), frozenset(moment.acknowledged)))
        if key not in seen:
            seen.add(key)
            yield moment


def test_what_was_acknowledged_outlives_the_power(recording: Recording, tmp_path: Path) -> None:
    restarted = Restarted(tmp_path / "disk", recording)
    count = 0
    for moment in different(moments(recording, recording.calls)):
        restarted.check(moment)
        count += 1
    print(f"{count} disks of {len(recording.calls)} calls")
    assert count > len(recording.work.acknowledged)
    restarted.close()


@pytest.mark.parametrize("synced", ["images/partial/.+", "images", "glance.db-wal"])
def test_a_sync_that_is_left_out_is_noticed(
    recording: Recording, tmp_path: Path, synced: str
) -> None:
    calls = [
        call
        for call in recording.calls
        if call.what != "sync" or not re.fullmatch(synced, call.path)
    ]
    assert len(calls) < len(recording.calls)
    restarted = Restarted(tmp_path / "disk", recording)
    at_answers = [each for each in moments(recording, calls) if power.ALL in each.name]
    with pytest.raises(AssertionError, match=power.ALL):
        restarted.check(at_answers[-1])
    restarted.close()


class Restarted:
    """A service that is started on whatever a disk has."""

    def __init__(self, directory: Path, recording: Recording) -> None:
        self._directory, self._ids = directory, recording.work.ids
        shutil.copytree(recording.before, directory)
        database = {"connection": f"sqlite:///{directory}/glance.db"}
        self.service = Service(directory, {"database": database})
        self.alice = Person(self.service.app, recording.token, "p1")

    def close(self) -> None:
        self.service.close()

    def check(self, moment: Moment) -> None:
        """Everything that is promised holds, before and after others have cleaned up."""
        self.service.deployment.database.close_all()
        shutil.rmtree(self._directory)
        power.write(moment.tree, self._directory)
        # As at a start.
        stores.open_stores(self.service.deployment.config)
        check(self.service, self.alice, self._ids, moment.acknowledged, moment.name)


def check(
    service: Service, alice: Person, ids: dict[str, str], acknowledged: set[str], moment: str
) -> None:
    assert_promised(alice, ids, acknowledged, moment)
    settle(service)
    assert_promised(alice, ids, acknowledged, moment)
    if "staged" in acknowledged and "asked" not in acknowledged:
        answer = alice.import_(ids["imported"])
        assert answer.status_code in (202, 409), moment
        settle(service)
    if "staged" in acknowledged:
        assert state_of(alice, ids["imported"], moment) == "active", moment
    active = [i for i in ids.values() if state_of(alice, i, moment) == "active"]
    assert [path.stat().st_size for path in service.blobs()] == [len(DATA)] * len(active), (
        moment
    )
    waiting = alice.get(f"/v2/images/{ids['imported']}").json.get("status") == "uploading"
    assert len(service.staged()) == waiting, moment
    with connection.connected(service.deployment.database):
        said = service.deployment.database.execute_sql("PRAGMA integrity_check").fetchall()
    assert said == [("ok",)], moment


def state_of(alice: Person, image_id: str, moment: str) -> str:
    """How far the image is; its data is all there, or nobody can read any."""
    answer = alice.get(f"/v2/images/{image_id}")
    if answer.status_code == 404:
        return "absent"
    data = alice.get(f"/v2/images/{image_id}/file")
    if answer.json["status"] == "active":
        assert (data.status_code, data.data) == (200, DATA), moment
        return "active"
    assert data.status_code == 204, moment
    return "empty"


def assert_promised(
    alice: Person, ids: dict[str, str], acknowledged: set[str], moment: str
) -> None:
    """Each image is what was acknowledged last, or what was being done then."""
    for name, steps in STEPS.items():
        done = sum(step in acknowledged for step in steps)
        state = state_of(alice, ids[name], moment)
        assert state in STATES[done : done + 2], (moment, name)
    if "changed created" in acknowledged:
        image = alice.show(ids["changed"])
        found = (image["name"], image.get("os_distro"), image["tags"])
        before, after = ("before", None, []), ("after", "after", ["after"])
        assert found == after or ("changed" not in acknowledged and found == before), moment
        members = alice.get(f"/v2/images/{ids['changed']}/members").json["members"]
        assert members or "offered" not in acknowledged, moment
