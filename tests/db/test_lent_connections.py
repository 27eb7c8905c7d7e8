"""A connection that is lent works, which its server is asked where that may be in doubt."""

from __future__ import annotations

import select
from typing import Any

import databases
import pytest
from playhouse import pool

from glance_shim.db.engines import base

pytestmark = pytest.mark.parametrize("kind", ["postgresql", "mariadb"])

OWN = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT CONNECTION_ID()"}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL CONNECTION {}"}


@pytest.fixture
def database(kind: str, open_new: Any) -> Any:
    databases.require(kind)
    return open_new(kind)


@pytest.fixture
def asked(database: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections whose server is asked whether they still work."""
    found: list[Any] = []
    classes = type(database).__mro__
    below = classes[classes.index(base.Engine) + 1 :]
    asks = next(each for each in below if "_is_closed" in vars(each))
    original: Any = asks._is_closed  # type: ignore[attr-defined]

    def is_closed(self: Any, conn: Any) -> bool:
        found.append(conn)
        return bool(original(self, conn))

    monkeypatch.setattr(asks, "_is_closed", is_closed)
    return found


def use_once(database: Any) -> int:
    """The number that the server knows the connection by."""
    database.connect()
    (number,) = database.execute_sql(OWN[database.kind]).fetchone()
    database.close()
    return int(number)


def test_nothing_is_asked_a_moment_after_it_was_used(database: Any, asked: list[Any]) -> None:
    first = use_once(database)

    assert use_once(database) == first
    assert not asked


def test_the_server_is_asked_later(
    database: Any, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = use_once(database)
    monkeypatch.setattr(base, "TRUSTED", 0)

    assert use_once(database) == first
    assert len(asked) == 1


def test_what_the_server_has_ended_is_not_lent(database: Any, asked: list[Any]) -> None:
    first = use_once(database)
    ((*_, conn),) = database._connections
    # One that is not of the pool, which would lend the same again.
    other = super(pool.PooledDatabase, database)._connect()
    other.cursor().execute(END[database.kind].format(first))
    other.close()
    # It says so before it ends.
    assert select.select([database._socket(conn)], [], [], 30)[0]

    assert use_once(database) != first
    assert asked == [conn]
