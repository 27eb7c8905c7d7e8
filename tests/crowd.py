"""Many images, quickly, in a database of any kind."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from glance_shim.db import connection

FIRST_MOMENT = 1_767_225_600  # 2026-01-01T00:00:00Z
BATCH = 10_000

Row = tuple[Any, ...]

IMAGES = (
    *("id", "name", "status", "visibility", "owner", "protected", "os_hidden"),
    *("disk_format", "container_format", "min_disk", "min_ram", "size"),
    *("created_at", "updated_at", "deleted", "properties", "tags", "locations"),
)
TABLES = {
    "images": IMAGES,
    "image_properties": ("image_id", "name", "value"),
    "image_tags": ("image_id", "value"),
    "image_members": ("image_id", "member_id", "status", "created_at", "updated_at"),
}


def identity(number: int) -> str:
    """The id of the image of that number."""
    return str(uuid.UUID(int=number))


def visibility(number: int) -> str:
    """One image of a thousand is public, one is a community's; every other is shared."""
    return {0: "public", 1: "community"}.get(
        number % 1000, "shared" if number % 2 else "private"
    )


def fill(
    database: Any,
    count: int,
    projects: Sequence[str],
    properties: int = 3,
    tags: int = 2,
    first: int = 0,
) -> None:
    """Add ``count`` images, one a second, that belong to the projects in turn.

    Their numbers begin with ``first``.

    The property ``n`` is the number; the others have one of ten values. Every tenth
    shared image is offered to the next project, which has accepted it.
    """
    with connection.connected(database):
        for start in range(first, first + count, BATCH):
            numbers = range(start, min(first + count, start + BATCH))
            with connection.writing():
                made = _rows(numbers, projects, properties, tags)
                for table, rows in made.items():
                    insert(database, table, TABLES[table], rows)
        for table in TABLES:
            database.execute_sql(ANALYZE[database.kind].format(table=table))


def insert(database: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows to a table, in the way that is the fastest for the database."""
    cursor, names = database.cursor(), ", ".join(columns)
    if database.kind == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join([database.param] * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows))


ANALYZE = {
    "sqlite": "ANALYZE {table}",
    "postgresql": "ANALYZE {table}",
    "mariadb": "ANALYZE TABLE {table}",
}


def _rows(
    numbers: range, projects: Sequence[str], properties: int, tags: int
) -> dict[str, list[Row]]:
    return {
        "images": [_image(number, projects, properties, tags) for number in numbers],
        "image_properties": [
            (identity(number), name, value)
            for number in numbers
            for name, value in _properties(number, properties).items()
        ],
        "image_tags": [
            (identity(number), tag) for number in numbers for tag in _tags(number, tags)
        ],
        "image_members": list(
            itertools.chain.from_iterable(_members(number, projects) for number in numbers)
        ),
    }


def _image(number: int, projects: Sequence[str], properties: int, tags: int) -> Row:
    owner, moment = projects[number % len(projects)], _moment(number)
    custom = json.dumps(_properties(number, properties))
    given = (identity(number), f"image {number}", "active", visibility(number), owner)
    sizes = (False, False, "raw", "bare", 0, 0, number)
    return (
        *given,
        *sizes,
        moment,
        moment,
        False,
        custom,
        json.dumps(_tags(number, tags)),
        "[]",
    )


def _properties(number: int, count: int) -> dict[str, str]:
    others = {f"p{n}": f"v{(number // (n + 1)) % 10}" for n in range(count - 1)}
    return {"n": str(number), **others} if count else {}


def _tags(number: int, count: int) -> list[str]:
    return sorted(f"t{n}-{(number + n) % 20}" for n in range(count))


def _members(number: int, projects: Sequence[str]) -> Iterator[Row]:
    if visibility(number) == "shared" and number % 10 == 1 and len(projects) > 1:
        member, moment = projects[(number + 1) % len(projects)], _moment(number)
        yield identity(number), member, "accepted", moment, moment


def _moment(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FIRST_MOMENT + number))
