"""The audit log: one line of JSON for each thing that matters to security.

A line says what was done, how it ended, by whom, from where, to what, and in
which request. It holds no password, token or other secret. All but ASCII is
escaped and long values are cut, so that nobody can forge a line or flood one.
"""

from __future__ import annotations

import datetime
import json
import logging
import logging.handlers
from collections.abc import Mapping
from typing import Any

from glance_shim import clock, logs

log = logging.getLogger(__name__)

OFF = "noop"
LONGEST = 256
SUCCESS, REFUSED = "success", "refused"
CALLER = ("user_id", "user_name", "project_id", "project_name")


class Trail:
    """Where the lines of one deployment go: a file, the log, or nowhere."""

    def __init__(self, driver: str = "log", path: str | None = None) -> None:
        self._logger: logging.Logger | None = None if driver == OFF else log
        if path and self._logger is not None:
            # It opens the file anew when that was rotated, and each line is one write at
            # the end of the file, so that any number of processes may share it.
            handler = logging.handlers.WatchedFileHandler(path, encoding="ascii", delay=True)
            handler.setFormatter(logging.Formatter("%(message)s"))
            self._logger = logging.Logger("audit", logging.INFO)
            self._logger.addHandler(handler)

    def write(
        self, caller: Any, action: str, outcome: str = SUCCESS, **facts: str | int | None
    ) -> None:
        """Say that ``caller``, a `Context` or ``None``, has done or tried something.

        Facts without a value are left out.
        """
        if self._logger is None:
            return
        now = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc)
        line: dict[str, Any] = {
            "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "action": action,
            "outcome": outcome,
            "request_id": getattr(caller, "request_id", None) or logs.known_request_id(),
            "address": logs.address.get(),
            **{name: getattr(caller, name, None) for name in CALLER},
        }
        self._logger.info("%s", as_line({**line, **facts}))


def as_line(facts: Mapping[str, Any]) -> str:
    """The facts that have a value as one line of JSON, in ASCII."""
    kept = {name: _cut(value) for name, value in facts.items() if value is not None}
    return json.dumps(kept, separators=(",", ":")).replace("\x7f", "\\u007f")


def _cut(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value


def build(config: Any) -> Trail:
    """The audit log that the options describe."""
    driver = config.audit_middleware_notifications.driver
    if driver not in ("log", OFF):
        log.warning("There is no audit driver %s; the audit log goes to the log", driver)
    return Trail(driver, config.audit_log_file)
