"""How little a client may send before it is given up."""

from __future__ import annotations

import time

import pytest

from glance_shim.core.pace import Patience


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes only where it is told to."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def taking(clock: list[float], patience: Patience, size: int, seconds: float) -> None:
    """Receive so many bytes after so many seconds of waiting."""

    def receive() -> bytes:
        clock[0] += seconds
        return b"x" * size

    assert len(patience.receive(receive)) == size


def test_exactly_the_least_is_enough_time_after_time(clock: list[float]) -> None:
    patience = Patience(60, 1000)
    for _ in range(10):
        taking(clock, patience, 500, 30)
        taking(clock, patience, 500, 30)


@pytest.mark.parametrize("size", [499, 1, 0])
def test_less_is_not(clock: list[float], size: int) -> None:
    patience = Patience(60, 1000)
    taking(clock, patience, 500, 30)
    with pytest.raises(TimeoutError):
        taking(clock, patience, size, 30)


def test_what_came_before_does_not_count_for_later(clock: list[float]) -> None:
    patience = Patience(60, 1000)
    taking(clock, patience, 1 << 30, 60)
    with pytest.raises(TimeoutError):
        taking(clock, patience, 999, 60)


def test_only_waiting_counts(clock: list[float]) -> None:
    patience = Patience(60, 1000)
    for _ in range(100):
        taking(clock, patience, 10, 0.1)
        clock[0] += 3600
