"""``glance-shim worker`` as a process, and a source whose data waits to be let go."""

from __future__ import annotations

import http.server
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from real_server import PATIENCE, until

SIZE = 3 << 20


class TaskWorker:
    """The process, begun with the options of a server."""

    def __init__(self, configuration: Path, log: Path, threads: int = 1) -> None:
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "glance_shim", "worker"),
                    *("--config-file", str(configuration), "--threads", str(threads)),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "Doing tasks" in self.log() or self.has_ended(), "the worker has begun")
        assert not self.has_ended(), self.log()

    def log(self) -> str:
        return self._log.read_text()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def tell_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it in the middle of whatever it does, if it has not ended."""
        self.process.kill()
        self.process.wait()


class HeldBack(http.server.ThreadingHTTPServer):
    """A web server that sends half of its data, and the rest once it may.

    ``asked`` is how often somebody has come for it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.may_go_on = threading.Event()
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_port}/data"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed is no surprise here."""

    def stop(self) -> None:
        self.may_go_on.set()
        self.shutdown()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: HeldBack

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE))
        self.end_headers()
        self.wfile.write(b"x" * (SIZE // 2))
        self.server.asked += 1
        self.server.may_go_on.wait(PATIENCE)
        self.wfile.write(b"y" * (SIZE - SIZE // 2))

    def log_message(self, *args: Any) -> None:
        pass
