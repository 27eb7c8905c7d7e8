"""Reading what a client sends: JSON bodies, and data of any length."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.db import connection
from glance_shim.siblings import LEAST_DATA

View = TypeVar("View", bound=Callable[..., Any])

# Threads pass each block to one another, which costs a tenth less than with 256 KiB.
BLOCK = 512 * 1024
DEEPEST_JSON = 32


def has_body() -> bool:
    """Does the request carry a body? An announced length of 0 is none."""
    request = at_hand.request()
    environ = request.environ
    if "CONTENT_LENGTH" in environ and request.content_length:
        return True
    with_body = ("POST", "PUT", "PATCH")
    return "HTTP_TRANSFER_ENCODING" in environ and environ["REQUEST_METHOD"] in with_body


def bodiless(view: View) -> View:
    """Refuse a request with a body before the view looks at anything."""

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if has_body():
            raise errors.BodyNotExpected()
        return view(*args, **kwargs)

    return checked  # type: ignore[return-value]


def require_short() -> None:
    """Refuse a body that could hold a thread while it comes; for callers whom nobody knows.

    Raises `errors.LengthRequired`, `errors.ExpectationFailed` and `errors.BodyTooLarge`.
    """
    request = at_hand.request()
    if "HTTP_TRANSFER_ENCODING" in request.environ:
        raise errors.LengthRequired()
    if "HTTP_EXPECT" in request.environ:
        raise errors.ExpectationFailed()
    if (request.content_length or 0) >= LEAST_DATA:
        raise errors.BodyTooLarge(limit=LEAST_DATA - 1)


@contextlib.contextmanager
def arriving() -> Iterator[None]:
    """Read a body in the block; the database is given up if that may take long.

    What is short has come whole before (`siblings.sends_data`).
    """
    request = at_hand.request()
    takes_long = (request.content_length or 0) >= LEAST_DATA or not {
        "HTTP_TRANSFER_ENCODING",
        "HTTP_EXPECT",
    }.isdisjoint(request.environ)
    with connection.released() if takes_long else contextlib.nullcontext():
        yield


def blocks() -> Iterator[bytes]:
    """The bytes of the request body, in blocks of up to 512 KiB.

    The end of the stream is never believed: where a length was announced, a
    shorter body raises `errors.BodyTruncated`, one that the server does not wait for
    any longer `errors.BodyTooSlow`, and whatever goes wrong while
    reading, but for a lack of memory, raises `errors.BodyUnreadable`, so that it
    cannot be taken for a failure of the store that is written to at the same time.
    """
    request = at_hand.request()
    environ = request.environ
    stream = environ["wsgi.input"]
    declared = request.content_length
    coding = request.headers.get("Transfer-Encoding", "").strip().lower()
    if coding not in ("", "chunked"):
        raise errors.Invalid(reason=f"The transfer coding '{coding}' is not supported")
    if declared is None and not coding:
        declared = 0
    received = 0
    # The context itself, because this may end after the request.
    facts = at_hand.g()
    while declared is None or received < declared:
        wanted = BLOCK if declared is None else min(BLOCK, declared - received)
        try:
            block = stream.read(wanted)
        except TimeoutError as exc:
            raise errors.BodyTooSlow(received=received) from exc
        except MemoryError:
            raise
        except Exception as exc:
            # Servers raise what they like for broken chunks; none of it is ours.
            raise errors.BodyUnreadable(received=received) from exc
        if not block:
            break
        received += len(block)
        facts.received = received
        yield block
    if declared is not None and received != declared:
        raise errors.BodyTruncated(received=received, declared=declared)


def read_json(limit: int | None = None, expected: str = "object") -> Any:
    """The JSON document in the request body, see `parse_json`.

    It has no more than ``limit`` bytes (default: ``max_json_body``).
    """
    config = at_hand.deployment().config
    raw = _read_limited(limit or config.max_json_body)
    if not raw:
        raise errors.BodyMissing(expected=expected)
    return parse_json(raw, config.max_json_depth)


def parse_json(raw: bytes, deepest: int = DEEPEST_JSON) -> Any:
    """The JSON document in ``raw``.

    Refuses what JSON readers otherwise let pass: nesting too deep, NaN
    and infinities, duplicate keys, U+0000 and lone surrogates, anything but
    UTF-8.
    """
    _check_depth(raw, deepest)
    try:
        document = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
        )
    except UnicodeDecodeError as exc:
        raise errors.MalformedJSON(reason="it is not UTF-8") from exc
    except RecursionError as exc:
        raise errors.MalformedJSON(reason="it is nested too deeply") from exc
    except ValueError as exc:
        raise errors.MalformedJSON(reason=str(exc)) from exc
    _check_text(document)
    return document


def _read_limited(limit: int) -> bytes:
    if (at_hand.request().content_length or 0) > limit:
        raise errors.BodyTooLarge(limit=limit)
    parts, received = [], 0
    with arriving():
        for block in blocks():
            received += len(block)
            if received > limit:
                raise errors.BodyTooLarge(limit=limit)
            parts.append(block)
    return b"".join(parts)


def _check_depth(raw: bytes, deepest: int) -> None:
    depth, quoted, escaped = 0, False, False
    for byte in raw:
        if quoted:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                quoted = False
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            if depth > deepest:
                raise errors.MalformedJSON(reason=f"it is nested deeper than {deepest}")
        elif byte in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is given twice in one object")
    return document


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _check_text(document: Any) -> None:
    if isinstance(document, str):
        if "\0" in document or any("\ud800" <= c <= "\udfff" for c in document):
            raise errors.MalformedJSON(reason="text contains U+0000 or a lone surrogate")
    elif isinstance(document, dict):
        for key, value in document.items():
            _check_text(key)
            _check_text(value)
    elif isinstance(document, list):
        for item in document:
            _check_text(item)
