"""A connection to a server that breaks when a test wants it to."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable


class Unreliable:
    """Passes connections on to a port, and cuts them as told.

    ``answers_end_after`` is used up by answers of that many bytes and more,
    one number for each. ``loses`` says for what a client sends whether the
    answer to it is to be lost; it is asked until it says yes ``losses`` times.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.answers_end_after: list[int] = []
        self.loses: Callable[[bytes], bool] = lambda data: False
        self.losses = 0
        self.cut = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        lost = threading.Event()
        with contextlib.suppress(OSError), client, self._connection() as server:
            threading.Thread(
                target=self._forward, args=(client, server, lost), daemon=True
            ).start()
            self._answer(server, client, lost)
            # The other thread still reads, which would keep the connection open.
            client.shutdown(socket.SHUT_RDWR)

    def _connection(self) -> socket.socket:
        return socket.create_connection(self._target)

    def _forward(
        self, client: socket.socket, server: socket.socket, lost: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                with self._lock:
                    if self.losses and self.loses(data):
                        self.losses -= 1
                        lost.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(
        self, server: socket.socket, client: socket.socket, lost: threading.Event
    ) -> None:
        """Pass answers on; one that is lost is waited for, so that it has been given."""
        passed, swallowed = 0, b""
        while data := server.recv(65_536):
            if lost.is_set() and not data.startswith(b"HTTP/1.1 100"):
                swallowed += data
                if _is_whole(swallowed):
                    self.cut += 1
                    return
                continue
            passed += len(data)
            client.sendall(data)
            with self._lock:
                if self.answers_end_after and passed >= self.answers_end_after[0]:
                    self.answers_end_after.pop(0)
                    self.cut += 1
                    return


def _is_whole(answer: bytes) -> bool:
    head, ended, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
    return bool(ended) and whole
