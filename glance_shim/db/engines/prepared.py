"""Statements of a connection to PostgreSQL, run without psycopg's cursor.

A cursor of psycopg is for whatever may be asked: each is new, looks for places in the text and
chooses between many ways. That is 100 to 140 µs of CPU for a statement where it takes 40 to 45
by psycopg's own parts that the cursor is made of, and 350 to 370 where it takes 150 to 260
once something else has been in the caches of the core. To show an image is two statements, to
delete one is ten. What values become, and rows, and failures, is psycopg's here as well.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from typing import Any

from psycopg import errors, generators, pq
from psycopg.adapt import PyFormat, Transformer

# How many a connection knows; what it was not asked for longest is forgotten. As in psycopg.
MOST = 100

DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Found:
    """What a statement found or changed, as a cursor has it."""

    def __init__(self, result: Any, adapt: Any) -> None:
        self._result, self._adapt = result, adapt

    @property
    def rowcount(self) -> int:
        """How many rows it found or changed."""
        return self._result.command_tuples or 0

    def fetchall(self) -> list[Any]:
        """All rows that it found."""
        self._adapt.set_pgresult(self._result)
        rows: list[Any] = self._adapt.load_rows(0, self._result.ntuples, tuple)
        # A connection that nobody uses would keep the rows of the last page.
        self._adapt.set_pgresult(None)
        return rows


class Statements:
    """Those that a connection is asked, which are prepared after ``threshold`` times.

    With ``None`` none is.
    """

    def __init__(self, conn: Any, threshold: int | None) -> None:
        self._conn, self._threshold = conn, threshold
        self._adapt = Transformer(conn)
        self._numbers = itertools.count()
        # How often each was asked with values of these types, or its name; the latest last.
        self._known: dict[Any, int | bytes] = {}

    def run(self, text: str, values: Sequence[Any] = ()) -> Found:
        """Run one with its values, which raises what psycopg does."""
        adapt, connection = self._adapt, self._conn.pgconn
        given = adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        name = self._name(text, tuple(adapt.types or ()))
        if name is None:
            connection.send_query_params(_numbered(text), given, adapt.types, adapt.formats)
        else:
            connection.send_query_prepared(name, given, adapt.formats)
        return Found(self._result(), adapt)

    def _result(self) -> Any:
        """What the server has said to what was sent."""
        *_, result = self._conn.wait(generators.execute(self._conn.pgconn))
        if result.status not in DONE:
            raise errors.error_from_result(result)
        return result

    def _name(self, text: str, types: tuple[int, ...]) -> bytes | None:
        """By which name the server knows it, if it was asked often enough."""
        key = text, types
        known = self._known.pop(key, 0)
        if isinstance(known, int):
            known += 1
            if self._threshold is not None and known > self._threshold:
                known = self._prepare(text, types)
        self._known[key] = known
        if len(self._known) > MOST:
            self._forget(next(iter(self._known)))
        return known if isinstance(known, bytes) else None

    def _prepare(self, text: str, types: tuple[int, ...]) -> bytes:
        name = b"statement_%d" % next(self._numbers)
        self._conn.pgconn.send_prepare(name, _numbered(text), types)
        self._result()
        return name

    def _forget(self, key: Any) -> None:
        name = self._known.pop(key)
        if isinstance(name, bytes):
            self._conn.pgconn.send_query(b"DEALLOCATE " + name)
            self._result()


@functools.lru_cache(MOST)
def _numbered(text: str) -> bytes:
    """The text with numbers where values go, as the server takes it."""
    numbers = itertools.count(1)
    return re.sub(
        "%[s%]", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", text
    ).encode()
