"""How often a project or an address may call."""

from __future__ import annotations

import itertools
import os
from types import SimpleNamespace
from typing import Any

import pytest
from people import Person, Service

from glance_shim.core import rates

# What a service has counted for a test is long ago for the next.
_starts = itertools.count(1e6, 1e6)


@pytest.fixture(autouse=True)
def passed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes only where it is told to."""
    now = [next(_starts)]
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def made(rate: rates.Rate, caller: str, count: int) -> int:
    """How many of so many calls at once may be made."""
    return [rate.wait(caller) for _ in range(count)].count(0.0)


def test_a_burst_is_taken_and_then_so_many_a_second(passed: list[float]) -> None:
    rate = rates.Rate(50, 200)
    assert made(rate, "p1", 1000) == 200
    passed[0] += 0.5
    assert made(rate, "p1", 1000) == 25
    passed[0] += 3600
    assert made(rate, "p1", 1000) == 200


def test_who_waits_as_long_as_said_may_call(passed: list[float]) -> None:
    rate = rates.Rate(4, 10)
    assert made(rate, "p1", 10) == 10
    passed[0] += rate.wait("p1") + 1e-6
    assert rate.wait("p1") == 0


def test_callers_do_not_count_for_each_other() -> None:
    rate = rates.Rate(50, 20)
    free = sum(made(rate, f"p{number}", 20) == 20 for number in range(500))
    # Both places of a caller are another's with one in 25 of such crowds.
    assert free >= 497


def test_all_processes_count_together() -> None:
    rate = rates.Rate(50, 20)
    assert made(rate, "p1", 5) == 5
    child = os.fork()
    if not child:
        os._exit(made(rate, "p1", 10))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 10

    assert made(rate, "p1", 100) == 5


LIMITS = {"project_rate": 2, "project_burst": 5, "address_rate": 4, "address_burst": 30}


def codes(person: Person, count: int, path: str = "/v2/images") -> list[int]:
    return [person.get(path).status_code for _ in range(count)]


@pytest.fixture
def service(make_service: Any) -> Service:
    service: Service = make_service(rate_limit=LIMITS)
    return service


def test_a_project_that_calls_too_often_is_told_how_long_to_wait(
    service: Service, alice: Person, bob: Person, passed: list[float]
) -> None:
    assert codes(alice, 15) == [200] * 5 + [429] * 10
    refused = alice.post("/v2/images", json={})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert "2 a second ([rate_limit] project_rate)" in refused.text
    assert codes(bob, 1) == [200]
    passed[0] += 0.5
    assert codes(alice, 2) == [200, 429]


def test_administrators_are_not_counted_by_project(service: Service, admin: Person) -> None:
    assert codes(admin, 25) == [200] * 25


def test_an_address_that_guesses_is_told_to_wait(service: Service) -> None:
    stranger = Person(service.app, "not a token", None)
    assert codes(stranger, 60) == [401] * 30 + [429] * 30
    assert codes(stranger, 3, "/dashboard/login") == [429] * 3
    assert codes(stranger, 40, "/healthcheck") == [200] * 40


def test_nothing_is_counted_unless_that_is_said(make_service: Any) -> None:
    hooks = make_service().app.before_request_funcs[None]
    assert not [hook for hook in hooks if hook.__module__ == "glance_shim.api.rates"]
