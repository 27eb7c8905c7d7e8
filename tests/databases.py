"""Databases for tests, of the kind that ``GLANCE_SHIM_TEST_DATABASE`` says.

``GLANCE_SHIM_POSTGRESQL`` and ``GLANCE_SHIM_MARIADB`` say where the servers are and
who may make databases there; without them it is what a package installs on this machine.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import tempfile
import urllib.parse
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any

import pytest

from glance_shim import errors
from glance_shim.db import connection, schema, urls
from glance_shim.db.models import base

KINDS = ("sqlite", "postgresql", "mariadb")
KIND = os.environ.get("GLANCE_SHIM_TEST_DATABASE") or "sqlite"
SERVERS = {
    "postgresql": os.environ.get(
        "GLANCE_SHIM_POSTGRESQL", "postgresql://postgres@127.0.0.1/postgres"
    ),
    "mariadb": os.environ.get("GLANCE_SHIM_MARIADB", "mysql+pymysql://root@127.0.0.1/mysql"),
}

_made: dict[str, str] = {}
# Of each kind those that are empty and nobody's.
_free: dict[str, list[str]] = {}


def new(directory: Path, kind: str = KIND) -> str:
    """The URL of a database of one's own with the schema of this program."""
    if kind == "sqlite":
        shutil.copy(_template(kind), directory / "glance.db")
        return f"sqlite:///{directory}/glance.db"
    if _free.get(kind):
        return _free[kind].pop()
    name = f"glance_shim_test_{secrets.token_hex(6)}"
    url = _url(kind, name)
    with _administered(kind) as administer:
        _made[url] = kind
        if kind == "postgresql":
            administer(f"CREATE DATABASE {name} TEMPLATE {_template(kind)}")
            administer(f"ALTER DATABASE {name} SET synchronous_commit = off")
        else:
            administer(f"CREATE DATABASE {name}")
            administer(f"USE {name}")
            administer("SET foreign_key_checks = 0")
            for statement in _statements():
                administer(statement)
    return url


def empty(directory: Path, kind: str = KIND) -> str:
    """The URL of a database of one's own without a table."""
    if kind == "sqlite":
        return f"sqlite:///{directory}/{secrets.token_hex(6)}.db"
    url = _url(kind, f"glance_shim_test_{secrets.token_hex(6)}")
    with _administered(kind) as administer:
        _made[url] = kind
        administer(f"CREATE DATABASE {_name(url)}")
    return url


def give_back(url: str) -> None:
    """Let a database that was made with `new`, and no table of it changed, be used again."""
    kind = _made.get(url)
    if kind is None:
        return
    database = connection.open_database(url)
    with connection.connected(database), connection.writing():
        clear(database)
    database.close_all()
    _free.setdefault(kind, []).append(url)


def clear(database: Any, kept: Container[Any] = ()) -> None:
    """Remove the rows of all models but those, in as few round trips as go."""
    # Those that refer to others come later.
    models = [model for model in _models(base.Base) if model not in kept]
    statements = [f"DELETE FROM {model._meta.table_name}" for model in reversed(models)]
    if database.kind == "mariadb":
        statements = [f"BEGIN NOT ATOMIC {'; '.join(statements)}; END"]
    elif database.kind == "postgresql":
        statements = ["; ".join(statements)]
    for statement in statements:
        database.execute_sql(statement)


def drop(url: str) -> None:
    """Remove a database that was made here; nobody may use it any more."""
    kind = _made.pop(url, None)
    if kind is None:
        return
    with _administered(kind) as administer:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        administer(f"DROP DATABASE IF EXISTS {_name(url)}{force}")


def drop_all() -> None:
    """Remove what was made here and is still there."""
    for url in list(_made):
        drop(url)


@functools.cache
def missing(kind: str) -> str | None:
    """Why there are no databases of that kind here; ``None`` if there are."""
    if kind == "sqlite":
        return None
    try:
        with _administered(kind):
            return None
    except (connection.FAILURES, errors.ConfigurationError) as exc:
        if os.environ.get("CI"):
            raise
        return f"no {kind} to test with (GLANCE_SHIM_{kind.upper()}): {exc}"


def require(kind: str) -> None:
    """Skip the test where there is no such database."""
    if (why := missing(kind)) is not None:
        pytest.skip(why)


# The methods by which a database is asked; those of other kinds do what is for later at once.
WAYS = {
    "sqlite": ("execute_sql", "run"),
    "mariadb": ("execute_sql", "run"),
    "postgresql": ("execute_sql", "run", "run_later"),
}


@contextlib.contextmanager
def watched(database: Any, note: Callable[[str, Any], None]) -> Iterator[None]:
    """Have each SQL statement that is run in the block noted, with its parameters."""

    def noting(original: Any) -> Any:
        def run(sql: str, params: Any = None) -> Any:
            note(sql, params)
            return original(sql, params)

        return run

    for name in WAYS[database.kind]:
        setattr(database, name, noting(getattr(database, name)))
    try:
        yield
    finally:
        for name in WAYS[database.kind]:
            delattr(database, name)


