"""Counting what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from people import Service


@contextmanager
def counted(service: Service) -> Iterator[list[str]]:
    """The SQL statements that are run in the block."""
    database, seen = service.deployment.database, []
    original = type(database).execute_sql

    def execute(sql: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(sql)
        return original(database, sql, *args, **kwargs)

    database.execute_sql = execute
    try:
        yield seen
    finally:
        del database.execute_sql
