"""Statements that are composed once and then only filled in.

Composing a statement takes peewee 0.2 to 1.2 milliseconds, several times what it takes the
database to answer. So a function that composes one is given no values but the shape:
what changes the text. Where values go it puts a `given`::

    @statements.composed
    def _find(status_too: bool) -> Any:
        found = Image.select(Image.id).where(Image.name == given("name"))
        return found.where(Image.status == given("status")) if status_too else found

    _find(True).rows({"name": "x", "status": "active"})
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import peewee

from glance_shim.db import connection
from glance_shim.db.models.base import JSONField

Values = Mapping[str, Any]

# Enough for every shape that clients are likely to ask for; a page of 20 filters is not
# kept for ever.
MOST_SHAPES = 256


class Place(NamedTuple):
    """Where the value of a name goes, and what makes it one that the driver takes."""

    name: str
    convert: Callable[[Any], Any] | None


class given(peewee.Value):
    """Stands in a query for the value of this name.

    It is converted by the column that it is compared with, or that is said.
    """

    def __init__(self, name: str, column: peewee.Field | None = None) -> None:
        super().__init__(name, unpack=False)
        self._convert = column.db_value if column is not None else None

    def __sql__(self, ctx: Any) -> Any:
        place = Place(self.value, self._convert or ctx.state.converter)
        return ctx.value(place, converter=False)


def given_row(model: Any, names: Iterable[str], number: str = "") -> dict[peewee.Field, given]:
    """The columns of these names, for INSERT and UPDATE; their values are named alike."""
    fields = model._meta.fields
    return {fields[name]: given(f"{name}{number}", fields[name]) for name in names}


class Clause(NamedTuple):
    """A condition: the function that composes it, the shape it takes, and values."""

    compose: Callable[..., Any]
    shape: tuple[Hashable, ...] = ()
    values: Values = {}

    def expression(self) -> Any:
        """The condition, with `given` where its values go."""
        return self.compose(*self.shape)


class ByKey(NamedTuple):
    """The condition that a key is among the few that a query finds, and another condition."""

    key: peewee.Field
    found: Any
    other: Any

    def asked(self) -> Any:
        """The condition, to be asked of row after row."""
        return self.key.in_(self.found) & self.other

    def looked_up(self) -> Any:
        """The condition, for whose rows the keys are to be looked up."""
        return connection.engine().among(self.key, self.found) & self.other


def only(column: peewee.Field, value: Any) -> Any:
    """The clause that a column has this value, for which its index is to be read."""
    return connection.engine().only(column, value)


class GenericPlan(NamedTuple):
    """A query for which one plan is the best, whatever the values are.

    A database that makes plans before it has values is told all that is the same each time.
    """

    query: Any


# A word in which no database sees its end.
WORD = re.compile("[a-z_]*")


class Statement:
    """The text of a statement for a kind of database, and where its values go."""

    def __init__(self, query: Any) -> None:
        generic = isinstance(query, GenericPlan)
        self.text, self._parameters = (query.query if generic else query).sql()
        if generic and connection.engine().keeps_generic_plans:
            self._make_generic()

    def _make_generic(self) -> None:
        """Have the database keep its plan, and know when it makes it all that can be known.

        What is the same each time is put into the text, if it is a word or a number. Where
        values go is a query for the value, which is no estimate's business: of two plans that
        are estimated alike the one that is there already is taken.
        """
        mark = connection.engine().param
        text, *pieces = self.text.split(mark)
        places = []
        for each, piece in zip(self._parameters, pieces, strict=True):
            if isinstance(each, int):
                text += str(each).upper()
            elif isinstance(each, str) and WORD.fullmatch(each):
                text += f"'{each}'"
            else:
                text += f"(SELECT {mark})"
                places.append(each)
            text += piece
        self.text, self._parameters = text, places

    def run(self, values: Values) -> Any:
        """Run it with the values of their names; see `Engine.run`."""
        return connection.engine().run(self.text, self._filled(values))

    def run_later(self, values: Values) -> None:
        """Run it in a transaction that need not know what it did; see `Engine.run_later`."""
        connection.engine().run_later(self.text, self._filled(values))

    def _filled(self, values: Values) -> list[Any]:
        filled = []
        for each in self._parameters:
            if type(each) is Place:
                value = values[each.name]
                filled.append(each.convert(value) if each.convert else value)
            else:
                filled.append(each)
        return filled

    def rows(self, values: Values) -> list[Any]:
        """What it finds, as the driver gives it (see `converted`)."""
        return list(self.run(values).fetchall())

    def first(self, values: Values) -> Any:
        """The first row it finds."""
        # All are fetched: SQLite would go on reading, and keep what it reads as it was.
        found = self.rows(values)
        return found[0] if found else None

    def count(self, values: Values) -> int:
        """How many rows it changed."""
        return int(self.run(values).rowcount)


def composed(compose: Callable[..., Any]) -> Callable[..., Statement]:
    """Make a function from a shape to a query one from a shape to a `Statement`."""

    @functools.lru_cache(MOST_SHAPES)
    def for_kind(kind: str, *shape: Hashable) -> Statement:
        return Statement(compose(*shape))

    @functools.wraps(compose)
    def for_engine(*shape: Hashable) -> Statement:
        return for_kind(connection.engine().kind, *shape)

    return for_engine


def converted(columns: Iterable[peewee.Field]) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from a row of these columns, as a driver gives it, to what models say."""
    kinds = (peewee.BooleanField, JSONField)
    needed = [
        (index, column.python_value)
        for index, column in enumerate(columns)
        if isinstance(column, kinds)
    ]

    def convert(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, to_python in needed:
            values[index] = to_python(values[index])
        return values

    return convert


def insert_many(model: Any, common: Values, rows: Sequence[Values]) -> None:
    """Insert rows that have the same columns, and what is common to all, by one statement."""
    names, values = tuple(rows[0]), dict(common)
    for number, row in enumerate(rows):
        values |= {f"{name} {number}": value for name, value in row.items()}
    _insert_many(model, tuple(common), names, len(rows)).run_later(values)


@composed
def _insert_many(
    model: Any, common: tuple[str, ...], names: tuple[str, ...], count: int
) -> Any:
    same = given_row(model, common)
    return model.insert_many(
        [{**same, **given_row(model, names, f" {number}")} for number in range(count)]
    )
