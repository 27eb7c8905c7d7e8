"""Reading a form with a file as it arrives: first its fields, then the file, never all of it.

Werkzeug's own decoder adds a byte to data whose end it gets in unlucky parts,
and keeps a file on the disk before the first of its bytes can be looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from werkzeug.http import parse_options_header

from glance_shim import errors

# What everything but the file may have together.
MOST_BYTES = 256 * 1024


class FormTooLarge(errors.TooLarge):
    message = "The fields of a form may have at most {limit} bytes together"


class FormBroken(errors.Invalid):
    message = "The form cannot be read: {reason}"


@dataclasses.dataclass(frozen=True)
class Form:
    """The fields before the file, and the file, if one was chosen.

    ``data`` gives its bytes once, as they arrive, and raises `FormBroken` if
    it does not come to its end. ``length`` is how long the file will turn out
    to be, as far as the request tells.
    """

    fields: dict[str, list[str]]
    filename: str = ""
    data: Iterable[bytes] = ()
    length: int | None = None

    def get(self, name: str, default: str = "") -> str:
        """The value of a field, the first if there are several."""
        return self.fields.get(name, [default])[0]


def read(blocks: Iterable[bytes], content_type: str, content_length: int | None) -> Form:
    """The form in ``blocks``, read up to the first byte of its file.

    Raises `FormBroken` and `FormTooLarge`.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not (boundary and boundary.isascii()):
        raise FormBroken(reason="its Content-Type must be multipart/form-data with a boundary")
    return _Reader(blocks, boundary.encode()).form(content_length)


class _Reader:
    """Cuts ``blocks`` at the marker, a line break and the boundary, before every part."""

    def __init__(self, blocks: Iterable[bytes], boundary: bytes) -> None:
        self._blocks = iter(blocks)
        self._marker = b"\r\n--" + boundary
        self._received = 0
        # The line break that the first boundary lacks.
        self._buffer = bytearray(b"\r\n")

    def form(self, content_length: int | None) -> Form:
        fields: dict[str, list[str]] = {}
        self._until(self._marker)
        while self._goes_on():
            name, filename = _disposition(self._until(b"\r\n\r\n"))
            # Of a part without a body this line break already is the one of the marker.
            self._buffer[:0] = b"\r\n"
            if filename is not None:
                return Form(fields, filename, self._data(), self._rest(content_length))
            value = self._until(self._marker).removeprefix(b"\r\n")
            fields.setdefault(name, []).append(_text(value))
        return Form(fields)

    def _goes_on(self) -> bool:
        """Does another part follow the marker?"""
        while len(self._buffer) < 2:
            self._buffer += self._next()
        follows = bytes(self._buffer[:2])
        if follows not in (b"\r\n", b"--"):
            raise FormBroken(reason="there is no line break behind a boundary")
        # The line break stays: it ends the headers of a part that has none.
        return follows == b"\r\n"

    def _until(self, end: bytes) -> bytes:
        """What comes before ``end``, which is taken away as well."""
        start = 0
        while (found := self._buffer.find(end, start)) < 0:
            if self._received > MOST_BYTES:
                raise FormTooLarge(limit=MOST_BYTES)
            start = max(0, len(self._buffer) - len(end) + 1)
            self._buffer += self._next()
        value = bytes(self._buffer[:found])
        del self._buffer[: found + len(end)]
        return value

    def _next(self) -> bytes:
        block = next(self._blocks, b"")
        if not block:
            raise FormBroken(reason="it ends too early")
        self._received += len(block)
        return block

    def _rest(self, content_length: int | None) -> int | None:
        """The bytes of the file: those still to come, but for the end of the form."""
        if content_length is None:
            return None
        end = len(b"\r\n") + len(self._marker) + len(b"--\r\n")
        return max(content_length - self._received + len(self._buffer) - end, 0)

    def _data(self) -> Iterator[bytes]:
        """Everything up to the marker, with which the form must end."""
        buffer, kept = self._buffer, len(self._marker) - 1
        while len(buffer) < len(self._marker):
            buffer += self._next()
        if not buffer.startswith(self._marker):
            del buffer[:2]
        while (found := buffer.find(self._marker)) < 0:
            if len(buffer) > kept:
                yield bytes(buffer[:-kept])
                del buffer[:-kept]
            buffer += self._next()
        if found:
            yield bytes(buffer[:found])
        del buffer[: found + len(self._marker)]
        if self._goes_on():
            raise FormBroken(reason="the file must be its last part")


def _disposition(headers: bytes) -> tuple[str, str | None]:
    """Name and file name of a part."""
    for line in _text(headers).split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            options = parse_options_header(value.strip())[1]
            return options.get("name", ""), options.get("filename")
    raise FormBroken(reason="a part has no Content-Disposition")


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError as exc:
        raise FormBroken(reason="a field is not UTF-8") from exc
    if "\0" in text:
        raise FormBroken(reason="a field contains U+0000")
    return text
