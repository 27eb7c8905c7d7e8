"""Request bodies that do not come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Arriving:
    """A request body that arrives in parts; what can be called happens in between.

    It happens in a thread of its own, as the request of somebody else would.
    """

    def __init__(self, *parts: bytes | Callable[[], Any]) -> None:
        self._parts = list(parts)

    def read(self, size: int = -1) -> bytes:
        while self._parts:
            part = self._parts.pop(0)
            if isinstance(part, bytes):
                return part
            happening = threading.Thread(target=part)
            happening.start()
            happening.join()
        return b""


def arriving(
    *parts: bytes | Callable[[], Any], length: int | None = None, **headers: str
) -> dict[str, Any]:
    """Arguments of a request with such a body: chunked, unless a length is announced."""
    environ: dict[str, Any] = {"wsgi.input": Arriving(*parts), "wsgi.input_terminated": True}
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    return {
        "environ_overrides": environ,
        "headers": {"Content-Type": "application/octet-stream", **headers},
    }
