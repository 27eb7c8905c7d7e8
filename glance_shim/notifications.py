"""Telling others what happened: to the log, to a web address, to whatever is plugged in.

A driver is a callable ``driver(message)``; `DRIVERS` has our own, and others
are found as entry points of the group ``glance_shim.notifications``, which
is where a message bus plugs in: ``factory(config)`` gives such a callable.

Nothing here makes a request wait or fail. Messages go through a queue of
each process; what does not fit, or is not taken after some attempts, is
dropped and counted in the log.
"""

from __future__ import annotations

import atexit
import datetime
import importlib.metadata
import logging
import os
import queue
import threading
import time
import types
import urllib.parse
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson

from glance_shim import clock, errors, fetching, threads

log = logging.getLogger(__name__)
lines = logging.getLogger("glance_shim.notification")

GROUP = "glance_shim.notifications"
MOST_WAITING = 10_000

# Seconds between the attempts to hand over a message.
PAUSES = (0.5, 2.0)

# Seconds that a process which ends gives to what still waits.
LAST_SECONDS = 5.0

Message = Mapping[str, Any]
Driver = Callable[[Message], None]


def _log(config: Any) -> Driver:
    def write(message: Message) -> None:
        level = logging.ERROR if message["priority"] == "ERROR" else logging.INFO
        lines.log(level, "%s", orjson.dumps(message).decode())

    return write


def _webhook(config: Any) -> Driver:
    """Post to the one address of the options, wherever that is."""
    url = config.notification_webhook_url
    if not url:
        raise errors.ConfigurationError(
            reason="the notification driver webhook needs notification_webhook_url"
        )
    parts = urllib.parse.urlsplit(url)
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    filters = types.SimpleNamespace(
        allowed_schemes=["http", "https"],
        disallowed_schemes=[],
        allowed_hosts=[parts.hostname],
        disallowed_hosts=[],
        allowed_ports=[port],
        disallowed_ports=[],
        allowed_networks=[],
        refuse_private_networks=True,
    )
    try:
        fetching.check(url, filters)
    except errors.RefusedURL as exc:
        raise errors.ConfigurationError(reason=f"notification_webhook_url: {exc}") from exc
    return lambda message: fetching.post_json(url, filters, message)


DRIVERS: dict[str, Callable[[Any], Driver]] = {"log": _log, "webhook": _webhook}


class Notifier:
    """Hands messages to the drivers, from a thread that each process starts by itself."""

    def __init__(
        self, drivers: Sequence[Driver], publisher_id: str = "", disabled: Collection[str] = ()
    ) -> None:
        self._drivers = drivers
        self._publisher_id = publisher_id
        self._disabled = frozenset(disabled)
        self._process = 0
        self._works = False
        self._dropped = 0
        self._starting = threading.Lock()
        self._waiting: queue.Queue[Message] = queue.Queue(MOST_WAITING)

    def wants(self, event_type: str) -> bool:
        """Would anybody be told of this event?"""
        group = event_type.partition(".")[0]
        return bool(self._drivers) and self._disabled.isdisjoint((event_type, group))

    def emit(self, event_type: str, payload: Any, priority: str = "INFO") -> None:
        """Have the event told; returns at once."""
        if not self.wants(event_type):
            return
        now = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc)
        self._start()
        try:
            self._waiting.put_nowait(
                {
                    "message_id": str(uuid.uuid4()),
                    "publisher_id": self._publisher_id,
                    "event_type": event_type,
                    "priority": priority,
                    "timestamp": now.replace(tzinfo=None).isoformat(" ", "microseconds"),
                    "payload": payload,
                }
            )
        except queue.Full:
            if not self._dropped:
                log.error("Notifications are dropped: too many are waiting")
            self._dropped += 1

    def _start(self) -> None:
        """A thread does not survive a fork, and neither should what waits for another's.

        Where none can be had, what waits is for the one that the next event starts.
        """
        if self._process == os.getpid() and self._works:
            return
        with self._starting:
            if self._process != os.getpid():
                self._waiting = queue.Queue(MOST_WAITING)
                self._works = False
                atexit.register(self.flush)
                self._process = os.getpid()
            self._works = self._works or threads.start(self._work)

    def _work(self) -> None:
        while True:
            message = self._waiting.get()
            if self._dropped:
                log.error("%d notifications were dropped", self._dropped)
                self._dropped = 0
            for driver in self._drivers:
                _hand_over(driver, message)
            self._waiting.task_done()

    def flush(self, seconds: float = LAST_SECONDS) -> None:
        """Return once nothing waits, or after so many seconds."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)


def _hand_over(driver: Driver, message: Message) -> None:
    for pause in (*PAUSES, None):
        try:
            driver(message)
            return
        except Exception as exc:
            if pause is None:
                log.error("The notification %s is lost: %s", message["event_type"], exc)
            else:
                time.sleep(pause)


def build(config: Any) -> Notifier:
    """The notifier that the options describe.

    A driver that nobody has is passed over with a warning, so that options
    written for a message bus do not keep the service from starting.
    """
    drivers = []
    for name in config.oslo_messaging_notifications.driver:
        factory = DRIVERS.get(name) or _plugged_in(name)
        if factory is not None:
            drivers.append(factory(config))
        elif name != "noop":
            log.warning("There is no notification driver %s; nobody is told by it", name)
    return Notifier(drivers, config.default_publisher_id, config.disabled_notifications)


def _plugged_in(name: str) -> Callable[[Any], Driver] | None:
    for entry in importlib.metadata.entry_points(group=GROUP, name=name):
        factory: Callable[[Any], Driver] = entry.load()
        return factory
    return None
