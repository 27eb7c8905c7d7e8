"""Crowds of clients at a server with the options it ships with.

``GLANCE_SHIM_LONG=1`` (``tox -e load``) keeps slow clients for minutes, has more of each, and
prints what was measured.
"""

from __future__ import annotations

import collections
import contextlib
import os
import select
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from real_server import MIB, Server, running, until

LONG = bool(os.environ.get("GLANCE_SHIM_LONG"))
IDLE = 1000
SLOW = 200 if LONG else 60
SECONDS = 120 if LONG else 3
# Two processes have threads for 120, and share them out by chance.
UPLOADS, DOWNLOADS = (32, 48) if LONG else (8, 16)
# What a slow client sends or takes in a second, above what the server wants. Of what is in its
# buffer the kernel tells nothing until a third has gone, which may be more than a MiB.
A_LITTLE = 32 * 1024 if LONG else 4096
LARGE = 128 * MIB if LONG else 16 * MIB


@contextlib.contextmanager
def warm(directory: Path, **options: int) -> Iterator[Server]:
    """A server of two processes that have worked once before anything is measured."""
    with running(directory / "server", workers=2, **options) as server:
        for _ in range(40):
            assert server.get("/v2/images").status == 200
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with warm(tmp_path) as server:
        yield server


def memory(server: Server) -> int:
    """Bytes of all processes; what several of them share counts for each in part."""
    total = 0
    for pid in (server.process.pid, *server.workers()):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


class Small:
    """Small requests, one after the other, each on a connection of its own."""

    def __init__(self, server: Server, path: str) -> None:
        self.statuses: collections.Counter[int] = collections.Counter()
        self.seconds: list[float] = []
        self._server, self._path = server, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            begun = time.monotonic()
            self.statuses[self._server.get(self._path).status] += 1
            self.seconds.append(time.monotonic() - begun)

    def __enter__(self) -> Small:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def told(self) -> str:
        cuts = statistics.quantiles(self.seconds, n=100)
        return (
            f"{len(self.seconds)} small requests {dict(self.statuses)}, "
            f"median {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, "
            f"longest {max(self.seconds) * 1000:.0f} ms"
        )


@contextlib.contextmanager
def connections(server: Server, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as opened:
        yield [opened.enter_context(server.connect()) for _ in range(count)]


def test_idle_connections_cost_little_and_delay_nobody(tmp_path: Path) -> None:
    # With so few threads nobody would be answered for minutes if each connection held one.
    few = {} if LONG else {"threads": 2}
    with warm(tmp_path, **few) as server:
        before = memory(server)
        with connections(server, IDLE), Small(server, "/v2/images") as small:
            until(lambda: len(small.seconds) >= 200, "small requests are answered")
            grown = memory(server) - before
    print(f"{IDLE} idle connections: {grown / MIB:.1f} MiB; {small.told()}")

    assert set(small.statuses) == {200}
    assert grown < 100 * MIB


class Slow:
    """Clients that send or take a little every second; one thread does it for all of them."""

    def __init__(self, server: Server, heads: Sequence[bytes]) -> None:
        self.refused = 0
        self.alive: list[socket.socket] = []
        self._server, self._heads = server, heads

    def begin(self) -> None:
        for head in self._heads:
            self.alive.append(self._server.connect())
            self.alive[-1].sendall(head)

    def go_on(self, is_writing: bool) -> None:
        """A little of each; who was refused or cut off goes."""
        for each in list(self.alive):
            try:
                if not is_writing:
                    each.settimeout(0.05)
                    taken = each.recv(A_LITTLE)
                    is_over = not taken or taken.startswith(b"HTTP/1.1 503")
                elif not (is_over := bool(select.select([each], [], [], 0)[0])):
                    each.sendall(b"x" * A_LITTLE)
            except TimeoutError:
                continue
            except OSError:
                is_over = True
            if is_over:
                self.refused += 1
                self.alive.remove(each)
                each.close()

    def end(self) -> None:
        for each in self.alive:
            each.close()


def reading(server: Server, image_id: str) -> bytes:
    """The head of a download."""
    path = f"/v2/images/{image_id}/file"
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n".encode()


def writing(server: Server, count: int) -> list[bytes]:
    """The heads of so many uploads."""
    ids = [server.alice.create()["id"] for _ in range(count)]
    return [server.upload_head(each, f"Content-Length: {A_LITTLE * 10_000}") for each in ids]


def test_small_requests_pass_transfers_that_are_under_way(server: Server) -> None:
    image_id = server.alice.active(b"x" * LARGE)["id"]
    writers = Slow(server, writing(server, UPLOADS))
    readers = Slow(server, [reading(server, image_id)] * DOWNLOADS)
    for each in (writers, readers):
        each.begin()
    with Small(server, f"/v2/images/{image_id}") as small:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            writers.go_on(is_writing=True)
            readers.go_on(is_writing=False)
            # Nobody is to come to an end, and then be closed for having nothing to ask.
            time.sleep(0.1)
    for each in (writers, readers):
        each.end()
    print(f"{UPLOADS} uploads and {DOWNLOADS} downloads under way: {small.told()}")

    assert writers.refused == readers.refused == 0
    assert set(small.statuses) == {200}


def test_slow_clients_do_not_starve_small_requests(server: Server) -> None:
    image_id = server.alice.active(b"x" * LARGE)["id"]
    path = f"/v2/images/{image_id}"
    ids = [server.alice.create()["id"] for _ in range(SLOW)]
    length = f"Content-Length: {A_LITTLE * 10_000}"
    writers = Slow(server, [server.upload_head(each, length) for each in ids])
    readers = Slow(server, [reading(server, image_id)] * SLOW)
    before, most, told = memory(server), 0, []
    for each in (writers, readers):
        each.begin()
    with Small(server, path) as small:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            writers.go_on(is_writing=True)
            readers.go_on(is_writing=False)
            most = max(most, memory(server))
            time.sleep(1)
        told.append(f"{len(writers.alive)} writers, {len(readers.alive)} readers are served")
    for each in (writers, readers):
        each.end()
    print(f"{SLOW} slow writers and readers for {SECONDS} s: {told[0]}; {small.told()}")
    print(f"memory {before / MIB:.0f} MiB before, {most / MIB:.0f} MiB at most")

    assert set(small.statuses) == {200}
    assert most - before < 2 * SLOW * MIB
    until(lambda: all(server.status(each) == "queued" for each in ids), "they are queued again")
    until(lambda: len(server.service.blobs()) == 1, "nothing is left of them")
    until(lambda: not server.open_blobs(), "the server reads for nobody any more")
    assert server.upload(ids[0], b"0123456789").status == 204
    assert "Traceback" not in server.log()
