"""Making and upgrading databases."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from glance_shim import errors
from glance_shim.db import connection, schema

RELEASED = Path(__file__).parent / "released-schema.sql"


def test_databases_of_the_first_releases_are_as_new_ones(tmp_path: Path) -> None:
    database = connection.open_database(f"sqlite:///{tmp_path}/glance.db")
    schema.upgrade(database)
    database.close_all()
    with sqlite3.connect(tmp_path / "glance.db") as raw:
        made = {row[0] for row in raw.execute("SELECT sql FROM sqlite_master WHERE sql != ''")}
    raw.close()

    released = set(filter(None, RELEASED.read_text().split(";\n")))
    assert len(released) == 55
    assert released <= made


def test_an_upgrade_started_twice_is_done_once(open_new: Callable[..., Any], kind: str) -> None:
    database, barrier = open_new(kind, empty=True), threading.Barrier(3)

    def upgrade(_: int) -> list[str]:
        barrier.wait(60)
        return schema.upgrade(database)

    with ThreadPoolExecutor(3) as pool:
        done = sorted(pool.map(upgrade, range(3)))

    assert done == [[], [], schema.known()]
    schema.check(database)


def test_a_broken_upgrade_is_completed_by_the_next(
    open_new: Callable[..., Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_new(kind, empty=True)
    execute = type(database).execute_sql

    def fail(sql: str, params: Any = None) -> Any:
        if "image_members_member_id" in sql:
            raise errors.Unavailable(reason="the power is off")
        return execute(database, sql, params)

    monkeypatch.setattr(database, "execute_sql", fail)
    with pytest.raises(errors.Unavailable):
        schema.upgrade(database)
    monkeypatch.undo()

    assert schema.upgrade(database) == schema.known()
    with connection.connected(database):
        names = {index.name for index in database.get_indexes("image_members")}
    assert "image_members_member_id_status_image_id" in names


@pytest.mark.parametrize("name, accepted", [("9999_gone", False), ("9999_more_additive", True)])
def test_only_what_was_added_may_be_newer(database: Any, name: str, accepted: bool) -> None:
    with connection.connected(database):
        mark = database.param
        moment = "2026-01-01 00:00:00"
        sql = f"INSERT INTO schema_migration (name, applied) VALUES ({mark}, {mark})"
        database.execute_sql(sql, (name, moment))

    if accepted:
        schema.check(database)
        assert schema.upgrade(database) == []
        return
    for refused in (schema.check, schema.upgrade):
        with pytest.raises(errors.ConfigurationError, match="newer than this program"):
            refused(database)


def test_the_database_of_a_glance_is_left_alone(
    kind: str, open_new: Callable[..., Any]
) -> None:
    database = open_new(kind, empty=True)
    with connection.connected(database):
        for table in ("alembic_version", "images"):
            database.execute_sql(f"CREATE TABLE {table} (id VARCHAR(36) PRIMARY KEY)")

    for refused in (schema.applied, schema.check, schema.upgrade):
        with pytest.raises(errors.ConfigurationError, match="tables of another program"):
            refused(database)

    with connection.connected(database):
        assert set(database.get_tables()) == {"alembic_version", "images"}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cret@127.0.0.1:1/glance",
        "mysql+pymysql://ann:s3cret@127.0.0.1:1/glance",
        "postgresql://ann:s3cret@127.0.0.1/glance?colour=s3cret",
        "mysql://ann:s3cret@127.0.0.1/glance?colour=s3cret",
        "postgresql://ann:s3cret@127.0.0.1:port/glance",
        "oracle://ann:s3cret@127.0.0.1/glance",
    ],
)
def test_what_is_wrong_with_a_database_is_said_without_the_password(url: str) -> None:
    with pytest.raises(errors.ConfigurationError) as refusal:
        schema.check(connection.open_database(url))

    assert "s3cret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_urls_are_read_as_glance_reads_them() -> None:
    opened = connection.open_database(
        "mysql+pymysql://ann:a%40b%2Fc@db.example:3307/glance?charset=utf8&ssl_ca=/etc/ca.pem"
    )

    assert opened.database == "glance"
    given = {"host": "db.example", "port": 3307, "user": "ann", "password": "a@b/c"}
    given |= {"ssl_ca": "/etc/ca.pem", "charset": "utf8mb4"}
    assert given.items() <= opened.connect_params.items()
