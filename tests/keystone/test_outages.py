"""Long uploads, and a Keystone that is away for a while, with the server as it ships."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_keystone import Keystone, User
from server_process import Server, free_port, operate
from terminal import PATIENCE, until

OPTIONS = """\
[DEFAULT]
auth_strategy = keystone
bind_port = {port}
state_path = {directory}
[database]
connection = sqlite:///{directory}/glance.db
[glance_store]
filesystem_store_datadir = {directory}/images
[keystone_authtoken]
"""

MIB = 1 << 20
GIB = 1 << 30


class Site:
    """A server behind a Keystone."""

    def __init__(self, directory: Path, keystone: Keystone) -> None:
        self.port = free_port()
        options = directory / "glance-shim.conf"
        login = "\n".join(f"{name} = {value}" for name, value in keystone.authtoken().items())
        text = OPTIONS.format(directory=directory, port=self.port)
        options.write_text(text + login)
        operate(directory, "--config-file", str(options), "db", "upgrade")
        self.server = Server(directory, "--config-file", str(options), "serve")
        self.server.wait_until_it_serves(f"http://127.0.0.1:{self.port}")

    def ask(
        self, token: str, method: str, path: str, body: Any = None, kind: str = "json"
    ) -> tuple[int, Any, bytes]:
        """Status, headers and body of an answer."""
        headers = {"X-Auth-Token": token, "Content-Type": f"application/{kind}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE * 5)
        with contextlib.closing(connection):
            chunked = body is not None and not isinstance(body, (str, bytes))
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
            connection.request(method, path, body, headers, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def create(self, token: str) -> tuple[int, Any, str]:
        image = json.dumps({"disk_format": "raw", "container_format": "bare"})
        status, headers, body = self.ask(token, "POST", "/v2/images", image)
        return status, headers, json.loads(body)["id"] if status == 201 else ""

    def upload(self, token: str, image_id: str, data: Any) -> tuple[int, Any]:
        path = f"/v2/images/{image_id}/file"
        return self.ask(token, "PUT", path, data, "octet-stream")[:2]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Any]:
    """``make_site(keystone)``: a server behind it."""
    made: list[Site] = []

    def make(keystone: Keystone) -> Site:
        made.append(Site(tmp_path, keystone))
        return made[-1]

    yield make
    for site in made:
        assert site.server.stop() == 0
        assert "Traceback" not in site.server.err, site.server.err


def test_two_gibibytes_outlive_their_token(make_site: Any, hasty: Keystone) -> None:
    site = make_site(hasty)
    login = ("glance", hasty.service_password, "service")
    token, sent = hasty.token(*login), hashlib.sha512()
    block = os.urandom(MIB)

    def data() -> Iterator[bytes]:
        for number in range(2 * GIB // MIB):
            if number == GIB // MIB:
                until(lambda: site.ask(token, "GET", "/v2/images")[0] == 401, "it has expired")
            sent.update(block)
            yield block

    _, _, image_id = site.create(token)
    status, _ = site.upload(token, image_id, data())

    assert status == 204
    image = json.loads(site.ask(hasty.token(*login), "GET", f"/v2/images/{image_id}")[2])
    assert (image["status"], image["size"]) == ("active", 2 * GIB)
    assert image["os_hash_value"] == sent.hexdigest()


class Load:
    """Threads that make images, one with a token that is known and others with new ones."""

    def __init__(self, site: Site, known: str, fresh: list[str]) -> None:
        self.site = site
        self.images: dict[str, bytes] = {}
        self.answers: collections.Counter[tuple[str, int]] = collections.Counter()
        self.without_retry_after = 0
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(kind, tokens))
            for kind, tokens in (
                ("known", itertools.repeat(known)),
                ("known", itertools.repeat(known)),
                ("fresh", itertools.cycle(fresh[::2])),
                ("fresh", itertools.cycle(fresh[1::2])),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, kind: str, tokens: Iterator[str]) -> None:
        # Without a pause they take the processors from the Keystone that is to come back.
        while not self._end.wait(0.05):
            # What is random alone looks like a partition table once in 65,536 times.
            token, data = next(tokens), bytes(512) + os.urandom(488)
            status, headers, image_id = self.site.create(token)
            self._note(kind, status, headers)
            if status == 201:
                status, headers = self.site.upload(token, image_id, data)
                self._note(kind, status, headers)
                if status == 204:
                    self.images[image_id] = data

    def _note(self, kind: str, status: int, headers: Any) -> None:
        self.answers[kind, status] += 1
        if status == 503 and "Retry-After" not in headers:
            self.without_retry_after += 1

    def wait_for_more(self, kind: str, status: int) -> None:
        wanted = self.answers[kind, status] + 20
        # A Keystone that has just started takes seconds for a token where others work as well.
        until(lambda: self.answers[kind, status] >= wanted, f"{kind} tokens get {status}", 240)

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_keystone_may_go_and_come_back_under_load(
    make_site: Any, keystone: Keystone, users: dict[str, User]
) -> None:
    site, alice = make_site(keystone), users["alice"]
    known, *fresh = (keystone.token(alice.name, alice.password, "p1") for _ in range(60))
    # Both processes of the server remember it.
    for _ in range(50):
        assert site.ask(known, "GET", "/v2/images")[0] == 200
    keystone.stop()
    load = Load(site, known, fresh)
    try:
        load.wait_for_more("known", 204)
        load.wait_for_more("fresh", 503)
        keystone.start()
        load.wait_for_more("fresh", 204)
        keystone.stop()
        load.wait_for_more("known", 204)
    finally:
        load.stop()
        if keystone.process is None:
            keystone.start()

    assert {status for _, status in load.answers} == {201, 204, 503}
    assert not load.without_retry_after
    assert load.answers["known", 503] == 0
    for image_id, data in load.images.items():
        assert site.ask(known, "GET", f"/v2/images/{image_id}/file")[2] == data
