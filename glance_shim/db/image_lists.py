"""Lists of images: their filters and pages, and how many there are."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import peewee

from glance_shim.db import connection, paging, statements
from glance_shim.db.engines import INDEXED
from glance_shim.db.images import COLUMNS, ImageRow, as_row
from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageProperty, ImageTag
from glance_shim.db.statements import Clause, given


def _contains(column: Any, value: Any) -> Any:
    pattern = peewee.NodeList((value, peewee.SQL("ESCAPE '!'")))
    return peewee.Expression(peewee.fn.LOWER(column), peewee.OP.ILIKE, pattern)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda column, values: column.in_(values),
    "contains": _contains,
}


def _pattern(text: str) -> str:
    """What LIKE finds the text by, wherever it is."""
    return "%" + re.sub("[!%_]", r"!\g<0>", text.lower()) + "%"


def select(
    scope: Clause,
    conditions: Iterable[tuple[str, str, Any]] = (),
    properties: Iterable[tuple[str, str]] = (),
    tags: Iterable[str] = (),
    sort: paging.Sort = (("created_at", "desc"), ("id", "desc")),
    limit: int = 25,
    marker: ImageRow | None = None,
) -> list[ImageRow]:
    """One page of images that meet one of the branches of ``scope`` and all filters.

    The branches exclude each other; each is read along an index of its own
    and stops after ``limit`` rows. It is one statement whatever the page.
    """
    filters, filled = _filled(conditions, properties, tags)
    start, passed = paging.filled(sort, marker)
    if not limit:
        return []
    statement = _select(scope.compose, scope.shape, filters, tuple(sort), start)
    values = {"limit": limit, **scope.values, **filled, **passed}
    return [as_row(found) for found in statement.rows(values)]


class Filters(NamedTuple):
    """What of the filters of a list is in the text of its statement."""

    conditions: tuple[tuple[str, str, int | None], ...]
    properties: int
    tags: int


def _filled(
    conditions: Iterable[tuple[str, str, Any]],
    properties: Iterable[tuple[str, str]],
    tags: Iterable[str],
) -> tuple[Filters, dict[str, Any]]:
    """The shape of filters and their values."""
    values: dict[str, Any] = {}
    shapes = []
    for number, (name, op, value) in enumerate(conditions):
        if op == "in":
            values |= {f"condition {number} {n}": each for n, each in enumerate(value)}
        else:
            values[f"condition {number}"] = _pattern(value) if op == "contains" else value
        shapes.append((name, op, len(value) if op == "in" else None))
    properties, tags = list(properties), list(tags)
    for number, (name, value) in enumerate(properties):
        values[f"name {number}"] = name
        values[f"value {number}"] = value
        values[f"beginning {number}"] = value[:INDEXED]
    values |= {f"tag {number}": tag for number, tag in enumerate(tags)}
    return Filters(tuple(shapes), len(properties), len(tags)), values


def _clauses(filters: Filters) -> Iterator[Any]:
    yield is_false(Image.deleted)
    yield Image.status != "killed"
    for number, (name, op, size) in enumerate(filters.conditions):
        value: Any = given(f"condition {number}")
        if size is not None:
            value = [given(f"condition {number} {n}") for n in range(size)]
        yield OPERATORS[op](getattr(Image, name), value)
    yield from map(_has_property, range(filters.properties))
    yield from map(_has_tag, range(filters.tags))


@statements.composed
def _select(
    compose: Callable[..., Any],
    shape: Any,
    filters: Filters,
    sort: paging.Sort,
    start: paging.Start,
) -> Any:
    where = functools.reduce(operator.and_, _clauses(filters))
    if start is not None:
        where &= paging.after(Image, sort, paging.place(sort, start))
    in_the_middle = start is not None and sort[0][0] == "created_at"
    pages = [
        _held_by(branch, in_the_middle, where)
        .order_by(*paging.order(Image, sort))
        .limit(given("limit"))
        for branch in compose(*shape) or [peewee.SQL("0 = 1")]
    ]
    if len(pages) == 1:
        return pages[0]
    parts = []
    for number, page in enumerate(pages):
        part = page.alias(f"branch{number}")
        parts.append(Image.select(peewee.SQL("*")).from_(part))
    union = functools.reduce(operator.add, parts)
    return union.order_by(*paging.order_of_union(Image, sort)).limit(given("limit"))


def _held_by(branch: Any, in_the_middle: bool, where: Any) -> Any:
    """The images for which both conditions hold, along the index that fits the first."""
    engine = connection.engine()
    if isinstance(branch, statements.ByKey):
        table, branch = engine.by_key(Image), branch.expression
    else:
        table = engine.indexed(Image) if in_the_middle else Image
    return Image.select(*COLUMNS).from_(table).where(where & branch)


def count(scope: Clause) -> int:
    """How many images the clause holds for."""
    (found,) = _count(scope.compose, scope.shape).rows(scope.values)
    return int(found[0])


@statements.composed
def _count(compose: Callable[..., Any], shape: Any) -> Any:
    there = is_false(Image.deleted) & (Image.status != "killed")
    return _held_by(compose(*shape), False, there).columns(peewee.fn.COUNT(peewee.SQL("1")))


def _has_property(number: int) -> Any:
    value, beginning = given(f"value {number}"), given(f"beginning {number}")
    return peewee.fn.EXISTS(
        ImageProperty.select(peewee.SQL("1")).where(
            (ImageProperty.image == Image.id)
            & (ImageProperty.name == given(f"name {number}"))
            & connection.engine().same_text(ImageProperty.value, value, beginning)
        )
    )


def _has_tag(number: int) -> Any:
    return peewee.fn.EXISTS(
        ImageTag.select(peewee.SQL("1")).where(
            (ImageTag.image == Image.id) & (ImageTag.value == given(f"tag {number}"))
        )
    )
