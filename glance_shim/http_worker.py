"""gunicorn's worker with threads: which thread answers whom, and how connections end."""

from __future__ import annotations

import collections
import errno
import functools
import logging
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.sock import BaseSocket
from gunicorn.workers.gthread import TConn, ThreadWorker

from glance_shim import siblings, threads, transport
from glance_shim.lead import Lead
from glance_shim.unfinished import Part, Unfinished, what_is_lacking

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

# How long a process with fewer connections is given to take the next.
OTHERS_SECONDS = 0.0005

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class Worker(ThreadWorker):
    """gunicorn's, in which the thread that watches all connections answers small reads itself.

    All else goes to threads of the pool. With eight clients that look at images, a read took
    0.6 ms of CPU and one in a hundred of them 9 to 13 ms while each was handed to a thread; so
    it takes 0.41, and one in a hundred 4 to 5 ms: nobody has to be woken, and no threads take
    the interpreter from each other.

    Where such an answer takes long after all, because the database or Keystone is slow or the
    client takes nothing, a deputy watches until the answer is given, and hands everything to
    threads of the pool.
    """

    _next_notice = 0.0
    # Its place among `Siblings`, which the parent gives it.
    place = 0

    def init_process(self) -> None:
        self._leaves = threading.Semaphore(max(1, self.cfg.threads // 4))
        # Whoever has it may touch the poller and the connections that wait.
        self._lead = Lead(self._begin_deputy, self._watch_for_deputy, self._wake)
        self._answering: Any = None
        seconds = {
            Part.HEAD: self.app.client_header_timeout,
            Part.BODY: self.app.client_socket_timeout,
        }
        self._unfinished = Unfinished(seconds)
        self._uploads = 0
        # Each look at a setting is a call otherwise, and a request takes 22 looks.
        self.cfg.__dict__.update({name: each.get() for name, each in self.cfg.settings.items()})
        super().init_process()

    def get_thread_pool(self) -> threads.Pool:
        """Threads that are there already go on where no more can be had."""
        pool = threads.Pool(self.cfg.threads)
        pool.begin()
        self._data_pool = threads.Pool(self.cfg.threads, threads.give_way)
        self._data_pool.begin()
        return pool

    def run(self) -> None:
        self._lead.have_deputy()
        inbox = self.app.siblings.inbox(self.place)
        self.poller.register(inbox, selectors.EVENT_READ, self._take_over)
        with self._lead:
            super().run()

    def notify(self) -> None:
        """Say that the process is well, once a second, and try again for threads that it lacks.

        It is called for each event. To say it is to set the times of a file, and it has to be
        said once in 60 seconds.
        """
        self.tpool.catch_up()
        self._data_pool.catch_up()
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + NOTICE_SECONDS
            super().notify()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Do what there is to do; what is left when a deputy has watched is asked for again.

        New clients come last, so that a process with less to do may take them.
        """
        self._tell()
        times_deputed = self._lead.times_deputed
        events = self.poller.select(timeout)
        for key, _ in sorted(events, key=_is_listener) if len(events) > 1 else events:
            key.data(key.fileobj)
            if self._lead.times_deputed != times_deputed:
                break

    def _tell(self) -> None:
        """Let the other processes know how much this one has to do."""
        if self.alive:
            downloads = self.app.downloads_here()
            self.app.siblings.tell(self.place, self.nr_conns, self._uploads, downloads)
        else:
            self.app.siblings.forget(self.place)

    def enqueue_req(self, conn: Any) -> None:
        """Have a connection answered; a new one only once its client has sent something.

        gunicorn lets a thread wait for five seconds first: a request that came after 1,000
        silent connections was answered after 37 seconds.
        """
        if conn.initialized:
            come = conn.parser.unreader.buf.getvalue()
            lacks = what_is_lacking(come)
            if lacks is None:
                self._pass_on(conn, come)
            else:
                self._watch(conn)
                self._unfinished.add(conn, lacks)
            return
        conn.sock = transport.Connection(conn.sock)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self._watch(conn)

    def _watch(self, conn: Any) -> None:
        readable = functools.partial(self.on_client_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Answer a small read at once, pass on all else, and close after whoever has gone."""
        among = self._those_like(conn)
        conn.init()
        come, has_ended = transport.what_has_come(conn)
        if has_ended and not come:
            self._take_out(conn, among)
            self._forget(conn)
        elif transport.asks_for_little(come) and self._may_answer():
            self._answer(conn, among)
        elif has_ended or (lacks := what_is_lacking(come)) is None:
            self._take_out(conn, among)
            self._pass_on(conn, come)
        elif lacks is Part.HEAD and len(come) > self.app.most_of_a_head:
            self._take_out(conn, among)
            self._give_thread(self._refuse_head, conn)
        elif among is not self._unfinished.lacking(lacks):
            among.remove(conn)
            self._unfinished.add(conn, lacks)

    def _those_like(self, conn: Any) -> collections.deque[Any]:
        """The connections among which it waits, each kind with a time limit of its own."""
        usual: collections.deque[Any] = (
            self.keepalived_conns if conn.initialized else self.pending_conns
        )
        among = self._unfinished.among(conn)
        return usual if among is None else among

    def murder_pending(self) -> None:
        """Give up those as well whose request has not come whole in time.

        Who has sent a head is told so, by a thread that waits no longer.
        """
        super().murder_pending()
        for conn, lacks in self._unfinished.late():
            self._take_out(conn, self._unfinished.lacking(lacks))
            if lacks is Part.HEAD:
                self._forget(conn)
            else:
                conn.sock.is_late = True
                self._give_thread(self.handle, conn)

    def _pass_on(self, conn: Any, come: bytes) -> None:
        """Give it to the process where what has come belongs, or to a thread of this one."""
        self._tell()
        sends_data = siblings.sends_data(come)
        place = self.app.siblings.where(self.place, sends_data)
        if place != self.place and self.app.siblings.hand_over(
            place, conn.sock, come, sends_data
        ):
            self._forget(conn)
        else:
            self._have_answered(conn, sends_data)

    def _forget(self, conn: Any) -> None:
        """Close this end of a connection."""
        self.nr_conns -= 1
        conn.close()

    def _take_over(self, inbox: socket.socket) -> None:
        """Answer a client that another process has handed over."""
        given = self.app.siblings.receive(self.place)
        if given is None:
            return
        client, come = transport.Connection(given[0]), given[1]
        conn = TConn(self.cfg, client, *transport.ends_of(client))
        conn.init()
        conn.parser.unreader.unread(come)
        self.nr_conns += 1
        self._have_answered(conn, siblings.sends_data(come))

    def _have_answered(self, conn: Any, sends_data: bool) -> None:
        """Have a thread answer; those that take data give way to all others."""
        if not sends_data:
            self._give_thread(self.handle, conn)
            return
        self._uploads += 1
        work = self._data_pool.submit(self._take_data, conn)
        work.add_done_callback(
            functools.partial(self.method_queue.defer, self._finish_upload, conn)
        )

    def _give_thread(self, work: Callable[[Any], Any], conn: Any) -> None:
        """Have a thread do it, which returns whether the connection is kept."""
        self.tpool.submit(work, conn).add_done_callback(
            functools.partial(self.method_queue.defer, self.finish_request, conn)
        )

    def _finish_upload(self, conn: Any, work: futures.Future[Any]) -> None:
        self._uploads -= 1
        self.finish_request(conn, work)

    def _may_answer(self) -> bool:
        """May whoever watches answer itself? A deputy may not, nor while data is taken."""
        return not self._lead.is_deputed and not self._uploads

    def _answer(self, conn: Any, among: collections.deque[Any]) -> None:
        """Answer here, without the lead; a deputy takes the connection out."""
        self._answering = conn, among
        keeps, is_out = self._lead.work(super().handle, conn)
        if keeps and self.alive and not is_out and not conn.parser.unreader.buf.getvalue():
            among.remove(conn)
            conn.set_timeout()
            self.keepalived_conns.append(conn)
            return
        if not is_out:
            self._take_out(conn, among)
        if keeps:
            answered: futures.Future[Any] = futures.Future()
            answered.set_result(keeps)
            self.finish_request(conn, answered)
        else:
            self._give_thread(self._take_leave, conn)

    def _take_out(self, conn: Any, among: collections.deque[Any]) -> None:
        """Watch the connection no longer."""
        self.poller.unregister(conn.sock)
        among.remove(conn)

    def _begin_deputy(self) -> None:
        self._take_out(*self._answering)

    def _watch_for_deputy(self) -> None:
        """One turn of the loop in which gunicorn watches."""
        self.notify()
        self.set_accept_enabled(self.alive and self.nr_conns < self.worker_connections)
        self.wait_for_and_dispatch_events(1.0)
        self.murder_keepalived()
        self.murder_pending()

    def _wake(self) -> None:
        """Have whoever waits for events wait no longer."""
        self.method_queue.defer(_do_nothing)

    def _take_data(self, conn: Any) -> Any:
        """Answer one request on a thread that gives way."""
        result = super().handle(conn)
        if not result:
            self._take_leave(conn)
        return result

    def handle(self, conn: Any) -> Any:
        """Answer a request on a thread of the pool, and what follows at once.

        Through the thread that watches all connections each request took 0.9 ms of
        CPU where it took 0.6 this way. Where there is more to answer it is the fairer
        way, and costs no more: threads that stay with their connections take the
        interpreter from each other in no order, and of images that eight clients look
        at, one in a hundred took 11 ms where it takes 6.5, with both before everything
        else on the machine.

        What is to be closed is closed here. gunicorn gives a client up to two seconds to
        close as well, and waits for it in the one thread that accepts connections: a few
        clients that are refused and stay would keep all others out.
        """
        result = super().handle(conn)
        while result is True and self.alive and self._answers_one():
            if not transport.is_sending(conn.sock):
                break
            come, _ = transport.what_has_come(conn)
            if what_is_lacking(come) or siblings.sends_data(come):
                break
            result = super().handle(conn)
        if not result:
            self._take_leave(conn)
        return result

    def _refuse_head(self, conn: Any) -> None:
        """Say that the head is longer than all that one may have, whatever may follow."""
        come, longest = conn.parser.unreader.buf.getvalue(), self.cfg.limit_request_line
        # An empty line may stand before the first.
        refusal = (
            LimitRequestHeaders(f"over {self.app.most_of_a_head} bytes in all")
            if b"\r\n" in come[2 : longest + 4]
            else LimitRequestLine(len(come), longest)
        )
        self.handle_error(None, conn.sock, conn.client, refusal)
        self._take_leave(conn)

    def _take_leave(self, conn: Any) -> None:
        """Close once the client has read the answer: it closes as well, or two seconds pass.

        A quarter of the threads wait for that; whoever comes when they do is not waited for.
        """
        waits = self._leaves.acquire(blocking=False)
        try:
            conn.sock.setblocking(True)
            util.close_graceful(conn.sock, LEAVE_SECONDS * waits, MOST_DRAINED)
        except OSError:
            pass  # It has gone.
        finally:
            conn.close = _is_closed
            if waits:
                self._leaves.release()

    def _answers_one(self) -> bool:
        """Does every connection wait for its client, but the one that is asking?"""
        silent = len(self.keepalived_conns) + len(self.pending_conns)
        return bool(self.nr_conns - silent - len(self._unfinished) <= 1)

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, unless a process with fewer does within the next moment.

        It is left waiting while the process can open no more: gunicorn would end the process,
        and with it every transfer that is under way.
        """
        if self.app.siblings.are_fewer_elsewhere(self.nr_conns):
            time.sleep(OTHERS_SECONDS)
        try:
            super().accept(listener)
            self._tell()
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
        conn.sock.settimeout(
            transport.LATE_SECONDS if conn.sock.is_late else self.app.client_socket_timeout
        )
        conn.parser.unreader.patience = self.app.patience_with_body()
        try:
            return super().handle_request(req, conn)
        finally:
            conn.sock.is_late = False
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


def _is_listener(event: tuple[selectors.SelectorKey, int]) -> bool:
    return isinstance(event[0].fileobj, BaseSocket)


def _do_nothing() -> None:
    """Wakes who watches."""


def _is_closed(graceful: bool = False) -> None:
    """Stands for closing a connection that a thread has closed."""
