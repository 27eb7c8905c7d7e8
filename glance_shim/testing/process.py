"""The service as a process of its own: the real server, with nothing shared but its files.

Run as a program it is that process; its argument is the number of the socket to
listen on, and a line of its input names the files with the options and the switches.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 30.0
POLL_SECONDS = 0.02


class ProcessServer:
    """A process that has a free port of 127.0.0.1 from when it is made until `stop`.

    It loads the program at once, beside whoever makes its files, and begins
    when told to `serve`. Its log is in ``directory``.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._log = directory / "glance-shim.log"
        # The port is ours from here on, however many look for one at the same time.
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            self.port = listening.getsockname()[1]
            number = listening.fileno()
            with self._log.open("w") as file:
                self.process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", __name__, str(number)],
                    # Python looks for modules where it is started: here are none.
                    cwd=directory,
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    pass_fds=[number],
                    env=_environment(),
                    start_new_session=True,
                )
        self._input: Any = self.process.stdin

    def serve(self, options: Path, switches: Path) -> None:
        """Let it begin with these files, and wait until it answers.

        Raises ``RuntimeError`` with the log of the process where that ends first.
        """
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps([str(options), str(switches)]).encode() + b"\n")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, OSError):
                url = f"http://127.0.0.1:{self.port}/healthcheck"
                with urllib.request.urlopen(url, timeout=PATIENCE):
                    return
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"The image service does not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        """End the process with all that it has started; it may have ended before."""
        self._input.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _environment() -> dict[str, str]:
    """Ours, in which the process finds the same program."""
    import glance_shim

    root = str(Path(glance_shim.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "NO_PROXY": "127.0.0.1"}


def main(number: str) -> None:
    """Serve on the socket of that number, from when there are files until told to stop."""
    from glance_shim import clock, config, deployment, logs, server
    from glance_shim.app import create_app
    from glance_shim.testing import faults
    from glance_shim.testing.switches import FileSwitches

    line = sys.stdin.readline()
    if not line:
        return
    options, switches = json.loads(line)
    board = FileSwitches(Path(switches))
    real = clock.source

    def shown() -> float:
        stopped = board.turned.time
        return real() if stopped is None else stopped

    clock.source = shown
    built = deployment.build(config.load([options]))
    logs.set_up(built.config.debug)
    faults.put_into(built, board)
    application = faults.FailingAnswers(create_app(built), board)
    server.serve(application, built, listening=int(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
