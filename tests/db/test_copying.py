"""Moving a catalogue from one database to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import crowd
import databases
import pytest

from glance_shim import errors
from glance_shim.db import connection, copying
from glance_shim.db.identity import login_failures, projects, roles, tokens, users

# Spaces at the end count, and so does what is beyond 16 bits.
NAME = "Straße \U0001d538 "


def fill(database: Any) -> None:
    """A catalogue with everything that is not alike on all kinds."""
    crowd.fill(database, 1200, ["p1", "p2"])
    with connection.connected(database):
        projects.add("p1", NAME, "")
        users.add("u1", "ann", None, "p1")
        roles.add("u1", "project", "p1", "member")
        given = {"user": "u1", "methods": "password", "audit_id": "a", "audit_chain": "a"}
        given |= {"issued_at": 1.1, "expires_at": 1_800_000_000.123456}
        tokens.add(hash="f" * 64, **given)
        tokens.add(hash="0" * 64, parent="f" * 64, **given)
        login_failures.add("a" * 64, "127.0.0.1", 1_800_000_000.7, 0)


@pytest.mark.parametrize("target_kind", databases.KINDS)
def test_a_copy_says_the_same(
    open_new: Callable[..., Any], kind: str, target_kind: str
) -> None:
    databases.require(target_kind)
    source, target = open_new(kind), open_new(target_kind)
    fill(source)
    told: list[str] = []

    copying.copy(source, target, told.append)

    assert len(told) == len(copying.TABLES)
    assert told[0].startswith("images: 1200 rows")
    with connection.connected(target):
        assert [p.name for p in projects.select()] == [NAME]
        login_failures.add("b" * 64, "127.0.0.1", 1_800_000_001.0, 0)


def test_a_target_with_rows_is_refused(open_new: Callable[..., Any], kind: str) -> None:
    source, target = open_new(kind), open_new(kind)
    with connection.connected(target):
        projects.add("p1", "there", "")

    with pytest.raises(errors.Conflict, match="not empty: projects"):
        copying.copy(source, target, print)


def test_a_source_that_changes_meanwhile_is_noticed(
    open_new: Callable[..., Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = open_new(kind), open_new(kind)
    fill(source)
    copied = type(target).continue_counting

    def meanwhile(tables: Any) -> None:
        copied(target, tables)
        with connection.connected(source):
            projects.add("p9", "late", "")

    monkeypatch.setattr(target, "continue_counting", meanwhile)
    with pytest.raises(errors.Conflict, match="projects differs"):
        copying.copy(source, target, print)
