"""PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, cast

import peewee
from playhouse import pool

from glance_shim.db.engines.base import INDEXED, Engine

UPGRADE_LOCK = 0x676C616E6365


class Postgresql(Engine, pool.PooledPostgresqlDatabase):
    """PostgreSQL by psycopg 3."""

    kind = "postgresql"
    # Without being told what a list is limited to it takes that for a tenth of all rows, and of
    # what is not "killed" it thinks that there may be nothing: no plan for that is good enough
    # to be kept. To make one for each list takes it 0.3 ms, to follow it 0.15.
    keeps_generic_plans = True
    field_types = {**pool.PostgresqlDatabase.field_types, "CHAR": "VARCHAR"}

    def __init__(self, name: str, prepare_threshold: int | None, **options: Any) -> None:
        self._threshold = prepare_threshold
        # What goes by psycopg's cursor is asked seldom. If some of it were prepared, psycopg
        # would have the server forget all that is, ours as well, after each ROLLBACK.
        options |= {"prepare_threshold": None, "encoding": "utf8"}
        super().__init__(name, prefer_psycopg3=True, **options)

    def run(self, text: str, values: Sequence[Any]) -> Any:
        return self._ask(text, values)

    def run_later(self, text: str, values: Sequence[Any]) -> None:
        self._ask(text, values, later=self.in_transaction())

    def begin(self) -> None:
        self._ask("BEGIN", later=True)

    def commit(self) -> None:
        if self.is_closed():
            # What was to be kept went with its connection; a new one would have nothing to do.
            raise peewee.InterfaceError("the connection has been closed")
        self._ask("COMMIT")

    def rollback(self) -> None:
        if not self.is_closed():
            self.connection().statements.waiting.clear()
        super().rollback()

    def cursor(self, named_cursor: str | None = None) -> Any:
        """A cursor of psycopg, for what comes after all that waits."""
        cursor = super().cursor(named_cursor)
        cursor.connection.statements.run_waiting()
        return cursor

    def _ask(self, text: str, values: Sequence[Any] = (), later: bool = False) -> Any:
        statements = self.connection().statements
        with peewee.__exception_wrapper__:
            return (statements.run_later if later else statements.run)(text, values)

    def _can_reuse(self, conn: Any) -> bool:
        # What waits belongs to a transaction that nobody has ended.
        return not conn.statements.waiting and bool(super()._can_reuse(conn))

    def _connect(self) -> Any:
        # Where there is no PostgreSQL there may be no psycopg.
        from glance_shim.db.engines import prepared

        conn = super()._connect()
        if not hasattr(conn, "statements"):
            conn.statements = prepared.Statements(conn, self._threshold)
        return conn

    def _socket(self, conn: Any) -> Any:
        return conn

    def create_tables(self, models: Any, **options: Any) -> None:
        """Make tables whose text is ordered by code points, however the database orders."""
        for model in models:
            for field in model._meta.sorted_fields:
                if _is_text(field):
                    field.collation = '"C"'
        super().create_tables(models, **options)

    def among(self, column: Any, query: Any) -> Any:
        # Of IN it would think that the order of a page is the better way to come by few keys.
        return column == peewee.fn.ANY(peewee.fn.ARRAY(query))

    def only(self, column: Any, value: Any) -> Any:
        # A plan for whatever project takes each to own as much as the average. Where one owned
        # all of 100,000 images, lists of others read them all in order of time: 58 ms. A range
        # is taken for a two-hundredth of everything, and costs nothing.
        return (column == value) & column.between(value, value)

    def exists(self, query: Any) -> Any:
        # Without an offset it may join what is asked for whole, where a page would do.
        return peewee.fn.EXISTS(query.offset(peewee.SQL("0")))

    def beginning(self, column: Any) -> Any:
        # A row of an index has at most a third of a page of 8 KiB.
        return peewee.fn.SUBSTR(column, 1, peewee.SQL(str(INDEXED)))

    def same_text(self, column: Any, value: Any, beginning: Any) -> Any:
        return (column == value) & self.same_beginning(column, value, beginning)

    def same_beginning(self, column: Any, value: Any, beginning: Any) -> Any:
        return self.beginning(column) == beginning

    def length_of_json(self, column: Any) -> Any:
        return peewee.fn.json_array_length(column.cast("json"))

    def nulls(self, direction: str) -> str | None:
        return "FIRST" if direction == "asc" else "LAST"

    @contextlib.contextmanager
    def upgrading(self) -> Iterator[None]:
        self.execute_sql("SELECT pg_advisory_lock(%s)", (UPGRADE_LOCK,))
        try:
            yield
        finally:
            self.execute_sql("SELECT pg_advisory_unlock(%s)", (UPGRADE_LOCK,))

    def continue_counting(self, tables: Any) -> None:
        for table in tables:
            if isinstance(table._meta.primary_key, peewee.BigAutoField):
                name = table._meta.table_name
                self.execute_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608
                    f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {name}), false)"
                )

    def is_read_only(self) -> bool:
        (setting,) = self.execute_sql("SHOW transaction_read_only").fetchone()
        return cast("str", setting) == "on"

    def server_time(self) -> float:
        (seconds,) = self.execute_sql("SELECT extract(epoch FROM clock_timestamp())").fetchone()
        return float(seconds)

    def most_connections(self) -> int:
        (granted,) = self.execute_sql(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        ).fetchone()
        return int(granted)


def _is_text(field: Any) -> bool:
    if isinstance(field, peewee.ForeignKeyField):
        return _is_text(field.rel_field)
    return isinstance(field, peewee.CharField | peewee.TextField)
