"""gunicorn, set up for image data: several processes with many threads each.

Each request that is more than a small read, each transfer and each head that is not whole yet
holds a thread; threads cost little here, and a connection without a request needs none.
"""

from __future__ import annotations

import functools
import gc
import logging
import math
import signal
import socket
import struct
import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from glance_shim import errors, transport
from glance_shim import worker as background
from glance_shim.context import Deployment
from glance_shim.core import marks
from glance_shim.core.pace import Patience
from glance_shim.core.transfers import threads_for_transfers
from glance_shim.http_worker import EXHAUSTED, STOPPING
from glance_shim.siblings import Siblings

log = logging.getLogger(__name__)

# How many headers of the greatest length a head has room for.
LONG_HEADERS = 8


class Parent(Arbiter):
    """gunicorn's process that starts and stops the others, mended where it stops."""

    def spawn_worker(self) -> Any:
        """Fork a worker that cannot miss being told to stop.

        Until it has handlers of its own it has ours, which would take the
        signal and do nothing, and the stop would wait for the whole grace.
        Where none can be had, it is tried again in a second: gunicorn would
        end, and with it the workers that are there.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            return super().spawn_worker()
        except OSError as exc:
            if exc.errno not in EXHAUSTED:
                raise
            log.warning("No process can be started for now: %s", exc.strerror)
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


class Server(BaseApplication):
    """Serves a WSGI application that was built before the processes are forked."""

    def __init__(
        self, application: Any, deployment: Deployment, listening: int | None = None
    ) -> None:
        self._application = application
        self._deployment = deployment
        self._listening = listening
        config = deployment.config
        self.client_socket_timeout = config.client_socket_timeout
        self.client_header_timeout = config.client_header_timeout
        # In bytes, whatever else is allowed.
        self.most_of_a_head = config.max_request_line + LONG_HEADERS * config.max_header_line
        seconds = config.min_upload_rate_seconds
        self.patience_with_body = functools.partial(
            Patience, seconds, config.min_upload_rate * seconds
        )
        self.patience_with_head = functools.partial(
            Patience, config.client_header_timeout, math.inf
        )
        self.siblings = Siblings(config.workers, threads_for_transfers(config.threads))
        self.downloads_here = deployment.transfers.downloads_here
        super().__init__()

    def load_config(self) -> None:
        config = self._deployment.config
        host = f"[{config.bind_host}]" if ":" in str(config.bind_host) else config.bind_host
        settings = {
            "bind": f"{host}:{config.bind_port}"
            if self._listening is None
            else f"fd://{self._listening}",
            "worker_class": "glance_shim.http_worker.Worker",
            "workers": config.workers,
            "threads": config.threads,
            "keepalive": config.keepalive_timeout,
            "graceful_timeout": config.graceful_timeout,
            "timeout": 60,
            "control_socket_disable": True,
            # No header of a proxy is believed here, see `enable_proxy_headers_parsing`; to ask
            # for each request whose it is would take as long as one of its statements.
            "secure_scheme_headers": {},
            "forwarder_headers": "",
            "forwarded_allow_ips": "*",
            "preload_app": True,
            "limit_request_line": config.max_request_line,
            "limit_request_fields": config.max_headers,
            "limit_request_field_size": config.max_header_line,
            "loglevel": "warning",
            "logger_class": "glance_shim.server.Logger",
            "when_ready": self._when_ready,
            "post_worker_init": self._post_worker_init,
            "worker_exit": self._worker_exit,
            "pre_fork": self._pre_fork,
            "child_exit": self._child_exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._application

    def _when_ready(self, server: Any) -> None:
        """Give up clients that neither send nor take a byte; accepted sockets inherit it.

        What has to arrive before `Worker.handle_request` is the head of a request.
        """
        config = self._deployment.config
        head = min(config.client_header_timeout, config.client_socket_timeout)
        receiving = struct.pack("ll", head, 0)
        sending = struct.pack("ll", config.client_socket_timeout, 0)
        for listener in server.LISTENERS:
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, receiving)
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, sending)
        log.info("Serving on %s:%s", config.bind_host, config.bind_port)

    def run(self) -> None:
        Parent(self).run()

    def _post_worker_init(self, worker: Any) -> None:
        background.start_beside_requests(self._deployment)

    def _worker_exit(self, server: Any, worker: Any) -> None:
        background.give_back()

    def _pre_fork(self, server: Any, worker: Any) -> None:
        worker.place = self.siblings.place(each.place for each in server.WORKERS.values())

    def _child_exit(self, server: Any, worker: Any) -> None:
        self.siblings.forget(worker.place)


class Logger:
    """gunicorn's own lines go where ours go; requests are logged by who serves them."""

    def __init__(self, cfg: Any) -> None:
        self.error_log = self.access_log = logging.getLogger("gunicorn")
        self.error_log.setLevel(logging.WARNING)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.error_log, name)

    def exception(self, message: str, *args: Any, **kwargs: Any) -> None:
        """A client that is given up is no error of ours, and worth one line."""
        failure = sys.exc_info()[1]
        if isinstance(failure, (BlockingIOError, TimeoutError)):
            log.info("A client is given up: it has neither sent nor taken a byte for too long")
        else:
            self.error_log.exception(message, *args, **kwargs)

    def access(self, *args: Any) -> None:
        pass

    def reopen_files(self) -> None:
        pass

    def close_on_exec(self) -> None:
        pass


class ClosingRefusals:
    """Closes the connection after a refusal while the client is still sending.

    Reading a large body to its end only to drop it would keep a thread busy,
    and gunicorn ignores a Connection header that the application sets.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length <= transport.SMALL_BODY and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._application(environ, start_response)

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            if status[0] in "45":
                start_response.__self__.force_close()
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


def serve(application: Any, deployment: Deployment, listening: int | None = None) -> None:
    """Serve until told to stop; running transfers are finished first.

    ``listening`` is the number of a socket that listens already.
    Raises `errors.ConfigurationError` when the port is taken.
    """
    if listening is None:
        require_free_port(deployment.config)
    marks.claim_at_start(deployment)
    deployment.database.close_all()
    # What is there already lives as long as the program. The collector of each process would
    # otherwise write into all of it, and no page would stay shared: two processes hold 101 MiB
    # after some load, not 142.
    gc.collect()
    gc.freeze()
    server = Server(ClosingRefusals(application), deployment, listening)
    transport.set_up(server.patience_with_head)
    server.run()


def require_free_port(config: Any) -> None:
    """Raise `errors.ConfigurationError` unless ``bind_port`` can be listened on."""
    family = socket.AF_INET6 if ":" in str(config.bind_host) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(config.bind_host), config.bind_port))
        except OSError as exc:
            raise errors.ConfigurationError(
                reason=f"cannot listen on {config.bind_host} port {config.bind_port}: "
                f"{exc.strerror}; another port can be set with bind_port or --port"
            ) from exc
