"""Connections that a crowd had opened, and nobody wants any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from glance_shim.db.engines import base

CROWD = 5


def use_at_once(database: Any) -> None:
    """Have each of a crowd hold a connection until all do."""
    together = threading.Barrier(CROWD)

    def use() -> None:
        database.connect()
        together.wait(30)
        database.execute_sql("SELECT 1")
        database.close()

    crowd = [threading.Thread(target=use) for _ in range(CROWD)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()


def use_once(database: Any) -> None:
    database.connect()
    database.execute_sql("SELECT 1")
    database.close()


def test_they_are_closed_after_a_minute(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use_at_once(database)
    assert len(database._connections) == CROWD

    monkeypatch.setattr(base, "UNWANTED", 0)
    use_once(database)

    assert len(database._connections) == 1
    use_once(database)
    use_at_once(database)


def test_they_stay_until_then(database: Any) -> None:
    use_at_once(database)
    use_once(database)

    assert len(database._connections) == CROWD
