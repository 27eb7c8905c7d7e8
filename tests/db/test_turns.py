"""Who writes to an SQLite database waits for the others in the order in which they came."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest

from glance_shim.db import connection, turns
from glance_shim.db.models.images import Image


def until_waiting(queue: turns.Queue, count: int) -> None:
    while len(queue._waiting) < count:
        threading.Event().wait(0.001)


def test_turns_come_in_the_order_of_asking() -> None:
    queue, came = turns.Queue(), list[int]()

    def take(number: int) -> None:
        with queue.turn(60):
            came.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    with queue.turn(60):
        for number, thread in enumerate(threads):
            thread.start()
            until_waiting(queue, number + 1)
        assert came == []
    for thread in threads:
        thread.join()

    assert came == list(range(8))


def test_who_gives_up_holds_nobody_up() -> None:
    queue = turns.Queue()

    with queue.turn(60), pytest.raises(turns.TooLong), queue.turn(0.01):
        pass
    with queue.turn(0.01):
        pass


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_locked(
    open_new: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_new("sqlite")
    monkeypatch.setattr("glance_shim.db.engines.sqlite.PATIENCE", 0.01)

    def write() -> None:
        with connection.connected(database), connection.writing():
            pass

    failures: list[Any] = []

    def attempt() -> None:
        try:
            write()
        except peewee.OperationalError as exc:
            failures.append(exc)

    with connection.connected(database), connection.writing():
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    write()

    assert "locked" in str(failures)


def test_a_transaction_in_another_takes_no_turn_of_its_own(
    open_new: Callable[..., Any],
) -> None:
    with connection.connected(open_new("sqlite")), connection.writing():
        with pytest.raises(ZeroDivisionError), connection.writing():
            Image.delete().execute()
            raise ZeroDivisionError
        assert Image.select().count() == 0


def _hold(path: str, held: Any, go: Any) -> None:
    with turns.locked(path):
        held.set()
        go.wait()


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    held, go, path = spawn.Event(), spawn.Event(), str(tmp_path / "turn")
    other = spawn.Process(target=_hold, args=(path, held, go))
    other.start()
    held.wait()
    entered = threading.Event()

    def enter() -> None:
        with turns.locked(path):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.2)
    go.set()
    thread.join()
    other.join()

    assert entered.is_set()


def test_where_no_file_can_be_made_nobody_is_waited_for(tmp_path: Path) -> None:
    with turns.locked(str(tmp_path / "none" / "turn")):
        pass
