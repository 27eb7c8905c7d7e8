"""One HTTP request to an address that was judged, and the answer to it.

http.client writes the request and makes sense of headers. The rest of an
answer is read here, because http.client takes a chunk of negative length for
"all there is" and keeps it in memory, follows trailers without end, takes a
head that breaks off for a whole one, and does not look whether more comes
than was announced. Whatever is wrong with an answer is an ``OSError`` or an
``http.client.HTTPException``.
"""

from __future__ import annotations

import dataclasses
import http.client
import io
import ipaddress
import logging
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping

log = logging.getLogger(__name__)

BLOCK = 256 * 1024
CONNECT_SECONDS = 10.0
GAP_SECONDS = 60.0
# How long to wait for the end of the connection, or for data that should not be there.
END_SECONDS = 1.0
LONGEST_LINE = 65536
MOST_LINES = 100
MOST_INTERIM = 10
PORTS = {"http": 80, "https": 443}

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?\r?\n")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n")
LENGTH = re.compile(r"[0-9]{1,18}")

ALWAYS = {"User-Agent": "glance-shim", "Accept-Encoding": "identity", "Connection": "close"}


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a URL leads: a host by its name, and the addresses that may be connected to."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """What goes into the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def ask(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None = None
) -> Answer:
    """Send the request to the first address that takes a connection, and read the head."""
    sock = _connected(target)
    try:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = sock
        sent = {**headers, "Host": target.authority, **ALWAYS}
        connection.request(method, target.path, body, sent)
        return Answer(target, sock, method)
    except BaseException:
        sock.close()
        raise


def _connected(target: Target) -> socket.socket:
    failure: OSError = OSError("no address")
    for address in target.addresses:
        try:
            return _socket(target, address)
        except OSError as exc:
            log.info("%s at %s port %d: %r", target.host, address, target.port, exc)
            failure = exc
    raise failure


def _socket(target: Target, address: str) -> socket.socket:
    """A connection to exactly this address, over TLS to a server that proves its name."""
    sock = socket.create_connection((address, target.port), CONNECT_SECONDS)
    try:
        peer = sock.getpeername()[0]
        if ipaddress.ip_address(peer) != ipaddress.ip_address(address):
            raise ConnectionError(f"the connection to {address} leads to {peer}")
        if target.scheme == "https":
            tls = ssl.create_default_context()
            # Not to suppress: without a length, nothing else tells a cut from an end.
            sock = tls.wrap_socket(
                sock, server_hostname=target.host, suppress_ragged_eofs=False
            )
        sock.settimeout(GAP_SECONDS)
    except BaseException:
        sock.close()
        raise
    return sock


class Answer:
    """The answer to a request, of which the head has been read.

    ``length`` is the announced length of the body; ``None`` if it is not
    announced.
    """

    def __init__(self, target: Target, sock: socket.socket, method: str) -> None:
        self.target = target
        self._socket = sock
        self._reader = sock.makefile("rb")
        try:
            self.status, self.headers = _head(self._reader)
            self._chunked = self._is_chunked()
            self.length = self._announced()
        except BaseException:
            self.close()
            raise
        self._bodiless = method == "HEAD"

    def _values(self, name: str) -> list[str]:
        """The values of a header that is a list, in lower case."""
        values = ",".join(self.headers.get_all(name, [])).split(",")
        return [value.strip().lower() for value in values if value.strip()]

    def _is_chunked(self) -> bool:
        codings = self._values("Transfer-Encoding")
        if codings not in ([], ["chunked"]):
            raise http.client.HTTPException(f"the transfer is coded as {codings}")
        return bool(codings)

    def _announced(self) -> int | None:
        lengths = set(self._values("Content-Length"))
        if not lengths:
            return None
        length = lengths.pop()
        if lengths or self._chunked or not LENGTH.fullmatch(length):
            raise http.client.HTTPException("the announced length is not clear")
        return int(length)

    @property
    def is_encoded(self) -> bool:
        """Is the body, by a coding, something else than what it stands for?"""
        return set(self._values("Content-Encoding")) - {"identity"} != set()

    def blocks(self) -> Iterator[bytes]:
        """The body in blocks of 256 KiB; raises unless it is all there, and nothing more."""
        if self._bodiless:
            return
        if self._chunked:
            yield from _regrouped(_chunks(self._reader))
        elif self.length is not None:
            yield from _exactly(self._reader, self.length)
            self._require_end()
        else:
            while block := self._reader.read(BLOCK):
                yield block

    def _require_end(self) -> None:
        self._socket.settimeout(END_SECONDS)
        try:
            surplus = self._reader.read(1)
        except OSError:
            return  # Some servers keep the connection though they were asked not to.
        if surplus:
            raise http.client.HTTPException("there is more than was announced")

    def close(self) -> None:
        """Close the connection; twice is no error."""
        self._reader.close()
        self._socket.close()


def _head(reader: io.BufferedReader) -> tuple[int, http.client.HTTPMessage]:
    for _ in range(MOST_INTERIM):
        section = _section(reader)
        line = STATUS_LINE.fullmatch(section.readline())
        if line is None:
            raise http.client.BadStatusLine("this is not HTTP/1")
        headers = http.client.parse_headers(section)
        if headers.defects:
            raise http.client.HTTPException(f"the headers are malformed: {headers.defects}")
        if (status := int(line[1])) >= 200:
            return status, headers
    raise http.client.HTTPException("interim answers without end")


def _section(reader: io.BufferedReader) -> io.BytesIO:
    """The lines up to an empty one, which must come before long."""
    lines = []
    for _ in range(MOST_LINES):
        line = reader.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise http.client.HTTPException("a line is too long or breaks off")
        lines.append(line)
        if not line.strip(b"\r\n"):
            return io.BytesIO(b"".join(lines))
    raise http.client.HTTPException("too many lines")


def _exactly(reader: io.BufferedReader, length: int) -> Iterator[bytes]:
    while length:
        block = reader.read(min(BLOCK, length))
        if not block:
            raise http.client.IncompleteRead(b"", length)
        length -= len(block)
        yield block


def _chunks(reader: io.BufferedReader) -> Iterator[bytes]:
    while True:
        line = CHUNK_SIZE.fullmatch(reader.readline(LONGEST_LINE))
        if line is None:
            raise http.client.HTTPException("a chunk does not say its size")
        size = int(line[1], 16)
        if not size:
            _section(reader)
            return
        yield from _exactly(reader, size)
        if reader.read(2) != b"\r\n":
            raise http.client.HTTPException("a chunk does not end where it should")


def _regrouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of one size, the last excepted."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)
