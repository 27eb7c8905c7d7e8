"""How much of what Keystone says is remembered.

A real Keystone would have to make ten thousand tokens first, and to be asked about each; this
one only answers.
"""

from __future__ import annotations

import tracemalloc
import types
from collections import Counter
from typing import Any

import pytest

from glance_shim import clock, errors
from glance_shim.core.identity import keystone

MOST = 10_000
KINDS = ("image", *(f"kind-{number}" for number in range(14)))


def catalog(number: int) -> list[dict[str, Any]]:
    """What the token of a project in a cloud of fifteen services has, 11 KB as JSON."""
    return [
        {
            "id": f"{kind:0>32}",
            "type": kind,
            "name": f"the {kind}",
            "endpoints": [
                {
                    "id": f"{number:022x}{interface:0>10}",
                    "interface": interface,
                    "region": "RegionOne",
                    "region_id": "RegionOne",
                    "url": f"https://{kind}.example.org:8774/v2.1/{number:032x}",
                }
                for interface in ("public", "internal", "admin")
            ],
        }
        for kind in KINDS
    ]


class Answering:
    """Knows every token that is a number, and counts how often it is asked about each."""

    def __init__(self) -> None:
        self.paused_until = 0.0
        self.asked = Counter[str]()

    def get(self, path: str, headers: Any) -> Any:
        text = headers["X-Subject-Token"]
        self.asked[text] += 1
        if not text.isdigit():
            return types.SimpleNamespace(status_code=404)
        number = int(text)
        token = {
            "user": {"id": f"{number:032x}", "name": f"user {number}"},
            "project": {"id": f"{number:032x}", "name": f"project {number}"},
            "roles": [{"id": "1" * 32, "name": "member"}, {"id": "2" * 32, "name": "reader"}],
            "methods": ["password"],
            "audit_ids": [f"{number:022x}"],
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2999-01-01T00:00:00.000000Z",
            "catalog": catalog(number),
        }
        return types.SimpleNamespace(status_code=200, json=lambda: {"token": token})


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def tokens(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> keystone.Tokens:
    # Nothing is to be forgotten because it is old.
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    options = types.SimpleNamespace(token_cache_time=300, service_type="image")
    return keystone.Tokens(answering, options)  # type: ignore[arg-type]


def test_of_more_tokens_than_are_remembered_the_longest_unused_is_asked_about_again(
    tokens: keystone.Tokens, answering: Answering
) -> None:
    for number in range(MOST):
        tokens.validate(str(number))
    tokens.validate("0")
    assert answering.asked.total() == MOST, "as many as that are all remembered"

    for number in range(MOST, MOST + 3):
        tokens.validate(str(number))

    answering.asked.clear()
    for number in (0, *range(4, MOST + 3)):
        assert tokens.validate(str(number)).user_id == f"{number:032x}"
    assert answering.asked == {}
    for number in (1, 2, 3):
        tokens.validate(str(number))
    assert answering.asked == {"1": 1, "2": 1, "3": 1}


def test_tokens_that_are_made_up_drive_out_no_real_one(
    tokens: keystone.Tokens, answering: Answering
) -> None:
    tokens.validate("7")
    for number in range(MOST + 3):
        with pytest.raises(errors.Unauthorized):
            tokens.validate(f"made up {number}")
    asked = answering.asked.total()

    tokens.validate("7")
    with pytest.raises(errors.Unauthorized):
        tokens.validate(f"made up {MOST + 2}")
    assert answering.asked.total() == asked
    with pytest.raises(errors.Unauthorized):
        tokens.validate("made up 0")
    assert answering.asked["made up 0"] == 2


def test_what_is_remembered_takes_little_of_a_large_catalog(tokens: keystone.Tokens) -> None:
    count = 500
    tracemalloc.start()
    try:
        for number in range(count):
            tokens.validate(str(number))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # With the whole catalog it was 34 KB, or 340 MB for all that may be remembered.
    assert held / count < 6_000
    assert [each["type"] for each in tokens.validate("1").catalog] == ["image"]
