"""Threads that cannot be had, or die before their first line."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable

import pytest
from real_server import until
from threadless import it_dies_at_once, no_memory, none_can_be_had

from glance_shim import threads

stock = _thread.start_new_thread


FAILURES = pytest.mark.parametrize("failure", [none_can_be_had, no_memory, it_dies_at_once])


def test_a_thread_runs_the_function() -> None:
    done: list[int] = []
    assert threads.start(done.append, 1)
    until(lambda: done == [1], "it was called")


@FAILURES
def test_without_a_thread_nothing_is_run(
    failure: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", failure)
    assert not threads.start(pytest.fail)


def test_a_thread_that_was_given_up_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[Callable[[], None]] = []
    monkeypatch.setattr(threads, "BIRTH_SECONDS", 0)
    monkeypatch.setattr(_thread, "start_new_thread", lambda run, args: late.append(run))
    assert not threads.start(pytest.fail)
    late[0]()


def test_what_must_have_a_thread_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    starts = iter([none_can_be_had, it_dies_at_once, stock])
    monkeypatch.setattr(_thread, "start_new_thread", lambda *args: next(starts)(*args))
    monkeypatch.setattr(threads, "PAUSE_SECONDS", 0.01)
    threads.require(done.append, 1)
    until(lambda: done == [1], "it was called")


def test_a_pool_has_no_more_threads_than_it_needs() -> None:
    pool = threads.Pool(3)
    for number in range(20):
        assert pool.submit(lambda each: each, number).result() == number
        until(lambda: pool._free == 1, "the thread is free")
    assert pool._threads == 1

    going = threading.Event()
    waiting = [pool.submit(going.wait) for _ in range(7)]
    until(lambda: sum(each.running() for each in waiting) == 3, "three are under way")
    going.set()
    assert all(each.result(10) for each in waiting)
    assert pool._threads == 3
    pool.shutdown()


def test_what_fails_is_told_and_ends_no_thread() -> None:
    pool = threads.Pool(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 / 0).result(10)
    assert pool.submit(lambda: 1).result(10) == 1
    pool.shutdown()


@FAILURES
def test_work_waits_for_the_threads_that_are_there(
    failure: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PAUSE_SECONDS", 0)
    pool, going = threads.Pool(3), threading.Event()
    pool.begin()
    first = pool.submit(going.wait)
    monkeypatch.setattr(_thread, "start_new_thread", failure)
    rest = [pool.submit(lambda: 1) for _ in range(5)]
    assert not any(each.done() for each in rest)
    going.set()
    assert first.result(10)
    assert [each.result(10) for each in rest] == [1] * 5
    assert pool._threads == 1

    monkeypatch.undo()
    assert _together(pool, 3)
    pool.shutdown()


def _together(pool: threads.Pool, count: int) -> bool:
    """Are so many under way at the same time?"""
    all_there = threading.Barrier(count)
    work = [pool.submit(all_there.wait, 10) for _ in range(count)]
    return {each.result(10) for each in work} == set(range(count))


def test_what_waits_has_threads_once_they_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PAUSE_SECONDS", 0)
    pool, going = threads.Pool(3), threading.Event()
    pool.begin()
    first = pool.submit(going.wait)
    monkeypatch.setattr(_thread, "start_new_thread", none_can_be_had)
    second = pool.submit(lambda: 2)
    pool.catch_up()
    assert pool._threads == 1

    monkeypatch.undo()
    pool.catch_up()
    assert second.result(10) == 2
    assert not first.done()
    going.set()
    pool.shutdown()


@FAILURES
def test_without_any_thread_whoever_submits_does_the_work(
    failure: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", failure)
    assert threads.Pool(3).submit(threading.get_ident).result(0) == threading.get_ident()


def test_a_pool_that_is_shut_down_does_what_waits() -> None:
    pool, going = threads.Pool(2), threading.Event()
    work = [pool.submit(going.wait) for _ in range(4)]
    pool.shutdown()
    going.set()
    assert all(each.result(10) for each in work)
