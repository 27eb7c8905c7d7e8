"""Sort keys and a marker, as ORDER BY and WHERE.

An absent value sorts below every other, on every database.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Sequence
from typing import Any

import peewee

from glance_shim.db import connection
from glance_shim.db.statements import given

Sort = Sequence[tuple[str, str]]

# The sort keys that the marker has no value of; None without a marker.
Start = frozenset[str] | None


def order(model: type[peewee.Model], sort: Sort) -> list[Any]:
    """ORDER BY terms for ``sort``, a list of key and ``asc`` or ``desc``."""
    return [
        peewee.Ordering(
            getattr(model, key), direction.upper(), nulls=_nulls(model, key, direction)
        )
        for key, direction in sort
    ]


def order_of_union(model: type[peewee.Model], sort: Sort) -> list[Any]:
    """The same for a union of such rows, in which columns have only their names."""
    return [
        peewee.Ordering(peewee.SQL(key), direction.upper(), nulls=_nulls(model, key, direction))
        for key, direction in sort
    ]


def _nulls(model: type[peewee.Model], key: str, direction: str) -> str | None:
    return connection.engine().nulls(direction) if getattr(model, key).null else None


def after(model: type[peewee.Model], sort: Sort, marker: Any) -> Any:
    """The clause for rows that come after the row ``marker`` in the order ``sort``.

    The first key bounds the range by itself, which lets the database start
    in the middle of an index.
    """
    alternatives: list[Any] = []
    equal: list[Any] = []
    for key, direction in sort:
        column, value = getattr(model, key), getattr(marker, key)
        beyond = _beyond(column, direction, value)
        if beyond is not None:
            alternatives.append(functools.reduce(operator.and_, [*equal, beyond]))
        equal.append(column.is_null() if value is None else column == value)
    clause = (
        functools.reduce(operator.or_, alternatives) if alternatives else peewee.SQL("0 = 1")
    )
    key, direction = sort[0]
    column, value = getattr(model, key), getattr(marker, key)
    if value is not None and direction == "asc":
        clause &= column >= value
    elif value is not None and not column.null:
        clause &= column <= value
    return clause


def _beyond(column: Any, direction: str, value: Any) -> Any:
    if direction == "asc":
        return column.is_null(False) if value is None else column > value
    if value is None:
        return None
    return (column < value) | column.is_null() if column.null else column < value


def filled(sort: Sort, marker: Any) -> tuple[Start, dict[str, Any]]:
    """What of a marker is in the text of a statement that is composed once, and its values."""
    if marker is None:
        return None, {}
    values = {f"marker {key}": getattr(marker, key) for key, _ in sort}
    return frozenset(key for key, _ in sort if values[f"marker {key}"] is None), values


def place(sort: Sort, start: frozenset[str]) -> Any:
    """Stands for the marker in such a statement."""
    return types.SimpleNamespace(
        **{key: None if key in start else given(f"marker {key}") for key, _ in sort}
    )
