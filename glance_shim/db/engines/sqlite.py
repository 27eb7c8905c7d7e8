"""SQLite."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
from playhouse import pool

from glance_shim.db import turns
from glance_shim.db.engines.base import Engine

# Seconds that a writer waits for another.
PATIENCE = 5


class Sqlite(Engine, pool.PooledSqliteDatabase):
    """A file.

    It runs with a write-ahead log and ``synchronous=FULL``, so that what was
    acknowledged survives a power loss. Who wants to write waits for others, up to 5 s, in
    the order of `turns`.
    """

    kind = "sqlite"
    one_writer = True

    def __init__(self, path: str, **options: Any) -> None:
        pragmas = {
            "journal_mode": "wal",
            "synchronous": "full",
            "foreign_keys": 1,
            "busy_timeout": PATIENCE * 1000,
            "cache_size": -16000,
            # Of all connections of a process together: each keeps what it has read, and 32
            # of them held a database of 10 MiB more than ten times.
            "soft_heap_limit": 64 << 20,
        }
        self._writers = turns.Queue()
        # The pool lends a connection to one thread at a time, not always to the same.
        super().__init__(path, check_same_thread=False, pragmas=pragmas, **options)

    @contextlib.contextmanager
    def write_transaction(self) -> Iterator[None]:
        if self.in_transaction():
            with self.atomic():
                yield
            return
        try:
            with contextlib.ExitStack() as turn:
                turn.enter_context(self._writers.turn(PATIENCE))
                turn.enter_context(turns.locked(f"{self.database}-turn"))
                # It takes the write lock at once: a transaction that reads first and writes
                # later cannot wait for another writer, it fails.
                turn.enter_context(self.atomic("IMMEDIATE"))
                yield
        except turns.TooLong as exc:
            raise peewee.OperationalError("database is locked") from exc

    def _is_silent(self, conn: Any) -> bool:
        # There is no server.
        return False

    def locked(self, query: Any) -> Any:
        return query

    def by_key(self, table: Any) -> Any:
        # Without statistics, which nobody makes, it takes any index for better than many keys
        # and reads all images along it.
        key = f"sqlite_autoindex_{table._meta.table_name}_1"
        return peewee.NodeList((table, peewee.SQL(f"INDEXED BY {key}")))

    @contextlib.contextmanager
    def upgrading(self) -> Iterator[None]:
        # The directory and not the file: closing the file would take SQLite's own locks off.
        directory = os.open(Path(self.database).absolute().parent, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def is_read_only(self) -> bool:
        return not os.access(self.database, os.W_OK)
