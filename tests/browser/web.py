"""A web server from which images are imported, one of them only when it is let."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator

MIB = 1 << 20
DATA = bytes(range(256)) * (40 * MIB // 256)
FIRST = 20 * MIB


class Web:
    """``/data`` gives `DATA`; ``/slow`` too, but only the `FIRST` bytes until ``go`` is set."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.go = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        if self.path not in ("/data", "/slow"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(DATA[:FIRST])
            if self.path == "/slow":
                self.web.go.wait()
            self.wfile.write(DATA[FIRST:])

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.web = Web(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Handler.web
    finally:
        Handler.web.go.set()
        server.shutdown()
