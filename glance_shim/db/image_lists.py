"""Lists of images: their filters and pages, and how many there are."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import peewee

from glance_shim.db import connection, paging, statements
from glance_shim.db.engines import INDEXED
from glance_shim.db.images import COLUMNS, ImageRow, as_row
from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageProperty, ImageTag
from glance_shim.db.statements import Clause, given

# What no more images have than this is found by their ids, in 3 ms; of what more have the first
# page comes up soon enough along the order of a list: of a million images 25,000 are read.
FEW = 1_000


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

    Each branch is read along an index of its own and stops after ``limit`` rows; an image
    that meets several is there once. It is one statement whatever the page, after one
    for each filter on a property or tag until one is found that few images meet.
    """
    filters, filled = _filled(conditions, properties, tags)
    start, passed = paging.filled(sort, marker)
    if not limit:
        return []
    few = _of_few(filters, filled)
    fixed_limit = limit if _is_plain(filters, sort, few) else None
    statement = _select(
        scope.compose, scope.shape, filters, tuple(sort), start, fixed_limit, few
    )
    values = {"limit": limit, **scope.values, **filled, **passed}
    return [as_row(found) for found in statement.rows(values)]


class Filters(NamedTuple):
    """What of the filters of a list is in the text of its statement."""

    conditions: tuple[tuple[str, str, int | None], ...]
    properties: int
    tags: int

    def holders(self) -> list[Holder]:
        """Those on properties and tags."""
        counts = {"property": self.properties, "tag": self.tags}
        return [Holder(kind, n) for kind, count in counts.items() for n in range(count)]


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


def _clauses(filters: Filters, few: Holder | None) -> Iterator[Any]:
    """What is asked of each image; not for ``few``, by whose rows they are looked up."""
    yield is_false(Image.deleted)
    yield Image.status != "killed"
    for number, (name, op, size) in enumerate(filters.conditions):
        value: Any = given(f"condition {number}")
        if size is not None:
            value = [given(f"condition {number} {n}") for n in range(size)]
        yield OPERATORS[op](getattr(Image, name), value)
    yield from (_has(holder) for holder in filters.holders() if holder != few)


def _is_plain(filters: Filters, sort: paging.Sort, few: Holder | None) -> bool:
    """Is one plan the best, whatever the values are?

    Indexes of visibilities and owners have what is asked for in this order, or it is looked
    up by few keys.
    """
    known = all(name == "os_hidden" for name, _, _ in filters.conditions)
    found = few is not None or not filters.holders()
    return known and found and sort[0][0] == "created_at"


@statements.composed
def _select(
    compose: Callable[..., Any],
    shape: Any,
    filters: Filters,
    sort: paging.Sort,
    start: paging.Start,
    fixed_limit: int | None,
    few: Holder | None,
) -> Any:
    limit: Any = given("limit") if fixed_limit is None else fixed_limit
    where = functools.reduce(operator.and_, _clauses(filters, few))
    if start is not None:
        where &= paging.after(Image, sort, paging.place(sort, start))
    in_the_middle = start is not None and sort[0][0] == "created_at"
    branches = compose(*shape) or [peewee.SQL("0 = 1")]
    if few:
        branches = [_looked_up(branches, few)]
    pages = [
        _held_by(branch, in_the_middle, where).order_by(*paging.order(Image, sort)).limit(limit)
        for branch in branches
    ]
    query = pages[0]
    if len(pages) > 1:
        parts = []
        for number, page in enumerate(pages):
            part = page.alias(f"branch{number}")
            parts.append(Image.select(peewee.SQL("*")).from_(part))
        union = functools.reduce(operator.or_, parts)
        query = union.order_by(*paging.order_of_union(Image, sort)).limit(limit)
    return query if fixed_limit is None else statements.GenericPlan(query)


def _held_by(branch: Any, in_the_middle: bool, where: Any) -> Any:
    """The images for which both conditions hold, along the index that fits the first."""
    engine = connection.engine()
    if isinstance(branch, statements.ByKey):
        table, branch = engine.by_key(Image), branch.looked_up()
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


class Holder(NamedTuple):
    """A filter on a property or a tag, by its number among those of its kind."""

    kind: str
    number: int

    def rows(self, whole: bool = True) -> tuple[Any, Any]:
        """The table and the clause for the rows of the images that meet it.

        If not ``whole``, the value has only the beginning that is in an index, and how many
        rows there are is for the database to guess.
        """
        engine = connection.engine()
        only = engine.only if whole else operator.eq
        if self.kind == "tag":
            return ImageTag, only(ImageTag.value, given(f"tag {self.number}"))
        same = engine.same_text if whole else engine.same_beginning
        value, beginning = (given(f"{part} {self.number}") for part in ("value", "beginning"))
        named = only(ImageProperty.name, given(f"name {self.number}"))
        return ImageProperty, named & same(ImageProperty.value, value, beginning)


def _has(holder: Holder) -> Any:
    table, clause = holder.rows()
    found = table.select(peewee.SQL("1")).where((table.image == Image.id) & clause)
    return connection.engine().exists(found)


def _of_few(filters: Filters, values: Mapping[str, Any]) -> Holder | None:
    """A filter that few images meet, by whose rows they are to be looked up, if any is."""
    for holder in filters.holders():
        if not _more_than_few(holder).rows({**values, "few": FEW}):
            return holder
    return None


@statements.composed
def _more_than_few(holder: Holder) -> Any:
    table, clause = holder.rows(whole=False)
    # In their order PostgreSQL reads them along the index, and not the table until there are
    # enough.
    found = table.select(peewee.SQL("1")).where(clause).order_by(table.image)
    return found.limit(1).offset(given("few"))


def _looked_up(branches: Iterable[Any], few: Holder) -> statements.ByKey:
    """The images of any branch that the filter holds for, by their ids."""
    table, clause = few.rows()
    ids = table.select(table.image).where(clause)
    expressions = [b.asked() if isinstance(b, statements.ByKey) else b for b in branches]
    return statements.ByKey(Image.id, ids, functools.reduce(operator.or_, expressions))
