"""What a person sees when a page fails: its words, and nothing of the inside."""

from __future__ import annotations

import itertools
from typing import Any

import databases
import peewee
import pytest
from people import Service

from glance_shim.core import images

SECRET = "SELECT password FROM /srv/secrets"


def failing_after(monkeypatch: pytest.MonkeyPatch, service: Service, count: int) -> None:
    """Have the database answer so many statements, and then never again."""
    database, asked = service.deployment.database, itertools.count(1)

    def failing(original: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            if next(asked) > count:
                raise peewee.OperationalError(SECRET)
            return original(*args, **kwargs)

        return run

    for name in databases.WAYS[database.kind]:
        monkeypatch.setattr(database, name, failing(getattr(database, name)))


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
            failing_after(patched, service, failures)
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
