"""A server that is killed at random moments under mixed load, beside a model of what must be.

Each client knows what its images are. Where the server dies before it has answered, the
request was carried out or not, and which of the two is looked at when it is back.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from dying import settle
from real_server import MIB, Answer, Server

from glance_shim.core import verification
from glance_shim.db import connection

# With GLANCE_SHIM_LONG=1 as many kills as there are to be before each release.
ROUNDS = int(
    os.environ.get("GLANCE_SHIM_KILLS") or (200 if os.environ.get("GLANCE_SHIM_LONG") else 3)
)
CLIENTS = 4
MOST_IMAGES = 12
KINDS = {
    "PATCH": "application/openstack-images-v2.1-json-patch",
    "PUT": "application/octet-stream",
}
# What an image can be while nobody has been told, once all has settled.
UNDECIDED = frozenset({"queued", "uploading", "active"})


def data_of(image_id: str) -> bytes:
    """The data that an image has if it has any; each is of another size."""
    seed = hashlib.sha256(image_id.encode()).digest()
    return seed * (1000 + int.from_bytes(seed[:2], "big"))


class Client(threading.Thread):
    """Somebody who does one thing after the other, and knows what must come of it.

    ``possible`` are the states that each image may have; it is one but where the server
    has died. ``names`` are those that it may have.
    """

    def __init__(self, server: Server, number: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._chance = random.Random(number)
        self.up, self.ending = threading.Event(), threading.Event()
        self.possible: dict[str, frozenset[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.findings: list[str] = []
        self.count: Counter[str] = Counter()

    def run(self) -> None:
        while not self.ending.is_set():
            if self.up.wait(0.1):
                try:
                    self._do_something()
                except (OSError, http.client.HTTPException):
                    self.count["broken off"] += 1
                except Exception as exc:
                    self.findings.append(repr(exc))

    def _do_something(self) -> None:
        self.look_at_what_is_not_known()
        things = [self._upload, self._import, self._rename, self._download, self._delete]
        if len(self.possible) < MOST_IMAGES:
            things += [self._create] * 3
        self._chance.choice(things)()

    def look_at_what_is_not_known(self) -> None:
        for image_id, states in list(self.possible.items()):
            if len(states) > 1 or len(self.names[image_id]) > 1:
                self._look(image_id)

    def _look(self, image_id: str) -> None:
        """Compare an image with the model, which then knows what it is."""
        answer = self._ask("GET", f"/v2/images/{image_id}", expected=(200, 404))
        found = json.loads(answer.data) if answer.status == 200 else {"status": "deleted"}
        status = found["status"]
        states, names = self.possible[image_id], self.names[image_id]
        if status in ("saving", "importing") and len(states) > 1:
            return
        self._expect(status in states, f"{image_id} is {status} and not one of {set(states)}")
        if status == "deleted":
            del self.possible[image_id]
            return
        self._expect(found["name"] in names, f"{image_id} is called {found['name']}")
        self.names[image_id] = {found["name"]}
        if status == "active" or not states & {"active"}:
            self.possible[image_id] = frozenset({status})

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.findings.append(what)

    def _ask(
        self, method: str, path: str, body: Any = None, expected: tuple[int, ...] = ()
    ) -> Answer:
        kind = (
            "application/json"
            if isinstance(body, str) and method == "POST"
            else KINDS.get(method, "")
        )
        answer = self._server.request(method, path, body, {"Content-Type": kind})
        self._expect(
            answer.status in expected, f"{method} {path}: {answer.status} {answer.data[:200]!r}"
        )
        self.count[f"{method} {answer.status}"] += 1
        return answer

    def _one(self, state: str) -> str | None:
        """An image that has this state for certain."""
        found = [i for i, states in self.possible.items() if states == {state}]
        return self._chance.choice(found) if found else None

    def _create(self) -> None:
        document = {"disk_format": "raw", "container_format": "bare", "name": "new"}
        answer = self._ask("POST", "/v2/images", json.dumps(document), (201,))
        image_id = json.loads(answer.data)["id"]
        self.possible[image_id], self.names[image_id] = frozenset({"queued"}), {"new"}

    def _upload(self) -> None:
        if image_id := self._one("queued"):
            self.possible[image_id] = frozenset({"queued", "active"})
            self._ask("PUT", f"/v2/images/{image_id}/file", data_of(image_id), (204,))
            self.possible[image_id] = frozenset({"active"})

    def _import(self) -> None:
        if image_id := self._one("queued"):
            self.possible[image_id] = UNDECIDED
            self._ask("PUT", f"/v2/images/{image_id}/stage", data_of(image_id), (204,))
            method = json.dumps({"method": {"name": "glance-direct"}})
            self._ask("POST", f"/v2/images/{image_id}/import", method, (202,))

    def _rename(self) -> None:
        if image_id := self._one("active") or self._one("queued"):
            name = f"name {self._chance.random()}"
            self.names[image_id].add(name)
            change = [{"op": "replace", "path": "/name", "value": name}]
            self._ask("PATCH", f"/v2/images/{image_id}", json.dumps(change), (200,))
            self.names[image_id] = {name}

    def _download(self) -> None:
        if image_id := self._one("active"):
            answer = self._ask("GET", f"/v2/images/{image_id}/file", expected=(200,))
            self._expect(answer.data == data_of(image_id), f"{image_id} has other data")

    def _delete(self) -> None:
        if image_id := self._one("active"):
            self.possible[image_id] = frozenset({"active", "deleted"})
            self._ask("DELETE", f"/v2/images/{image_id}", expected=(204,))
            del self.possible[image_id]


def test_whatever_it_is_doing_when_it_is_killed(tmp_path: Path) -> None:
    chance = random.Random()
    server = Server(tmp_path / "server", workers=1)
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        clients = [Client(server, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(ROUNDS):
            for client in clients:
                client.up.set()
            time.sleep(chance.uniform(0.05, 1.5))
            server.kill()
            for client in clients:
                client.up.clear()
            assert [each for client in clients for each in client.findings] == []
            server.start()
        for client in clients:
            client.ending.set()
        for client in clients:
            client.join()
        count: Counter[str] = sum((client.count for client in clients), Counter())
        print(f"{ROUNDS} kills: {dict(count)}")
        # An import that is under way would go on beside what others do after a death.
        server.kill()
        settle(server.service)
        server.start()
        for client in clients:
            check_all(server, client)
        nothing_is_left_over(server, clients)
        assert [each for client in clients for each in client.findings] == []
        assert count["broken off"] and count["POST 201"]


def check_all(server: Server, client: Client) -> None:
    """Every image is what the model says, with its data."""
    for image_id in list(client.possible):
        client._look(image_id)
    for image_id, states in client.possible.items():
        if states == {"active"}:
            answer = server.get(f"/v2/images/{image_id}/file")
            client._expect(answer.data == data_of(image_id), f"{image_id} has other data")


def nothing_is_left_over(server: Server, clients: list[Client]) -> None:
    """The store, and what the project is said to use, is what the active images are."""
    listed = json.loads(server.get("/v2/images?limit=1000").data)["images"]
    wanted = {i["id"]: len(data_of(i["id"])) for i in listed if i["status"] == "active"}
    stored = {path.name[:36]: path.stat().st_size for path in server.service.blobs()}
    assert stored == wanted
    assert len(server.service.blobs()) == len(stored)
    usage = json.loads(server.get("/v2/info/usage").data)["usage"]
    assert usage["image_size_total"]["usage"] == sum(wanted.values()) // MIB
    waiting = [i for i in listed if i["status"] == "uploading"]
    assert len(server.service.staged()) == len(waiting)
    with connection.connected(server.service.deployment.database):
        row = verification.Run(server.service.deployment, verification.DEEP).go()
    assert (row.damaged, row.unchecked) == (0, 0)
