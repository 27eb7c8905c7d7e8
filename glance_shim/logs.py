"""Log lines: one line each, with the id of the request."""

from __future__ import annotations

import contextvars
import logging
import time

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

# Where the request comes from, if what is done is done for one.
address: contextvars.ContextVar[str | None] = contextvars.ContextVar("address", default=None)

CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, 0x85)} | {
    code: f"\\u{code:04x}"
    for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def known_request_id() -> str | None:
    """The id of the request at hand, if there is one."""
    known = request_id.get()
    return None if known == "-" else known


class Formatter(logging.Formatter):
    """Shows control characters as escapes, so that no client can forge a line."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.request_id = request_id.get()
        record.message = record.message.translate(CONTROL)
        return super().formatMessage(record)


def set_up(debug: bool = False) -> None:
    """Send log lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.INFO, handlers=[handler], force=True
    )
    # These say what they send and receive, credentials included.
    for name in ("keystoneauth", "urllib3", "peewee", "stevedore"):
        logging.getLogger(name).setLevel(logging.INFO)
    # It calls an error whatever is not of a kind that it tries, as most data is not of most;
    # whoever sent the data is told where it matters.
    if not debug:
        logging.getLogger("oslo_utils.imageutils").setLevel(logging.CRITICAL)
