"""Who leads while work takes long, and that it is one thread at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from glance_shim.lead import BUSY_SECONDS, Lead

# Seconds that are never waited for, unless something does not happen.
PATIENCE = 30


class Led:
    """Knows who has led, and lets a test wait for it."""

    def __init__(self, go_on: Callable[[], None] = lambda: None) -> None:
        self.begun = 0
        self.went_on = threading.Event()
        self._then = go_on
        self.lead = Lead(self._begin, self._go_on, lambda: None)
        self.lead.have_deputy()

    def _begin(self) -> None:
        assert self.lead.is_deputed
        self.begun += 1

    def _go_on(self) -> None:
        self.went_on.set()
        self._then()
        time.sleep(0.001)


def test_a_deputy_leads_while_work_takes_long() -> None:
    led = Led()
    with led.lead:
        for times in (1, 2, 3):
            led.went_on.clear()
            assert led.lead.work(led.went_on.wait, PATIENCE) == (True, True)
            assert not led.lead.is_deputed
            assert led.begun == led.lead.times_deputed == times


def test_nobody_else_leads_when_the_work_is_done() -> None:
    led = Led()
    with led.lead:
        led.lead.work(led.went_on.wait, PATIENCE)
        led.went_on.clear()
        assert not led.went_on.wait(5 * BUSY_SECONDS)


def test_much_work_that_is_short_needs_no_deputy_for_each() -> None:
    led = Led()
    with led.lead:
        for number in range(2000):
            assert led.lead.work(lambda done: done, number)[0] == number
    # On a busy machine some may have taken long.
    assert led.begun < 1000


def test_a_deputy_that_fails_leads_the_next_time() -> None:
    def fail() -> None:
        raise RuntimeError

    led = Led(fail)
    with led.lead:
        for _ in range(2):
            led.went_on.clear()
            assert led.lead.work(led.went_on.wait, PATIENCE) == (True, True)


def test_work_that_fails_gives_the_lead_back() -> None:
    led = Led()

    def fail() -> None:
        led.went_on.wait(PATIENCE)
        raise RuntimeError

    with led.lead:
        with pytest.raises(RuntimeError):
            led.lead.work(fail)
        led.went_on.clear()
        assert led.lead.work(led.went_on.wait, PATIENCE) == (True, True)
