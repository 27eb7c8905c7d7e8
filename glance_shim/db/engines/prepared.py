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
from typing import Any, NamedTuple

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


class Asked(NamedTuple):
    """A statement as it goes to the server."""

    name: bytes | None
    text: str
    values: Sequence[Any]
    types: Sequence[int]
    formats: Sequence[Any]

    def send(self, connection: Any) -> None:
        """Send it, by its name if it has one, and do not wait for what the server says."""
        if self.name is None:
            connection.send_query_params(
                _numbered(self.text), self.values, self.types, self.formats
            )
        else:
            connection.send_query_prepared(self.name, self.values, self.formats)


class Statements:
    """Those that a connection is asked, which are prepared after ``threshold`` times.

    With ``None`` none is. To wait for what the server says to one is 0.1 ms of both where they
    are on one machine, and the way there and back where they are not. So what need not be known
    is sent with what comes next.
    """

    def __init__(self, conn: Any, threshold: int | None) -> None:
        self._conn, self._threshold = conn, threshold
        self._adapt = Transformer(conn)
        self._numbers = itertools.count()
        # How often each was asked with values of these types, or its name; the latest last.
        self._known: dict[Any, int | bytes] = {}
        self.waiting: list[Asked] = []

    def run(self, text: str, values: Sequence[Any] = ()) -> Found:
        """Run one with its values, after what waits; raises what psycopg does."""
        asked = self._asked(text, values)
        if self.waiting:
            self.waiting.append(asked)
            return Found(self.run_waiting(), self._adapt)
        asked.send(self._conn.pgconn)
        return Found(_done(self._answer()), self._adapt)

    def run_later(self, text: str, values: Sequence[Any] = ()) -> None:
        """Have one wait, to be run before the next that does not."""
        self.waiting.append(self._asked(text, values))

    def run_waiting(self) -> Any:
        """Run all that waits, at once, and return what the last one has found.

        Raises for the first that fails what psycopg does; none after it has been run then.
        """
        waiting, self.waiting = self.waiting, []
        if not waiting:
            return None
        connection = self._conn.pgconn
        try:
            connection.enter_pipeline_mode()
            for each in waiting:
                each.send(connection)
            connection.pipeline_sync()
            answers = [self._answer() for _ in waiting]
            self._answer()
            connection.exit_pipeline_mode()
        except BaseException:
            # Who asked next would be given what was found here.
            self._conn.close()
            raise
        return [_done(each) for each in answers][-1]

    def _answer(self) -> Any:
        """What the server says to what was sent first."""
        *_, result = self._conn.wait(generators.execute(self._conn.pgconn))
        return result

    def _asked(self, text: str, values: Sequence[Any]) -> Asked:
        adapt = self._adapt
        given = adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types = adapt.types or ()
        return Asked(self._name(text, tuple(types)), text, given, types, adapt.formats or ())

    def _name(self, text: str, types: tuple[int, ...]) -> bytes | None:
        """By which name the server knows it, if it was asked often enough."""
        key = text, types
        known = self._known.pop(key, 0)
        if isinstance(known, int):
            known += 1
            if self._threshold is not None and known > self._threshold:
                known = self._prepare(text, types)
        self._known[key] = known
        # What waits goes to the server by its name.
        while len(self._known) > MOST and not self.waiting:
            self._forget(next(iter(self._known)))
        return known if isinstance(known, bytes) else None

    def _prepare(self, text: str, types: tuple[int, ...]) -> bytes:
        name = b"statement_%d" % next(self._numbers)
        self._conn.pgconn.send_prepare(name, _numbered(text), types)
        _done(self._answer())
        return name

    def _forget(self, key: Any) -> None:
        name = self._known.pop(key)
        if isinstance(name, bytes):
            self._conn.pgconn.send_query(b"DEALLOCATE " + name)
            _done(self._answer())


def _done(result: Any) -> Any:
    """The result, unless it is a failure, which is raised."""
    if result.status not in DONE:
        raise errors.error_from_result(result)
    return result


@functools.lru_cache(MOST)
def _numbered(text: str) -> bytes:
    """The text with numbers where values go, as the server takes it."""
    numbers = itertools.count(1)
    return re.sub(
        "%[s%]", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", text
    ).encode()
