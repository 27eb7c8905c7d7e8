"""Databases of every kind that this machine has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest

from glance_shim.db import connection


@pytest.fixture(params=databases.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that the test runs on."""
    databases.require(request.param)
    return str(request.param)


@pytest.fixture
def open_new(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``open_new(kind)``: a database of one's own; with ``empty=True`` without a table."""
    opened: dict[str, Any] = {}

    def open_(kind: str, empty: bool = False) -> Any:
        directory = tmp_path / f"database{len(opened)}"
        directory.mkdir()
        url = (databases.empty if empty else databases.new)(directory, kind)
        opened[url] = connection.open_database(url)
        return opened[url]

    yield open_
    for url, database in opened.items():
        database.close_all()
        databases.drop(url)


@pytest.fixture
def in_postgresql(open_new: Callable[..., Any]) -> Iterator[Any]:
    """A PostgreSQL with the schema of the program, and a connection to it."""
    databases.require("postgresql")
    made = open_new("postgresql")
    with connection.connected(made):
        yield made


@pytest.fixture
def database(open_new: Callable[..., Any], kind: str) -> Any:
    """A database with the schema of the program."""
    return open_new(kind)
