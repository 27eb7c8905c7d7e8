"""gunicorn, set up for image data: several processes with many threads each.

Each request, each transfer and each head that is not whole yet holds a thread; threads
cost little here, and a connection without a request needs none.
"""

from __future__ import annotations

import errno
import functools
import gc
import logging
import math
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from typing import Any

import gunicorn
from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from glance_shim import errors, threads, transport
from glance_shim import worker as background
from glance_shim.context import Deployment
from glance_shim.core import marks
from glance_shim.core.pace import Patience

log = logging.getLogger(__name__)

# What is said when the process or the machine has no more to give, and the pause then.
EXHAUSTED = (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_SECONDS = 0.1

# How long and how much is still read of a client that is refused while it sends. Some of those
# that send more than gunicorn's 64 KiB do not see the answer.
LEAVE_SECONDS = 2.0
MOST_DRAINED = 16 * 1024 * 1024

# How often a process says that it is well.
NOTICE_SECONDS = 1.0

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


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
        seconds = config.min_upload_rate_seconds
        self.patience_with_body = functools.partial(
            Patience, seconds, config.min_upload_rate * seconds
        )
        self.patience_with_head = functools.partial(
            Patience, config.client_header_timeout, math.inf
        )
        super().__init__()

    def load_config(self) -> None:
        config = self._deployment.config
        host = f"[{config.bind_host}]" if ":" in str(config.bind_host) else config.bind_host
        settings = {
            "bind": f"{host}:{config.bind_port}"
            if self._listening is None
            else f"fd://{self._listening}",
            "worker_class": "glance_shim.server.Worker",
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


class Worker(ThreadWorker):
    """gunicorn's worker with threads, mended where it stops and between requests."""

    _next_notice = 0.0

    def init_process(self) -> None:
        self._leaves = threading.Semaphore(max(1, self.cfg.threads // 4))
        super().init_process()

    def get_thread_pool(self) -> threads.Pool:
        """Threads that are there already go on where no more can be had."""
        pool = threads.Pool(self.cfg.threads)
        pool.begin()
        return pool

    def notify(self) -> None:
        """Say that the process is well, once a second, and try again for threads that it lacks.

        It is called for each event. To say it is to set the times of a file, and it has to be
        said once in 60 seconds.
        """
        self.tpool.catch_up()
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + NOTICE_SECONDS
            super().notify()

    def enqueue_req(self, conn: Any) -> None:
        """Give a new connection a thread once its client has sent something.

        gunicorn lets a thread wait for five seconds first: a request that came after 1,000
        silent connections was answered after 37 seconds.
        """
        if conn.initialized or transport.is_sending(conn.sock, at_once=True):
            super().enqueue_req(conn)
            return
        conn.set_timeout()
        self.pending_conns.append(conn)
        readable = functools.partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def handle(self, conn: Any) -> Any:
        """Answer a request, and what follows at once on the same connection.

        Through the thread that watches all connections each request takes 0.9 ms of
        CPU where it takes 0.6 this way. Where there is more to answer it is the fairer
        way, and costs no more: threads that stay with their connections take the
        interpreter from each other in no order, and of images that eight clients look
        at, one in a hundred took 11 ms where it takes 6.5, with both before everything
        else on the machine.

        What is to be closed is closed here. gunicorn gives a client up to two seconds to
        close as well, and waits for it in the one thread that accepts connections: a few
        clients that are refused and stay would keep all others out.
        """
        if not isinstance(conn.sock, transport.Connection):
            conn.sock = transport.Connection(conn.sock)
        result = super().handle(conn)
        while result is True and self.alive and self._answers_one():
            if not transport.is_sending(conn.sock):
                break
            result = super().handle(conn)
        if not result and gunicorn.version_info >= (27,):
            self._take_leave(conn.sock)
            conn.close = _is_closed
        return result

    def _take_leave(self, connection: socket.socket) -> None:
        """Close once the client has read the answer: it closes as well, or two seconds pass.

        A quarter of the threads wait for that; whoever comes when they do is not waited for.
        """
        waits = self._leaves.acquire(blocking=False)
        try:
            connection.setblocking(True)
            util.close_graceful(connection, LEAVE_SECONDS * waits, MOST_DRAINED)
        except OSError:
            pass  # It has gone.
        finally:
            if waits:
                self._leaves.release()

    def _answers_one(self) -> bool:
        """Does every connection wait for its client, but the one that is asking?"""
        waiting = len(self.keepalived_conns) + len(self.pending_conns)
        return bool(self.nr_conns - waiting <= 1)

    def accept(self, listener: socket.socket) -> None:
        """Leave a connection waiting while the process can open no more.

        gunicorn would end the process, and with it every transfer that is under way.
        """
        try:
            super().accept(listener)
        except OSError as exc:
            if exc.errno not in EXHAUSTED:
                raise
            log.warning("No connection can be accepted for now: %s", exc.strerror)
            time.sleep(PAUSE_SECONDS)

    def init_signals(self) -> None:
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Give up a client that sends too little; the kernel does one that takes nothing."""
        if transport.is_read(req):
            return super().handle_request(req, conn)
        conn.sock.settimeout(self.app.client_socket_timeout)
        conn.parser.unreader.patience = self.app.patience_with_body()
        try:
            return super().handle_request(req, conn)
        finally:
            conn.parser.unreader.patience = self.app.patience_with_head()

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        """Is another request awaited? What was not read of this one is read first."""
        if keepalive and transport.is_read(conn.parser.mesg):
            return True
        return bool(super()._keepalive_after(conn, keepalive))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Refuse connections once the worker stops.

        An open socket that nobody accepts from would let clients wait, for
        as long as the last transfer takes.
        """
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


def _is_closed(graceful: bool = False) -> None:
    """Stands for closing a connection that a thread has closed."""


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
