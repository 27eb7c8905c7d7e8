"""Bringing a database to the schema of this program, or refusing it.

A database is upgraded while programs of before still serve it: first comes a migration
that only adds, and once no such program runs, a later one takes away. A migration beside
which older programs may go on has a name that ends in ``_additive``; they accept a
database that has seen it, and nothing else that they do not know.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
from playhouse import migrations

from glance_shim import errors
from glance_shim.db import connection
from glance_shim.db.engines import Engine

log = logging.getLogger(__name__)

DIRECTORY = Path(__file__).parent / "migrations"
ADDITIVE = "_additive"

# In which OpenStack's services keep what migrations they have seen.
FOREIGN = ("alembic_version", "migrate_version")


def known() -> list[str]:
    """The names of all migrations of this program, in order."""
    return sorted(path.stem for path in DIRECTORY.glob("[0-9]*.py"))


def applied(db: Engine) -> list[str]:
    """The names of the migrations that ``db`` has seen, in order.

    Raises `errors.ConfigurationError` where it cannot be reached.
    """
    with reaching(db):
        if db.table_exists("schema_migration"):
            return sorted(_runner(db).applied())
        _refuse_foreign(db)
        return []


def check(db: Engine) -> None:
    """Raise `errors.ConfigurationError` unless this program can work with ``db``."""
    seen = applied(db)
    _refuse_newer(seen)
    if set(known()) - set(seen):
        raise errors.ConfigurationError(
            reason="the database is older than this program; run 'glance-shim db upgrade'"
        )


def upgrade(db: Engine) -> list[str]:
    """Apply what is missing and return its names.

    A database that is newer than this program, or another program's, is
    refused and left alone. Of several that upgrade at once one does it and the
    others wait. Where a migration breaks off, PostgreSQL and SQLite have
    nothing of it; MariaDB may have part of it, which the next upgrade completes.
    """
    with reaching(db), db.upgrading():
        if not db.table_exists("schema_migration"):
            _refuse_foreign(db)
        _refuse_newer(list(_runner(db).applied()))
        done: list[str] = _runner(db).up()
    for name in done:
        log.info("Migration %s is applied", name)
    return done


@contextlib.contextmanager
def reaching(db: Engine) -> Iterator[None]:
    """As `connection.connected`, before anything is served.

    Raises `errors.ConfigurationError` with what the database says.
    """
    try:
        with connection.connected(db):
            yield
    except (*connection.FAILURES, peewee.ProgrammingError) as exc:
        raise errors.ConfigurationError(
            reason=f"the database cannot be used: {connection.words_of(exc)}"
        ) from exc


def _refuse_foreign(db: Engine) -> None:
    """Leave the database of a Glance alone, whose tables have names that ours have too."""
    if any(map(db.table_exists, FOREIGN)):
        raise errors.ConfigurationError(
            reason="the database has tables of another program, such as Glance; "
            "name one of its own in [database] connection"
        )


def _refuse_newer(seen: list[str]) -> None:
    newer = [n for n in seen if n not in known() and not n.endswith(ADDITIVE)]
    if newer:
        raise errors.ConfigurationError(
            reason=f"the database is newer than this program (it has {max(newer)}); "
            "use the program version that last wrote it"
        )


def _runner(db: Engine) -> Any:
    return migrations.Runner(db, directory=str(DIRECTORY))
