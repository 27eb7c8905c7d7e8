"""Statements are composed once for each shape and kind of database, and filled rightly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import databases
import pytest

from glance_shim import errors
from glance_shim.db import connection, statements
from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageTag
from glance_shim.db.statements import given

ID = "6f1c1c80-1d4e-4a0e-8d5f-0d1f5c0a6c11"


@pytest.fixture
def image(database: Any) -> Any:
    """A database with one image, connected."""
    with connection.connected(database):
        Image.insert(
            id=ID,
            name="one",
            status="queued",
            visibility="shared",
            created_at="2026-01-01T00:00:00Z",
            updated_at="2026-01-01T00:00:00Z",
            properties={"a": "b"},
        ).execute()
        yield


def test_a_shape_is_composed_once(image: Any) -> None:
    made = []

    @statements.composed
    def find(column: str) -> Any:
        made.append(column)
        return Image.select(Image.id).where(getattr(Image, column) == given("value"))

    for _ in range(3):
        assert find("name").rows({"value": "one"}) == [(ID,)]
        assert find("name").rows({"value": "two"}) == []
        assert find("status").first({"value": "queued"}) == (ID,)
    assert made == ["name", "status"]


def test_values_are_converted_by_the_column_they_are_compared_with(image: Any) -> None:
    @statements.composed
    def find() -> Any:
        return Image.select(Image.id).where(
            (Image.min_disk == given("disk"))
            & (Image.protected == given("protected"))
            & Image.name.in_([given("first"), given("second")])
        )

    asked = {"disk": "0", "protected": 0, "first": "none", "second": "one"}
    assert find().rows(asked) == [(ID,)]
    assert find().rows({**asked, "protected": 1}) == []


def test_written_values_are_converted_by_their_columns(image: Any) -> None:
    @statements.composed
    def update() -> Any:
        columns = statements.given_row(Image, ("properties", "protected"))
        return Image.update(columns).where(Image.id == given("id"))

    assert update().count({"properties": {"c": "ü"}, "protected": True, "id": ID}) == 1
    assert update().count({"properties": {}, "protected": True, "id": "none"}) == 0
    found = Image.get_by_id(ID)
    assert (found.properties, found.protected) == ({"c": "ü"}, True)


def test_rows_come_as_models_say(image: Any) -> None:
    columns = (Image.name, Image.protected, Image.properties)
    found = Image.select(*columns).tuples()
    converted = statements.converted(columns)

    @statements.composed
    def select() -> Any:
        return Image.select(*columns)

    assert [tuple(converted(row)) for row in select().rows({})] == list(found)


def test_many_rows_are_one_statement(image: Any) -> None:
    for count in (1, 3):
        rows = [{"value": f"{count} {number}"} for number in range(count)]
        statements.insert_many(ImageTag, {"image": ID}, rows)

    found = ImageTag.select(ImageTag.value).order_by(ImageTag.value).tuples()
    assert [value for (value,) in found] == ["1 0", "3 0", "3 1", "3 2"]


def test_what_is_the_same_each_time_is_written_out_if_it_is_plain(open_new: Any) -> None:
    databases.require("postgresql")
    database = open_new("postgresql")
    odd = "it's 100%s"

    def compose(told: bool) -> Any:
        same = (Image.status != "killed") & is_false(Image.deleted) & (Image.name != odd)
        query = Image.select(Image.id).where(same & (Image.owner == given("owner"))).limit(3)
        return statements.GenericPlan(query) if told else query

    with connection.connected(database):
        for told in (True, False):
            with databases.counted(database) as seen:
                assert statements.composed(compose)(told).rows({"owner": "some"}) == []
            ((sql, sent),) = seen
            assert ("!= 'killed'" in sql, "= FALSE" in sql, "LIMIT 3" in sql) == (told,) * 3
            assert ("= (SELECT %s)" in sql) == told
            assert odd not in sql
            assert sent == ([odd, "some"] if told else ["killed", False, odd, "some", 3])


@pytest.mark.parametrize(("query", "kept"), [("", 1), ("?prepare_threshold=0", 0)])
def test_postgresql_keeps_the_plans_of_what_is_asked_often(
    tmp_path: Path, query: str, kept: int
) -> None:
    database = connection.open_database(databases.new(tmp_path, "postgresql") + query)
    often, counted = "SELECT 1 + 1", "SELECT COUNT(*) FROM pg_prepared_statements"
    with connection.connected(database):
        for _ in range(6):
            database.run(often, ())
        asked = f"{counted} WHERE statement = '{often}'"
        assert database.execute_sql(asked).fetchone() == (kept,)
    database.close_all()


@pytest.mark.parametrize("threshold", ["-1", "often"])
def test_a_threshold_that_is_none_is_refused(threshold: str) -> None:
    with pytest.raises(errors.ConfigurationError):
        connection.open_database(f"postgresql://host/name?prepare_threshold={threshold}")
