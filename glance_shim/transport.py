"""A client's connection: how requests are read from it, and answers sent.

The stock reader of bodies with a length copies what it has read ahead again for each read,
which costs 5 CPU seconds a GiB; `_read_once` and `_read_through`, which copy nothing, cost 0.2.
"""

from __future__ import annotations

import functools
import io
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.http import body, wsgi
from gunicorn.http.unreader import SocketUnreader

from glance_shim.core.pace import Patience
from glance_shim.siblings import MOST_READ

SMALL_BODY = 64 * 1024
PIECE = 512 * 1024
# Milliseconds that a thread waits for the next request of the client it has answered.
NEXT_REQUEST = 3

# Seconds for which a body is still waited for, once it has had all its time.
LATE_SECONDS = 0.01


class Connection(socket.socket):
    """A client's socket, which sends a file in pieces and does not wait in the kernel for room.

    Sent in one call that waits, a GiB of the page cache takes 0.43 and 0.45 s, and as much CPU;
    so it takes 0.26 and 0.31. Pieces of 2 MiB or 64 KiB take 0.27 to 0.36 and 0.33 to 0.43,
    nginx 0.36 to 0.40 (medians of 15 in turns, from one thread to one client).
    """

    # Has its client had all the time that there is for the body of a request?
    is_late = False

    def __init__(self, taken: socket.socket) -> None:
        """Stand in the place of ``taken``, which is nobody's afterwards."""
        super().__init__(fileno=taken.detach())
        # A new object says that it waits, whatever has been told to the kernel before.
        super().setblocking(True)

    def setblocking(self, flag: bool) -> None:
        """Wait, if that is said; whoever only looks for what can be read does not mind.

        gunicorn says both for each request that goes through the thread that looks.
        """
        if flag:
            self.settimeout(None)

    def settimeout(self, value: float | None) -> None:
        """Wait so long from now on, in seconds; ``None`` for ever.

        Python's asks the kernel, and lets go of the interpreter, also where nothing changes.
        """
        if value != self.gettimeout():
            super().settimeout(value)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send ``count`` bytes, or fewer where the file ends before.

        The file then stands behind what was sent, also when it fails. Raises
        `BlockingIOError` when none is taken for as long as the kernel has been told.
        """
        if count is None:
            count = os.fstat(file.fileno()).st_size - offset
        sent, before, room = 0, self.gettimeout(), select.poll()
        room.register(self, select.POLLOUT)
        self.settimeout(0.0)
        try:
            while sent < count:
                piece = min(PIECE, count - sent)
                try:
                    taken = os.sendfile(self.fileno(), file.fileno(), offset + sent, piece)
                except BlockingIOError:
                    if not room.poll(self._patience()):
                        raise
                    continue
                if not taken:
                    break
                sent += taken
        finally:
            file.seek(offset + sent)
            self.settimeout(before)
        return sent

    def _patience(self) -> int | None:
        """Milliseconds that the kernel waits for a client to take something."""
        told = self.getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.calcsize("ll"))
        seconds, microseconds = struct.unpack("ll", told)
        return int(seconds * 1000 + microseconds // 1000) or None


class Pieces(list[bytes]):
    """Stands for a connection, and keeps what it is to send."""

    sendall = list.append


class Response(wsgi.Response):
    """gunicorn's, which sends head and body in two pieces."""

    sock: Any

    def write(self, arg: bytes) -> None:
        """Send a small body together with the head."""
        if self.headers_sent or len(arg) > SMALL_BODY:
            super().write(arg)
            return
        pieces, connection = Pieces(), self.sock
        self.sock = pieces
        try:
            super().write(arg)
        finally:
            self.sock = connection
        connection.sendall(b"".join(pieces))


def is_read(request: Any) -> bool:
    """Is nothing of the body left on the connection?"""
    left = request.body
    return isinstance(left.reader, body.LengthReader) and not left.reader.length


def what_has_come(conn: Any) -> tuple[bytes, bool]:
    """What the client has sent so far of a request, and whether it sends no more.

    It is there for whoever answers.
    """
    has_ended, read_ahead = False, conn.parser.unreader.buf
    try:
        come = conn.sock.recv(MOST_READ, socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass
    except OSError:
        has_ended = True
    else:
        has_ended = not come
        # Behind what is there; gunicorn's way to give back puts it in front.
        read_ahead.seek(0, io.SEEK_END)
        read_ahead.write(come)
    return bytes(read_ahead.getvalue()), has_ended


def asks_for_little(come: bytes) -> bool:
    """Is this a whole request that has no body and asks for no image's data?"""
    return (
        come.startswith((b"GET ", b"HEAD "))
        and come.endswith(b"\r\n\r\n")
        and b"/file" not in come[: come.index(b"\r\n")]
        and not announces_body(come)
    )


def announces_body(come: bytes) -> bool:
    """Does the head that has come speak of a body?"""
    lower = come.lower()
    return b"\ncontent-length:" in lower or b"\ntransfer-encoding:" in lower


def ends_of(connection: socket.socket) -> tuple[Any, Any]:
    """The addresses of the client and of the server."""
    try:
        return connection.getpeername(), connection.getsockname()
    except OSError:
        # It has gone, which whoever reads from it finds out as well.
        return ("", 0), ("", 0)


def is_sending(connection: socket.socket) -> bool:
    """Does the other side send something within the next moment?"""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(NEXT_REQUEST))


def _read_once(self: Any, size: int) -> bytes:
    """Wait for a whole block, at most as long as the socket waits; fewer turns cost less."""
    size = min(self.length, size)
    if size <= 0:
        return b""
    unreader = self.unreader
    if unreader.buf.getbuffer().nbytes:
        data = unreader.buf.getvalue()
        unreader.buf = io.BytesIO()
        if len(data) > size:
            unreader.buf.write(data[size:])
            data = data[:size]
    else:
        data = unreader.patience.receive(unreader.sock.recv, size, socket.MSG_WAITALL)
    self.length -= len(data)
    return data


def _read_with_patience(with_head: Callable[[], Patience]) -> None:
    """Let what reads from clients give them up; each begins with the head of a request."""
    stock_chunk = SocketUnreader.chunk

    def chunk(self: Any, *hint: int) -> bytes:
        if self.patience is None:
            self.patience = with_head()
        data: bytes = self.patience.receive(stock_chunk, self, *hint)
        return data

    SocketUnreader.patience = None
    SocketUnreader.chunk = chunk


_stock_read = body.Body.read


def _read_through(self: Any, size: int | None = None) -> bytes:
    """Read without a buffer in between; fewer bytes than asked for are not the end."""
    if size is None or size < 0 or self.buf.tell():
        return bytes(_stock_read(self, size))
    return bytes(self._read_reader(min(size, body.MAX_READ_STEP)))


def _http_date(timestamp: float | None = None) -> str:
    """gunicorn's, made once a second."""
    return _date_of(int(time.time() if timestamp is None else timestamp))


_date_of = functools.lru_cache(maxsize=2)(util.http_date)


def set_up(patience_with_head: Callable[[], Patience]) -> None:
    """Have gunicorn read and send as it is written here, also in processes that are forked."""
    body.LengthReader.read = _read_once
    body.Body.read = _read_through
    wsgi.Response = Response
    util.http_date = _http_date
    _read_with_patience(patience_with_head)
