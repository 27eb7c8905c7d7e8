"""The kinds of databases, and what each wants said in its own way.

All are made to answer alike: text is compared and ordered by its code points, spaces
at its end count, an UPDATE tells how many rows it found, and a value that does not fit
is an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import peewee
from playhouse import pool

from glance_shim.db import turns

# How much of a long text is in an index, in characters.
INDEXED = 191

# Seconds that a writer of an SQLite database waits for another.
PATIENCE = 5

# Seconds after which a connection that nobody has wanted is closed.
UNWANTED = 60

# Seconds after which a server is asked whether a connection still works. Until then it would
# have said that it has ended it, unless it is gone without a word.
TRUSTED = 1

UPGRADE_LOCK = 0x676C616E6365


class Engine(pool.PooledDatabase):
    """What is the same for all kinds, unless one says otherwise."""

    kind: str

    # Those that are lent to nobody, each behind the time when it was made.
    _connections: list[Any]

    # Is there only one transaction at a time that writes?
    one_writer = False

    # Does it make plans for whatever values, and may it keep them?
    keeps_generic_plans = False

    def __init__(self, *args: Any, **options: Any) -> None:
        self._given_back: dict[int, float] = {}
        self._looked = time.monotonic()
        super().__init__(*args, **options)

    def _close(self, conn: Any, close_conn: bool = False) -> None:
        """Give a connection back, and close those that have not been wanted for a minute.

        The pool lends the oldest first and closes none: what a crowd has had opened would stay.
        """
        super()._close(conn, close_conn)
        with self._pool_lock:
            now = time.monotonic()
            self._given_back[self.conn_key(conn)] = now
            if now >= self._looked + UNWANTED:
                self._looked = now
                self._close_unwanted(now - UNWANTED)

    def _close_unwanted(self, since: float) -> None:
        """Close connections that were given back before then."""
        idle, self._connections = sorted(self._connections), []
        given_back, self._given_back = self._given_back, {}
        for entry in idle:
            conn = entry[-1]
            key = self.conn_key(conn)
            when = given_back.get(key, since)
            if when < since:
                self._close_raw(conn)
            else:
                self._given_back[key] = when
                self._connections.append(entry)

    def _is_closed(self, conn: Any) -> bool:
        """Is a connection that is about to be lent of no use any more?

        To ask the server is a round trip, during which nobody else is lent one: 80 to 100 µs
        of CPU of the 540 that to show an image took on PostgreSQL. So a server is not asked
        that is heard to say nothing a moment after its connection was used.
        """
        given_back = self._given_back.get(self.conn_key(conn), 0)
        if time.monotonic() < given_back + TRUSTED and self._is_silent(conn):
            return False
        return bool(super()._is_closed(conn))

    def _is_silent(self, conn: Any) -> bool:
        """Has the server said nothing since it answered, not even that this is the end?"""
        poll = select.poll()
        poll.register(self._socket(conn), select.POLLIN)
        return not poll.poll(0)

    def _socket(self, conn: Any) -> Any:
        """The socket of a connection to a server."""
        raise NotImplementedError

    def connect(self, reuse_if_open: bool = False) -> Any:
        try:
            return super().connect(reuse_if_open)
        except pool.MaxConnectionsExceeded as exc:
            raise peewee.OperationalError("all max_pool_size connections are in use") from exc

    def write_transaction(self) -> Any:
        """A transaction that may read before it writes."""
        return self.atomic()

    def locked(self, query: Any) -> Any:
        """The query, made to keep the rows it finds as they are until the transaction ends."""
        return query.for_update()

    def indexed(self, model: Any) -> Any:
        """The table, to be read along whichever of its indexes, and never as a whole."""
        return model

    def by_key(self, table: Any) -> Any:
        """The table, to be looked up by the keys that are given."""
        return table

    def among(self, column: Any, query: Any) -> Any:
        """The clause that a key is among those that the query finds, and found by them."""
        return column.in_(query)

    def exists(self, query: Any) -> Any:
        """The clause that a query finds something, which is asked row by row."""
        return peewee.fn.EXISTS(query)

    def beginning(self, column: Any) -> Any:
        """What of a column of long texts is in an index."""
        return column

    def same_text(self, column: Any, value: Any, beginning: Any) -> Any:
        """The clause that a long text is this one, found by an index on its beginning.

        ``beginning`` is what of the value is as long as what is in the index.
        """
        return column == value

    def same_beginning(self, column: Any, value: Any, beginning: Any) -> Any:
        """What of `same_text` is answered by the index alone, for a few more maybe."""
        return column == value

    def unless_there(self, insert: Any, *key: Any) -> Any:
        """The INSERT, made to do nothing where a row has the same ``key`` already."""
        return insert.on_conflict(conflict_target=key, action="ignore")

    def or_replace(self, insert: Any, key: Any, columns: Any) -> Any:
        """The INSERT, made to write ``columns`` where a row has the same ``key`` already."""
        return insert.on_conflict(conflict_target=key, preserve=columns)

    def length_of_json(self, column: Any) -> Any:
        """How many elements the JSON array in a column has."""
        return peewee.fn.json_array_length(column)

    def nulls(self, direction: str) -> str | None:
        """Where absent values have to be put, so that they are below all others."""
        return None

    def upgrading(self) -> Any:
        """Be the only process that changes the schema, in the block."""
        raise NotImplementedError

    def continue_counting(self, tables: Any) -> None:
        """Let ids that are given next be greater than those that were written in."""

    def is_read_only(self) -> bool:
        """Does this connection refuse to write?"""
        raise NotImplementedError

    def server_time(self) -> float | None:
        """Seconds since 1970 by the clock of its server, where that may be another machine."""
        return None

    def most_connections(self) -> int | None:
        """How many connections its server grants to all together, if it limits them."""
        return None


class Sqlite(Engine, pool.PooledSqliteDatabase):
    """A file.

    It runs with a write-ahead log and ``synchronous=FULL``, so that what was
    acknowledged survives a power loss. Who wants to write waits for others, up to 5 s, in
    the order of `turns`.
    """

    kind = "sqlite"
    one_writer = True

    def __init__(self, path: str, **options: Any) -> None:
        pragmas = {
            "journal_mode": "wal",
            "synchronous": "full",
            "foreign_keys": 1,
            "busy_timeout": PATIENCE * 1000,
            "cache_size": -16000,
            # Of all connections of a process together: each keeps what it has read, and 32
            # of them held a database of 10 MiB more than ten times.
            "soft_heap_limit": 64 << 20,
        }
        self._writers = turns.Queue()
        # The pool lends a connection to one thread at a time, not always to the same.
        super().__init__(path, check_same_thread=False, pragmas=pragmas, **options)

    @contextlib.contextmanager
    def write_transaction(self) -> Iterator[None]:
        if self.in_transaction():
            with self.atomic():
                yield
            return
        try:
            with contextlib.ExitStack() as turn:
                turn.enter_context(self._writers.turn(PATIENCE))
                turn.enter_context(turns.locked(f"{self.database}-turn"))
                # It takes the write lock at once: a transaction that reads first and writes
                # later cannot wait for another writer, it fails.
                turn.enter_context(self.atomic("IMMEDIATE"))
                yield
        except turns.TooLong as exc:
            raise peewee.OperationalError("database is locked") from exc

    def _is_silent(self, conn: Any) -> bool:
        # There is no server.
        return False

    def locked(self, query: Any) -> Any:
        return query

    def by_key(self, table: Any) -> Any:
        # Without statistics, which nobody makes, it takes any index for better than many keys
        # and reads all images along it.
        key = f"sqlite_autoindex_{table._meta.table_name}_1"
        return peewee.NodeList((table, peewee.SQL(f"INDEXED BY {key}")))

    @contextlib.contextmanager
    def upgrading(self) -> Iterator[None]:
        # The directory and not the file: closing the file would take SQLite's own locks off.
        directory = os.open(Path(self.database).absolute().parent, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def is_read_only(self) -> bool:
        return not os.access(self.database, os.W_OK)


class Postgresql(Engine, pool.PooledPostgresqlDatabase):
    """PostgreSQL by psycopg 3."""

    kind = "postgresql"
    # Without being told what a list is limited to it takes that for a tenth of all rows, and of
    # what is not "killed" it thinks that there may be nothing: no plan for that is good enough
    # to be kept. To make one for each list takes it 0.3 ms, to follow it 0.15.
    keeps_generic_plans = True
    field_types = {**pool.PostgresqlDatabase.field_types, "CHAR": "VARCHAR"}

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, prefer_psycopg3=True, encoding="utf8", **options)

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


class Mariadb(Engine, pool.PooledMySQLDatabase):
    """MariaDB or MySQL by PyMySQL."""

    kind = "mariadb"
    field_types = {**pool.MySQLDatabase.field_types, "CHAR": "VARCHAR", "TEXT": "LONGTEXT"}
    sql_mode = (
        "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    )

    def __init__(self, name: str, **options: Any) -> None:
        from pymysql.constants import CLIENT

        super().__init__(
            name,
            # An UPDATE that leaves a row as it was has found it all the same.
            client_flag=CLIENT.FOUND_ROWS,
            # A row that was waited for is then seen as it has become.
            init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            **options,
        )

    def _socket(self, conn: Any) -> Any:
        return conn._sock

    def create_tables(self, models: Any, **options: Any) -> None:
        """Make tables whose text is ordered by code points and keeps its spaces.

        A statement that changes the schema commits at once here. What a broken
        upgrade has made is therefore left as it is, and the rest is made.
        """
        collation = self._collation()
        for model in peewee.sort_models(models):
            model._meta.table_settings = [
                f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"
            ]
            model._schema.create_table(safe=True)
            there = {index.name for index in self.get_indexes(model._meta.table_name)}
            for index in model._meta.fields_to_index():
                if index._name not in there:
                    self.execute(index.safe(False))

    def _collation(self) -> str:
        (version,) = self.execute_sql("SELECT VERSION()").fetchone()
        return "utf8mb4_nopad_bin" if "maria" in version.lower() else "utf8mb4_0900_bin"

    def indexed(self, model: Any) -> Any:
        # Where half of a table may be wanted it weighs up reading all of it, finds that the
        # worse, and then begins at the top of the index.
        names = ["PRIMARY", *(index._name for index in model._meta.fields_to_index())]
        return peewee.NodeList((model, peewee.SQL(f"FORCE INDEX ({', '.join(names)})")))

    def beginning(self, column: Any) -> Any:
        # An index has at most 3072 bytes of a row.
        return peewee.NodeList((column, peewee.SQL(f"({INDEXED})")), glue="")

    def unless_there(self, insert: Any, *key: Any) -> Any:
        # INSERT IGNORE would pass over every other mistake, too.
        return insert.on_conflict(preserve=key)

    def or_replace(self, insert: Any, key: Any, columns: Any) -> Any:
        return insert.on_conflict(preserve=columns)

    def length_of_json(self, column: Any) -> Any:
        return peewee.fn.JSON_LENGTH(column)

    @contextlib.contextmanager
    def upgrading(self) -> Iterator[None]:
        name = f"glance-shim {self.database}"[:64]
        self.execute_sql("SELECT GET_LOCK(%s, 3600)", (name,))
        try:
            yield
        finally:
            self.execute_sql("SELECT RELEASE_LOCK(%s)", (name,))

    def is_read_only(self) -> bool:
        (setting,) = self.execute_sql("SELECT @@read_only").fetchone()
        return bool(setting)

    def server_time(self) -> float:
        (seconds,) = self.execute_sql("SELECT UNIX_TIMESTAMP(SYSDATE(6))").fetchone()
        return float(seconds)

    def most_connections(self) -> int:
        (granted,) = self.execute_sql("SELECT @@max_connections").fetchone()
        return int(granted)


def _is_text(field: Any) -> bool:
    if isinstance(field, peewee.ForeignKeyField):
        return _is_text(field.rel_field)
    return isinstance(field, peewee.CharField | peewee.TextField)
