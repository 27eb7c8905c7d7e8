"""Imports whose processes are killed, at three moments."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from people import Service
from real_server import MIB, Server, until

from glance_shim.core import recovery
from glance_shim.db import connection

# On other kinds it is the task that counts, which they keep, and not the data.
SIZE = (1024 if databases.KIND == "sqlite" else 256) * MIB
BLOCK = bytes(range(256)) * 4096
OPTIONS = """
[import_filtering_opts]
allowed_networks = 127.0.0.0/8
allowed_ports = {port}
[task]
lease_seconds = 4
"""


class Large(http.server.BaseHTTPRequestHandler):
    """Serves an image of some size that repeats itself."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE))
        self.end_headers()
        for _ in range(SIZE // len(BLOCK)):
            self.wfile.write(BLOCK)

    def log_message(self, *args: Any) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed is no surprise here."""


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    server = Quiet(("127.0.0.1", 0), Large)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/image"
    server.shutdown()


@pytest.fixture(scope="module")
def expected() -> str:
    digest = hashlib.sha512()
    for _ in range(SIZE // len(BLOCK)):
        digest.update(BLOCK)
    return digest.hexdigest()


@pytest.fixture
def server(tmp_path: Path, source: str) -> Iterator[Server]:
    port = source.split(":")[2].split("/")[0]
    server = Server(tmp_path / "server", OPTIONS.format(port=port), workers=1)
    yield server
    server.stop()


def largest(directory: Path) -> int:
    """The size of the largest file below the directory, partial ones included."""
    sizes = [0]
    for path in directory.rglob("*"):
        try:
            sizes.append(path.stat().st_size if path.is_file() else 0)
        except FileNotFoundError:
            continue
    return max(sizes)


MOMENTS = {
    "while it is fetched": lambda staging, store: largest(staging) > SIZE // 4,
    "while it is copied": lambda staging, store: largest(store) > SIZE // 4,
    "just before it is active": lambda staging, store: largest(store) >= SIZE,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_import_that_is_killed_ends_well_all_the_same(
    server: Server, source: str, expected: str, moment: str
) -> None:
    staging, store = server.directory / "staging", server.directory / "images"
    image_id = server.alice.create()["id"]
    request = json.dumps({"method": {"name": "web-download", "uri": source}})
    path = f"/v2/images/{image_id}/import"

    def ask() -> int:
        return server.request("POST", path, request).status

    assert ask() == 202
    until(lambda: MOMENTS[moment](staging, store), moment)
    server.kill()
    server.start()
    until(lambda: server.status(image_id) in ("active", "queued"), "the import has ended")
    if server.status(image_id) == "queued":
        until(lambda: ask() == 202, "it can be imported again")
        server.wait_for(image_id, "active")

    image = server.alice.show(image_id)
    assert (image["size"], image["os_hash_value"]) == (SIZE, expected)
    until(lambda: swept(server).staged() == [], "nothing is left in staging")
    until(lambda: len(swept(server).blobs()) == 1, "the store has the image and nothing else")


def swept(server: Server) -> Service:
    """What is left after the sweep that the server makes every minute."""
    with connection.connected(server.service.deployment.database):
        recovery.sweep(server.service.deployment)
    return server.service