@contextlib.contextmanager
def counted(database: Any) -> Iterator[list[tuple[str, Any]]]:
    """The SQL statements that are run in the block, with their parameters."""
    seen: list[tuple[str, Any]] = []
    with watched(database, lambda sql, params: seen.append((sql, params))):
        yield seen


@contextlib.contextmanager
def waits(database: Any) -> Iterator[list[Any]]:
    """What PostgreSQL is asked in the block and waited for, commits as well."""
    seen: list[Any] = []
    if database.kind != "postgresql":
        yield seen
        return
    from glance_shim.db.engines import prepared

    original = prepared.Statements.run

    def run(self: Any, text: str, values: Any = ()) -> Any:
        seen.append(text)
        return original(self, text, values)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepared.Statements, "run", run)
        yield seen


EXPLAIN = {
    "sqlite": "EXPLAIN QUERY PLAN ",
    "postgresql": "EXPLAIN (COSTS OFF) ",
    "mariadb": "EXPLAIN ",
}


def scans(database: Any, sql: str, params: Any) -> list[str]:
    """The lines of the plan of a statement that read a whole table."""
    plan = database.execute_sql(EXPLAIN[database.kind] + sql, params).fetchall()
    if database.kind == "mariadb":
        whole = [
            row for row in plan if row[3] in ("ALL", "index") and row[2] and row[2][0] != "<"
        ]
    elif database.kind == "postgresql":
        whole = [row for row in plan if "Seq Scan" in row[-1]]
    else:
        whole = [row for row in plan if row[-1].startswith("SCAN") and "branch" not in row[-1]]
    return [str(row) for row in whole]


def plan(database: Any, sql: str, params: Any) -> str:
    """The plan of a statement, as the database words it, without what it passes over."""
    found = database.execute_sql(EXPLAIN[database.kind] + sql, params).fetchall()
    return str([(*row[:4], *row[5:]) for row in found])


READ = "SHOW SESSION STATUS WHERE Variable_name RLIKE '^Handler_(read|icp_attempts)'"


SORTS = {"sqlite": "TEMP B-TREE FOR ORDER BY", "postgresql": "Sort  ", "mariadb": "filesort"}


def sorts(database: Any, sql: str, params: Any) -> list[str]:
    """The lines of the plan of a statement that sort all they find, to return a few."""
    plan = database.execute_sql(EXPLAIN[database.kind] + sql, params).fetchall()
    lines = [f"{row[-1].strip(' ->')}  " for row in plan]
    if database.kind == "postgresql":
        return [line for line in lines if line.startswith(SORTS[database.kind])]
    return [line for line in lines if SORTS[database.kind] in line]


@contextlib.contextmanager
def rows_read(database: Any) -> Iterator[Callable[[], int]]:
    """How many entries of tables and indexes are read in the block.

    PostgreSQL does not tell; SQLite does by its steps, of which it takes some twenty for each.
    """
    if database.kind == "postgresql":
        yield lambda: 0
        return
    if database.kind == "sqlite":
        twenties: list[None] = []
        # What it is given returns nothing, so that it goes on.
        database.connection().set_progress_handler(lambda: twenties.append(None), 20)
        yield lambda: len(twenties)
        database.connection().set_progress_handler(None, 0)
        return
    database.execute_sql("FLUSH STATUS")
    found: list[int] = []
    yield lambda: found[0]
    found.append(sum(int(value) for _, value in database.execute_sql(READ).fetchall()))


def _name(url: str) -> str:
    return urllib.parse.urlsplit(url).path[1:]


def url_for(kind: str, user: str, password: str) -> str:
    """The URL with which somebody else comes to the server."""
    parts = urllib.parse.urlsplit(SERVERS[kind])
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:{password}@{host}").geturl()


def _url(kind: str, name: str) -> str:
    return urllib.parse.urlsplit(SERVERS[kind])._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def _administered(kind: str) -> Iterator[Any]:
    database = connection.open_database(SERVERS[kind])
    with connection.connected(database):
        yield database.execute_sql
    database.close_all()


def _models(model: Any) -> Iterator[Any]:
    for child in model.__subclasses__():
        yield child
        yield from _models(child)


@functools.cache
def _template(kind: str) -> str:
    """The name of a database with the schema, made once by each process."""
    directory = Path(tempfile.mkdtemp(prefix="glance-shim-schema-"))
    atexit.register(shutil.rmtree, directory)
    url = empty(directory, kind)
    database = connection.open_database(url)
    schema.upgrade(database)
    database.close_all()
    return urls.path_of(url) or _name(url)


@functools.cache
def _statements() -> tuple[str, ...]:
    """What makes the tables of a MariaDB, and says that they are there."""
    database = connection.open_database(_url("mariadb", _template("mariadb")))
    with connection.connected(database):
        tables = database.get_tables()
        made = [
            database.execute_sql(f"SHOW CREATE TABLE {table}").fetchone()[1] for table in tables
        ]
    database.close_all()
    template = _template("mariadb")
    copied = f"INSERT INTO schema_migration SELECT * FROM {template}.schema_migration"
    return (*made, copied)
