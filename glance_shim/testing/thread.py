"""The service in a thread of the process that tests: nothing is started, so it is quick."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import Any

from werkzeug import serving

from glance_shim import worker
from glance_shim.app import create_app
from glance_shim.context import Deployment
from glance_shim.testing import faults

log = logging.getLogger(__name__)

POLL_SECONDS = 0.02
PATIENCE = 5.0


class Handler(serving.WSGIRequestHandler):
    """Speaks HTTP/1.1, as the real server does, and logs no requests."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass

    def log(self, type: str, message: str, *args: Any) -> None:
        log.debug(message, *args)


class ThreadServer:
    """Serves on a free port of 127.0.0.1 from when it is made until `stop`."""

    def __init__(self, deployment: Deployment, board: Any) -> None:
        faults.put_into(deployment, board)
        application = faults.FailingAnswers(create_app(deployment), board)
        self._server = serving.make_server(
            "127.0.0.1", 0, application, threaded=True, request_handler=Handler
        )
        self.port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(POLL_SECONDS,),
            name=f"glance-shim-{self.port}",
            daemon=True,
        )
        self._thread.start()
        self._workers = worker.Workers(deployment, deployment.config.task.workers)
        self._workers.start()

    def stop(self) -> None:
        """Serve no longer, and free the port; a task at hand may take some seconds to end."""
        self._workers.begin_no_more()
        self._server.shutdown()
        self._thread.join(PATIENCE)
        with contextlib.suppress(OSError):
            self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        deadline = time.monotonic() + PATIENCE
        while self._workers.at_work() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 4)
