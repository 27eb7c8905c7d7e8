"""How many sessions one user has, and how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from people import Service
from visitor import Visitor

from glance_shim import clock

MOST, IDLE, LIFE = 3, 120, 1000


@pytest.fixture
def service(make_service: Any) -> Service:
    return make_service(
        dashboard_sessions_per_user=MOST,
        dashboard_session_idle=IDLE,
        dashboard_session_life=LIFE,
    )


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``passing(5)``: five seconds go by."""
    began, passed = clock.now(), [0.0]
    monkeypatch.setattr(clock, "source", lambda: began + passed[0])

    def pass_by(seconds: float) -> None:
        passed[0] += seconds

    return pass_by


def logged_in(visitor: Visitor) -> bool:
    return visitor.open("/dashboard/images").title == "Images"


@pytest.mark.parametrize("more", [0, 1, 5])
def test_one_user_is_logged_in_in_so_many_browsers_only(
    service: Service, someone: Any, passing: Any, more: int
) -> None:
    olga, bert = (someone("platform", "member", name=name) for name in ("olga", "bert"))
    browsers = []
    for _ in range(MOST + more):
        browsers.append(Visitor(service.app).log_in("olga", olga.password))
        passing(1)

    assert [logged_in(each) for each in browsers] == [False] * more + [True] * MOST
    assert logged_in(bert.browser)


def test_the_sessions_in_use_are_kept(service: Service, someone: Any, passing: Any) -> None:
    olga = someone("platform", "member", name="olga")
    first, second, third = (Visitor(service.app).log_in("olga", olga.password) for _ in "123")
    passing(70)
    assert logged_in(first) and logged_in(third)

    fourth = Visitor(service.app).log_in("olga", olga.password)

    assert [logged_in(each) for each in (first, second, third, fourth)] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "seconds, there", [(IDLE, True), (IDLE + 1, False), (IDLE * 1000, False)]
)
def test_a_session_rests_so_long_only(
    someone: Any, passing: Any, seconds: int, there: bool
) -> None:
    browser = someone("platform", "member").browser

    passing(seconds)

    assert logged_in(browser) == there


@pytest.mark.parametrize("last, there", [(0, True), (1, False)])
def test_a_session_lives_so_long_only(
    someone: Any, passing: Any, last: int, there: bool
) -> None:
    browser = someone("platform", "member").browser
    for _ in range(9):
        passing(100)
        assert logged_in(browser)

    passing(100 + last)

    assert logged_in(browser) == there
