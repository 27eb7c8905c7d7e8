"""What a transaction need not know goes to PostgreSQL with what it asks next."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import peewee
import pytest

from glance_shim.db import connection

INSERT = "INSERT INTO t VALUES (%s)"
COUNT = "SELECT COUNT(*) FROM t"


@pytest.fixture
def database(in_postgresql: Any) -> Any:
    in_postgresql.execute_sql("CREATE TABLE t (n INT PRIMARY KEY)")
    return in_postgresql


@pytest.fixture
def sent(database: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements went to the server at once, each time."""
    from psycopg import generators

    found: list[int] = []
    statements, execute = database.connection().statements, generators.execute
    original = statements.run_waiting

    def run_waiting() -> Any:
        if statements.waiting:
            found.append(len(statements.waiting))
        return original()

    def one(connection: Any) -> Any:
        if not connection.pipeline_status:
            found.append(1)
        return execute(connection)

    monkeypatch.setattr(statements, "run_waiting", run_waiting)
    monkeypatch.setattr(generators, "execute", one)
    return found


def numbers(database: Any) -> list[int]:
    """What another connection sees."""
    found: list[int] = []

    def look() -> None:
        with connection.connected(database):
            rows = database.execute_sql("SELECT n FROM t ORDER BY n").fetchall()
        found.extend(number for (number,) in rows)

    other = threading.Thread(target=look)
    other.start()
    other.join()
    return found


def test_it_goes_with_what_is_asked_next_and_with_the_commit(
    database: Any, sent: list[int]
) -> None:
    with database.atomic():
        database.run_later(INSERT, [1])
        assert not sent
        assert database.run(COUNT, ()).fetchall() == [(1,)]
        assert database.run("SELECT n + %s FROM t", [1]).fetchall() == [(2,)]
        database.run_later(INSERT, [2])
        database.run_later(INSERT, [3])
    assert sent == [3, 1, 3]
    assert numbers(database) == [1, 2, 3]


def test_what_is_asked_by_a_cursor_and_savepoints_come_after_it(database: Any) -> None:
    with database.atomic():
        database.run_later(INSERT, [1])
        assert database.execute_sql(COUNT).fetchone() == (1,)
        with contextlib.suppress(ZeroDivisionError), database.atomic():
            database.run_later(INSERT, [2])
            raise ZeroDivisionError
        with database.atomic():
            database.run_later(INSERT, [3])
    assert numbers(database) == [1, 3]


def test_without_a_transaction_it_does_not_wait(database: Any) -> None:
    database.run_later(INSERT, [1])
    assert numbers(database) == [1]


def test_a_transaction_that_asks_nothing_is_one(database: Any) -> None:
    for _ in range(7):
        with database.atomic():
            pass
        with contextlib.suppress(ZeroDivisionError), database.atomic():
            raise ZeroDivisionError
    assert database.run(COUNT, ()).fetchall() == [(0,)]


def test_nothing_is_sent_for_a_transaction_that_is_given_up(
    database: Any, sent: list[int]
) -> None:
    with contextlib.suppress(ZeroDivisionError), database.atomic():
        database.run_later(INSERT, [1])
        raise ZeroDivisionError
    assert not sent
    with database.atomic():
        database.run_later(INSERT, [2])
    assert numbers(database) == [2]


@pytest.mark.parametrize("then", ["a question", "a cursor", "a savepoint", "the end"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_failure_is_told_by_what_comes_next_and_ends_the_transaction(
    database: Any, then: str, position: int
) -> None:
    values = [10, 11, 12]
    values[position] = 5
    database.run(INSERT, [5])
    for _ in range(7):
        with pytest.raises(peewee.IntegrityError, match="duplicate key"), database.atomic():
            for value in values:
                database.run_later(INSERT, [value])
            if then == "a question":
                database.run(COUNT, ())
            elif then == "a cursor":
                database.execute_sql(COUNT)
            elif then == "a savepoint":
                database.savepoint().__enter__()
    assert numbers(database) == [5]
    with database.atomic():
        database.run_later(INSERT, [6])
    assert numbers(database) == [5, 6]


def test_a_value_that_the_database_has_not_is_refused_at_once(database: Any) -> None:
    with pytest.raises(peewee.DataError), database.atomic():
        database.run_later("SELECT %s", ["a\x00b"])
        pytest.fail("it was taken")
    assert database.run(COUNT, ()).fetchall() == [(0,)]


def test_much_that_waits_and_finds_much_goes_through(database: Any) -> None:
    with database.atomic():
        for number in range(200):
            database.run_later("SELECT repeat(%s, 100000)", ["x" * 10])
            database.run_later(INSERT, [number])
        assert database.run("SELECT length(%s)", ["x" * 5_000_000]).fetchall() == [(5_000_000,)]
    assert len(numbers(database)) == 200


def test_what_waits_is_not_forgotten_by_then(database: Any) -> None:
    from glance_shim.db.engines import prepared

    for _ in range(7):
        database.run("SELECT 'first'", ())
    with database.atomic():
        database.run_later("SELECT 'first'", ())
        for number in range(prepared.MOST + 1):
            database.run_later(f"SELECT {number}", ())
    assert database.run(COUNT, ()).fetchall() == [(0,)]


def test_a_connection_that_is_lost_meanwhile_is_not_used_again(database: Any) -> None:
    ((number,),) = database.run("SELECT pg_backend_pid()", ()).fetchall()
    with pytest.raises(connection.FAILURES), database.atomic():
        database.run_later(INSERT, [1])
        database.run_later("SELECT pg_terminate_backend(%s)", [number])
        database.run_later(INSERT, [2])
    database.close()
    database.connect()
    assert database.run("SELECT pg_backend_pid()", ()).fetchall() != [(number,)]
    assert numbers(database) == []


class Stop(Exception):
    """Raised when a signal is heard."""


def test_a_connection_whose_answers_were_not_waited_for_is_not_used_again(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn, taken = database.connection(), []

    def wait(*args: Any) -> Any:
        taken.append(args)
        if len(taken) == 2:
            raise Stop
        return type(conn).wait(conn, *args)

    monkeypatch.setattr(conn, "wait", wait)
    with pytest.raises((Stop, *connection.FAILURES)), database.atomic():
        database.run_later(INSERT, [1])
        database.run(COUNT, ())
    assert len(taken) == 2
    assert conn.closed
    database.close()
    database.connect()
    assert database.run(COUNT, ()).fetchall() == [(0,)]


def test_a_connection_that_is_given_back_with_something_waiting_is_closed(
    database: Any,
) -> None:
    conn = database.connection()
    database.begin()
    database.close()
    assert conn.closed
    database.connect()
    assert database.run(COUNT, ()).fetchall() == [(0,)]
