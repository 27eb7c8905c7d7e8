"""How many requests were answered with what, of a run of tests: a plugin, ``pytest -p tally``.

``GLANCE_SHIM_REQUESTS`` says how many there must be at least; a run with less of them fails.
"""

from __future__ import annotations

import collections
import os
from typing import Any

import flask
import pytest

WANTED = int(os.environ.get("GLANCE_SHIM_REQUESTS") or 0)

# By method, route and status.
answered: collections.Counter[tuple[str, str, int]] = collections.Counter()


def count(method: str, route: str, status: int) -> None:
    """One more request was answered."""
    answered[method, route, status] += 1


@flask.request_finished.connect
def _count(_: flask.Flask, response: flask.Response, **__: Any) -> None:
    rule = flask.request.url_rule
    count(flask.request.method, rule.rule if rule else "no route", response.status_code)


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tally"] = [[*key, number] for key, number in answered.items()]
    elif answered.total() < WANTED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of pytest-xdist has ended: what it counted counts."""
    for method, route, status, number in getattr(node, "workeroutput", {}).get("tally", ()):
        answered[method, route, status] += number


def pytest_terminal_summary(terminalreporter: Any) -> None:
    families: collections.Counter[str] = collections.Counter()
    failures = []
    for (method, route, status), number in sorted(answered.items()):
        families[f"{status // 100}xx"] += number
        if status >= 500:
            failures.append(f"{method} {route}: {number} times {status}")
    operations = len({(method, route) for method, route, _ in answered})
    terminalreporter.section("requests")
    terminalreporter.write_line(
        f"{answered.total()} requests of {operations} operations: "
        + ", ".join(f"{family} {number}" for family, number in sorted(families.items()))
    )
    for line in failures:
        terminalreporter.write_line(line)
    if answered.total() < WANTED:
        terminalreporter.write_line(f"That is less than the {WANTED} that were wanted.")
