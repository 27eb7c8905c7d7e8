"""What is the same for all kinds of databases, unless one says otherwise."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from typing import Any

import peewee
from playhouse import pool

# How much of a long text is in an index, in characters.
INDEXED = 191

# Seconds after which a connection that nobody has wanted is closed.
UNWANTED = 60

# Seconds after which a server is asked whether a connection still works. Until then it would
# have said that it has ended it, unless it is gone without a word.
TRUSTED = 1


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

    def run(self, text: str, values: Sequence[Any]) -> Any:
        """Run a statement that is asked again and again.

        What is returned has ``fetchall`` and ``rowcount``, as a cursor has.
        """
        conn = self.connection()
        with peewee.__exception_wrapper__:
            cursor = conn.cursor()
            cursor.execute(text, values)
        return cursor

    def run_later(self, text: str, values: Sequence[Any]) -> None:
        """Run a statement of a transaction which goes on without knowing what it did.

        It is run before whatever the transaction asks next, and before it commits. That
        fails, where this one does.
        """
        self.run(text, values)

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

    def only(self, column: Any, value: Any) -> Any:
        """The clause that a column has this value, for which its index is to be read."""
        return column == value

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
