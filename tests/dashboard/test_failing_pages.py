"""What a person sees when a page fails: its words, and nothing of the inside."""

from __future__ import annotations

import itertools
from typing import Any

import peewee
import pytest
from people import Service

from glance_shim.core import images

SECRET = "SELECT password FROM /srv/secrets"


def failing_after(service: Service, count: int) -> Any:
    """An ``execute_sql`` that works so many times, and then never again."""
    real, left = type(service.deployment.database).execute_sql, itertools.count(1)

    def execute_sql(database: Any, *args: Any, **kwargs: Any) -> Any:
        if next(left) > count:
            raise peewee.OperationalError(SECRET)
        return real(database, *args, **kwargs)

    return execute_sql


def assert_tells_nothing(answer: Any, status: int) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["images", "offers", "project", "login", "images/new"])
def test_a_database_that_goes_away_at_any_moment_gives_a_page_that_says_so(
    service: Service, olga: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client, failures = olga.browser.client, 0
    while True:
        with monkeypatch.context() as patched:
            kind = type(service.deployment.database)
            patched.setattr(kind, "execute_sql", failing_after(service, failures))
            answer = client.get(f"/dashboard/{path}")
        if answer.status_code == 200:
            break
        assert_tells_nothing(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        assert "database is not available" in answer.text
        failures += 1

    assert failures > 0


@pytest.mark.parametrize("broken", ["get_all", "count_offers"])
def test_a_defect_of_ours_gives_a_page_that_tells_nothing_of_it(
    olga: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(SECRET)

    client = olga.browser.client
    monkeypatch.setattr(images, broken, fail)

    assert_tells_nothing(client.get("/dashboard/images"), 500)


def test_a_page_without_memory_says_to_try_again(
    olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise MemoryError(SECRET)

    monkeypatch.setattr(images, "get_all", fail)
    answer = olga.browser.client.get("/dashboard/images")

    assert_tells_nothing(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
