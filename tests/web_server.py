"""A web server that answers what a test tells it to, well formed or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# Time for a thread of a server to end, before it counts as not ending.
PATIENCE = 60


class Request:
    """What came over a connection."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = first.split(" ")
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        self.body = body


class Web:
    """A server on one address; ``answers`` has the bytes, or what makes them, by path.

    An answer that consists of several pieces is sent piece by piece, until the
    other side has enough.
    """

    def __init__(self, address: str, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address == "::":
            self._listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._listener.bind((address, port))
        self._listener.listen(16)
        self.address = address
        self.port: int = self._listener.getsockname()[1]
        self.answers: dict[str, Any] = {}
        self.requests: list[Request] = []
        self.connections = 0
        self.sent = 0
        self.stopping = threading.Event()
        self._tls = tls
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def url(self, path: str, host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                sock, _ = self._listener.accept()
                if self.stopping.is_set():
                    sock.close()
                    return
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.callback(sock.close)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                closing.callback(sock.close)
            request = self._read(sock)
            self.requests.append(request)
            answer = self.answers.get(request.path, reply(b"not here", "404 Not Found"))
            if callable(answer):
                answer = answer(request)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                sock.sendall(piece)
                self.sent += len(piece)
            if isinstance(sock, ssl.SSLSocket):
                sock.unwrap()

    @staticmethod
    def _read(sock: socket.socket) -> Request:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError("no request")
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        request = Request(head, body)
        while len(request.body) < int(request.headers.get("content-length", 0)):
            request.body += sock.recv(65536)
        return request

    def stall(self, *pieces: bytes) -> Callable[[Request], Iterator[bytes]]:
        """An answer that goes no further than ``pieces``."""

        def answer(request: Request) -> Iterator[bytes]:
            yield from pieces
            self.stopping.wait(PATIENCE)

        return answer

    def close(self) -> None:
        self.stopping.set()
        # Wakes the thread that waits for connections.
        with contextlib.suppress(OSError):
            reached = "127.0.0.1" if self.address == "::" else self.address
            socket.create_connection((reached, self.port)).close()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A well formed answer; ``headers`` have ``_`` for ``-``."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return reply(b"", f"{status} Elsewhere", Location=location)


def head(*lines: str) -> bytes:
    """The beginning of an answer with status 200 and these headers."""
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """An answer in chunks."""
    yield head("Transfer-Encoding: chunked")
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
