"""MariaDB and MySQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import peewee
from playhouse import pool

from glance_shim.db.engines.base import INDEXED, Engine


class Mariadb(Engine, pool.PooledMySQLDatabase):
    """MariaDB or MySQL by PyMySQL."""

    kind = "mariadb"
    field_types = {**pool.MySQLDatabase.field_types, "CHAR": "VARCHAR", "TEXT": "LONGTEXT"}
    sql_mode = (
        "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    )

    def __init__(self, name: str, **options: Any) -> None:
        from pymysql.constants import CLIENT

        super().__init__(
            name,
            # An UPDATE that leaves a row as it was has found it all the same.
            client_flag=CLIENT.FOUND_ROWS,
            # A row that was waited for is then seen as it has become.
            init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            **options,
        )

    def _socket(self, conn: Any) -> Any:
        return conn._sock

    def create_tables(self, models: Any, **options: Any) -> None:
        """Make tables whose text is ordered by code points and keeps its spaces.

        A statement that changes the schema commits at once here. What a broken
        upgrade has made is therefore left as it is, and the rest is made.
        """
        collation = self._collation()
        for model in peewee.sort_models(models):
            model._meta.table_settings = [
                f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"
            ]
            model._schema.create_table(safe=True)
            there = {index.name for index in self.get_indexes(model._meta.table_name)}
            for index in model._meta.fields_to_index():
                if index._name not in there:
                    self.execute(index.safe(False))

    def _collation(self) -> str:
        (version,) = self.execute_sql("SELECT VERSION()").fetchone()
        return "utf8mb4_nopad_bin" if "maria" in version.lower() else "utf8mb4_0900_bin"

    def indexed(self, model: Any) -> Any:
        # Where half of a table may be wanted it weighs up reading all of it, finds that the
        # worse, and then begins at the top of the index.
        names = ["PRIMARY", *(index._name for index in model._meta.fields_to_index())]
        return peewee.NodeList((model, peewee.SQL(f"FORCE INDEX ({', '.join(names)})")))

    def beginning(self, column: Any) -> Any:
        # An index has at most 3072 bytes of a row.
        return peewee.NodeList((column, peewee.SQL(f"({INDEXED})")), glue="")

    def unless_there(self, insert: Any, *key: Any) -> Any:
        # INSERT IGNORE would pass over every other mistake, too.
        return insert.on_conflict(preserve=key)

    def or_replace(self, insert: Any, key: Any, columns: Any) -> Any:
        return insert.on_conflict(preserve=columns)

    def length_of_json(self, column: Any) -> Any:
        return peewee.fn.JSON_LENGTH(column)

    @contextlib.contextmanager
    def upgrading(self) -> Iterator[None]:
        name = f"glance-shim {self.database}"[:64]
        self.execute_sql("SELECT GET_LOCK(%s, 3600)", (name,))
        try:
            yield
        finally:
            self.execute_sql("SELECT RELEASE_LOCK(%s)", (name,))

    def is_read_only(self) -> bool:
        (setting,) = self.execute_sql("SELECT @@read_only").fetchone()
        return bool(setting)

    def server_time(self) -> float:
        (seconds,) = self.execute_sql("SELECT UNIX_TIMESTAMP(SYSDATE(6))").fetchone()
        return float(seconds)

    def most_connections(self) -> int:
        (granted,) = self.execute_sql("SELECT @@max_connections").fetchone()
        return int(granted)
