"""How notifications reach others: the log, a web address, what is plugged in."""

from __future__ import annotations

import http.server
import json
import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from glance_shim import config, errors, notifications, threads


class Hook:
    """A web address that takes notifications, after ``refusals`` attempts."""

    def __init__(self) -> None:
        self.taken: queue.Queue[dict[str, Any]] = queue.Queue()
        self.refusals = 0
        self.waits = threading.Event()
        self.waits.set()
        self.asked = threading.Event()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.asked.set()
                hook.waits.wait(60)
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.refusals -= 1
                # Before the answer, after which the next message may come.
                if hook.refusals < 0:
                    hook.taken.put(document)
                self.send_response(500 if hook.refusals >= 0 else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/events?key=s3cret"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.waits.set()
    hook.server.shutdown()


def notifier(*drivers: str, **options: Any) -> notifications.Notifier:
    overrides = {
        "DEFAULT": options,
        "oslo_messaging_notifications": {"driver": list(drivers)},
    }
    return notifications.build(config.load(overrides=overrides))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(notifications, "PAUSES", (0, 0))


def test_a_web_address_gets_the_message(hook: Hook) -> None:
    telling = notifier("webhook", notification_webhook_url=hook.url, default_publisher_id="me")
    telling.emit("image.update", {"id": "x"})
    message = hook.taken.get(timeout=60)

    assert message["event_type"] == "image.update"
    assert message["payload"] == {"id": "x"}
    assert message["publisher_id"] == "me"


def test_messages_come_in_order(hook: Hook) -> None:
    telling = notifier("webhook", notification_webhook_url=hook.url)
    for number in range(20):
        telling.emit("image.update", {"number": number})

    numbers = [hook.taken.get(timeout=60)["payload"]["number"] for _ in range(20)]
    assert numbers == list(range(20))


def test_without_a_thread_messages_wait_for_the_next(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = notifier("webhook", notification_webhook_url=hook.url)
    with monkeypatch.context() as changed:
        changed.setattr(threads, "start", lambda *args: False)
        telling.emit("image.update", {"number": 0})
    telling.emit("image.update", {"number": 1})

    assert [hook.taken.get(timeout=60)["payload"]["number"] for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("refusals, taken", [(2, True), (3, False)])
def test_it_is_tried_again_a_few_times(
    hook: Hook, quick: None, caplog: pytest.LogCaptureFixture, refusals: int, taken: bool
) -> None:
    hook.refusals = refusals
    telling = notifier("webhook", notification_webhook_url=hook.url)
    telling.emit("image.update", {})
    telling.flush(60)

    assert hook.taken.qsize() == taken
    assert ("is lost" in caplog.text) is not taken
    assert "s3cret" not in caplog.text


def test_an_address_that_hangs_makes_nobody_wait(
    hook: Hook, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "MOST_WAITING", 3)
    hook.waits.clear()
    telling = notifier("webhook", notification_webhook_url=hook.url)
    telling.emit("image.update", {"number": 0})
    assert hook.asked.wait(60)
    for number in range(1, 10):
        telling.emit("image.update", {"number": number})
    hook.waits.set()
    telling.flush(60)
    telling.emit("image.update", {"number": 10})
    telling.flush(60)

    assert hook.taken.qsize() == 5
    assert caplog.text.count("too many are waiting") == 1
    assert " notifications were dropped" in caplog.text


def test_the_log_gets_one_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "glance_shim.notification"):
        telling = notifier("log")
        telling.emit("image.update", {"name": "a\nb"})
        telling.emit("image.upload", "failed", "ERROR")
        telling.flush(60)

    first, second = [r for r in caplog.records if r.name == "glance_shim.notification"]
    assert json.loads(first.getMessage())["payload"] == {"name": "a\nb"}
    assert (first.levelno, second.levelno) == (logging.INFO, logging.ERROR)


@pytest.mark.parametrize(
    "disabled, wanted",
    [
        ([], "image.member.create image.send task.run"),
        (["image"], "task.run"),
        (["image.send"], "image.member.create task.run"),
        (["image.member"], "image.member.create image.send task.run"),
        (["image.member.create", "task"], "image.send"),
    ],
    ids=str,
)
def test_some_need_not_be_told(disabled: list[str], wanted: str) -> None:
    telling = notifier("log", disabled_notifications=disabled)

    types = ("image.member.create", "image.send", "task.run")
    assert [each for each in types if telling.wants(each)] == wanted.split()


@pytest.mark.parametrize("drivers", [(), ("noop",), ("messagingv2",)], ids=str)
def test_without_a_driver_nobody_is_told(
    drivers: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    telling = notifier(*drivers)

    assert not telling.wants("image.update")
    assert ("messagingv2" in caplog.text) == (drivers == ("messagingv2",))


def test_a_driver_can_be_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []

    class Entry:
        def load(self) -> Any:
            return lambda config: got.append

    def entry_points(group: str, name: str) -> list[Entry]:
        return [Entry()] if (group, name) == ("glance_shim.notifications", "bus") else []

    monkeypatch.setattr(notifications.importlib.metadata, "entry_points", entry_points)
    telling = notifier("bus")
    telling.emit("image.update", {})
    telling.flush(60)

    assert [each["event_type"] for each in got] == ["image.update"]


@pytest.mark.parametrize("url", [None, "", "ftp://h/", "http://", "file:///x", "nonsense"])
def test_an_address_that_cannot_be_is_refused_at_once(url: str | None) -> None:
    with pytest.raises(errors.ConfigurationError, match="notification_webhook_url"):
        notifier("webhook", notification_webhook_url=url)
