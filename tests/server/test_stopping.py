"""Being told to stop, at awkward moments."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import pytest
from real_server import PATIENCE, Server

SLOW_TO_BEGIN = """\
import time
from glance_shim import cli, http_worker

begin = http_worker.Worker.init_process

def slowly(worker):
    time.sleep(3 if worker.age == 2 else 0)
    begin(worker)

http_worker.Worker.init_process = slowly
cli.main()
"""


class Slow(Server):
    """A server whose second process was forked but is not yet ready when the test begins."""

    program = ("-c", SLOW_TO_BEGIN)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_process_that_has_only_just_begun_stops_too(tmp_path: Path, how: int) -> None:
    server = Slow(tmp_path / "server", workers=2, graceful_timeout=3600)
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        server.process.send_signal(how)
        assert server.process.wait(PATIENCE) == 0


def test_no_process_leaves_a_dump_of_its_memory(tmp_path: Path) -> None:
    server = Server(tmp_path / "server", workers=2)
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        for pid in (server.process.pid, *server.workers()):
            limits = Path(f"/proc/{pid}/limits").read_text()
            (line,) = (each for each in limits.splitlines() if each.startswith("Max core file"))
            assert line.split()[4:6] == ["0", "0"]
