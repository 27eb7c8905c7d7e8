"""Statements that go to PostgreSQL without psycopg's cursor, beside the same with it."""

from __future__ import annotations

import signal
import threading
from typing import Any

import peewee
import pytest

from glance_shim.db import connection

OWN = "SELECT pg_backend_pid()"


@pytest.fixture
def database(in_postgresql: Any) -> Any:
    return in_postgresql


def kept(database: Any) -> set[str]:
    """The statements that the server keeps for this connection."""
    found = database.execute_sql("SELECT statement FROM pg_prepared_statements")
    return {text for (text,) in found.fetchall()}


def often(database: Any, text: str, values: Any = ()) -> Any:
    """What is found by a statement that has been asked often enough to be kept."""
    for _ in range(7):
        found = database.run(text, values).fetchall()
    return found


@pytest.mark.parametrize(
    "values",
    [
        ["text", "", "50 % of 'it' \\ \u2603 \U0001f600", "line\nbreak", "%s"],
        [None, True, False],
        [0, -1, 32767, 32768, 2147483648, 9223372036854775807],
        [1.5, -0.0, 1e300],
    ],
)
@pytest.mark.parametrize("times", [1, 7])
def test_values_come_back_as_they_do_by_a_cursor(
    database: Any, values: list[Any], times: int
) -> None:
    text = "SELECT " + ", ".join("%s" for _ in values) + ", 7 %% 4"
    for _ in range(times):
        (found,) = database.run(text, values).fetchall()

    assert found == (*values, 3)
    assert found == database.execute_sql(text, values).fetchone()
    assert [type(each) for each in found] == [type(each) for each in (*values, 3)]


def test_each_kind_of_values_has_a_plan_of_its_own(database: Any) -> None:
    for value in (1, "1", None, True):
        assert often(database, "SELECT %s", [value]) == [(value,)]
    assert database.run("SELECT %s", [40000]).fetchall() == [(40000,)]
    found = database.execute_sql(
        "SELECT COUNT(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1'"
    )
    assert found.fetchone() == (3,)


def test_it_says_how_many_rows_were_changed(database: Any) -> None:
    database.execute_sql("CREATE TABLE t (n INT)")
    insert = "INSERT INTO t VALUES (%s), (%s), (%s)"
    assert database.run(insert, [1, 2, 3]).rowcount == 3
    assert database.run("UPDATE t SET n = n + 1 WHERE n > %s", [1]).rowcount == 2
    assert database.run("DELETE FROM t WHERE n = %s", [99]).rowcount == 0


def test_what_was_not_asked_for_longest_is_forgotten_and_asked_again(database: Any) -> None:
    from glance_shim.db.engines import prepared

    texts = [f"SELECT %s + {number}" for number in range(prepared.MOST + 20)]
    for text in texts:
        often(database, text, [1])
    said = [text.replace("%s", "$1") for text in texts]
    assert kept(database) == set(said[20:])

    assert often(database, texts[0], [1]) == [(1,)]
    assert said[0] in kept(database)
    assert said[20] not in kept(database)


def test_what_is_kept_is_there_after_a_rollback_a_failure_and_a_new_table(
    database: Any,
) -> None:
    text = "SELECT %s || 'x'"
    often(database, text, ["a"])
    for _ in range(7):
        with pytest.raises(ZeroDivisionError), database.atomic():
            database.execute_sql("CREATE TABLE t (n INT)")
            raise ZeroDivisionError
    with pytest.raises(peewee.DataError):
        database.run("SELECT 1 / %s", [0])
    database.execute_sql("CREATE TABLE t (n INT)")
    database.execute_sql("DROP TABLE t")

    assert text.replace("%s", "$1") in kept(database)
    assert database.run(text, ["a"]).fetchall() == [("ax",)]


def test_a_table_that_has_changed_is_read_as_it_is(database: Any) -> None:
    database.execute_sql("CREATE TABLE t (n INT)")
    text = "SELECT n FROM t WHERE n = %s"
    often(database, text, [1])
    database.execute_sql("ALTER TABLE t ADD COLUMN m INT")
    database.execute_sql("DROP TABLE t")
    database.execute_sql("CREATE TABLE t (m INT, n INT)")
    database.execute_sql("INSERT INTO t VALUES (2, 1)")

    assert database.run(text, [1]).fetchall() == [(1,)]


def test_a_broken_rule_ends_the_transaction_and_nothing_else(database: Any) -> None:
    database.execute_sql("CREATE TABLE t (n INT PRIMARY KEY)")
    for _ in range(7):
        with pytest.raises(peewee.IntegrityError, match="duplicate key"), database.atomic():
            database.run("INSERT INTO t VALUES (%s)", [1])
            database.run("INSERT INTO t VALUES (%s)", [1])

    with database.atomic():
        database.run("INSERT INTO t VALUES (%s)", [1])
    assert database.run("SELECT n FROM t", ()).fetchall() == [(1,)]


@pytest.mark.parametrize("value", ["a\x00b", 2**70])
def test_a_value_that_the_database_has_not_is_refused(database: Any, value: Any) -> None:
    database.execute_sql("CREATE TABLE t (n INT, s TEXT)")
    column = "s" if isinstance(value, str) else "n"
    for _ in range(7):
        with pytest.raises(peewee.DataError):
            database.run(f"INSERT INTO t ({column}) VALUES (%s)", [value])
    assert database.run("SELECT COUNT(*) FROM t", ()).fetchall() == [(0,)]


@pytest.mark.parametrize("when", ["before a statement", "before the end"])
def test_a_connection_that_its_server_has_ended_is_told_from_a_broken_rule(
    database: Any, when: str
) -> None:
    database.execute_sql("CREATE TABLE t (n INT)")
    ((number,),) = often(database, OWN)

    def change() -> None:
        with database.atomic():
            database.run("INSERT INTO t VALUES (%s)", [1])
            end(database, number)
            if when == "before a statement":
                database.run("INSERT INTO t VALUES (%s)", [2])

    with pytest.raises(connection.FAILURES):
        change()
    database.close()
    database.connect()
    assert database.run("SELECT COUNT(*) FROM t", ()).fetchall() == [(0,)]
    assert database.run(OWN, ()).fetchall() != [(number,)]


def test_what_went_with_its_connection_is_not_said_to_be_kept(database: Any) -> None:
    database.begin()
    database.close()
    with pytest.raises(peewee.InterfaceError):
        database.commit()


def end(database: Any, number: int) -> None:
    """Have the server end the connection that it knows by the number, by another connection."""

    def terminate() -> None:
        with connection.connected(database):
            database.run("SELECT pg_terminate_backend(%s)", [number])

    other = threading.Thread(target=terminate)
    other.start()
    other.join()


class Stop(Exception):
    """Raised when a signal is heard."""


def test_a_signal_is_heard_while_the_database_takes_its_time(database: Any) -> None:
    def stop(*_: Any) -> None:
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            database.run("SELECT pg_sleep(%s)", [30])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    conn = database.connection()
    assert conn.info.transaction_status.name == "ACTIVE"
    conn.close()
