"""Bringing a database to the schema of this program, or refusing it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from playhouse import migrations

from glance_shim import errors
from glance_shim.db import connection
from glance_shim.db.engines import Engine

log = logging.getLogger(__name__)

DIRECTORY = Path(__file__).parent / "migrations"


def known() -> list[str]:
    """The names of all migrations of this program, in order."""
    return sorted(path.stem for path in DIRECTORY.glob("[0-9]*.py"))


def applied(db: Engine) -> list[str]:
    """The names of the migrations that ``db`` has seen, in order."""
    with connection.connected(db):
        if not db.table_exists("schema_migration"):
            return []
        return sorted(_runner(db).applied())


def check(db: Engine) -> None:
    """Raise `errors.ConfigurationError` unless ``db`` has exactly our schema."""
    seen, ours = set(applied(db)), set(known())
    if seen - ours:
        raise errors.ConfigurationError(
            reason=f"the database is newer than this program (it has {max(seen - ours)}); "
            "use the program version that last wrote it"
        )
    if ours - seen:
        raise errors.ConfigurationError(
            reason="the database is older than this program; run 'glance-shim db upgrade'"
        )


def upgrade(db: Engine) -> list[str]:
    """Apply what is missing and return its names.

    A database that is newer than this program is refused and left alone.
    """
    newer = set(applied(db)) - set(known())
    if newer:
        check(db)
    with connection.connected(db), db.upgrading():
        done: list[str] = _runner(db).up()
    for name in done:
        log.info("Migration %s is applied", name)
    return done


def _runner(db: Engine) -> Any:
    return migrations.Runner(db, directory=str(DIRECTORY))
