"""Lists and look-ups read no table from end to end."""

from __future__ import annotations

import itertools
import types
from typing import Any

import crowd
import databases
import pytest

from glance_shim.db import connection, image_lists, images, quotas
from glance_shim.policy import visibility

PROJECTS = [f"{number:032x}" for number in range(30)]
MARKER = crowd.identity(2500)
MOMENT = "2026-01-01T00:00:00Z"


@pytest.fixture
def crowded(database: Any) -> Any:
    """A database with 5,000 images of 30 projects, some of which are offered to many others.

    Of few offers a plan for whatever project may well read all.
    """
    crowd.fill(database, 5_000, PROJECTS)
    offers = [
        (crowd.identity(number), f"{number:032x}", "pending", MOMENT, MOMENT)
        for number in range(1_001, 5_000, 2)
    ]
    with connection.connected(database):
        with connection.writing():
            crowd.insert(database, "image_members", crowd.TABLES["image_members"], offers)
        database.execute_sql(crowd.ANALYZE[database.kind].format(table="image_members"))
    return database


LISTS: dict[str, dict[str, Any]] = {
    "first page": {},
    "deep page": {"marker": MARKER},
    "name": {"conditions": [("name", "eq", "image 3")]},
    "property": {"properties": [("n", "33")]},
    "tag": {"tags": ["t0-3"]},
}


USAGE = (quotas.count_images, quotas.count_busy, quotas.stored_bytes, quotas.staged_bytes)


def test_what_a_project_uses_is_counted_along_an_index(crowded: Any) -> None:
    with connection.connected(crowded):
        for usage in USAGE:
            with databases.rows_read(crowded) as read, databases.counted(crowded) as seen:
                usage(PROJECTS[3])
            assert not databases.scans(crowded, *seen[-1]), usage
            assert read() < 1_000, usage


def test_a_page_of_administrators_begins_where_the_last_ended(open_new: Any) -> None:
    databases.require("mariadb")
    database = open_new("mariadb")
    crowd.fill(database, 5_000, PROJECTS[:2])
    root = types.SimpleNamespace(is_admin=True, project_id=PROJECTS[0], scope="project")
    page: dict[str, Any] = {"conditions": [("os_hidden", "eq", False)]}
    cases = itertools.product(
        (500, 2_500, 4_500), ("asc", "desc"), (None, "all", "shared", "private")
    )
    with connection.connected(database):
        for number, direction, kind in cases:
            page["marker"] = images.find_any(crowd.identity(number))
            page["sort"] = (("created_at", direction), ("id", direction))
            with databases.rows_read(database) as read:
                image_lists.select(visibility.seen_in_lists(root, kind), **page)
            assert read() < 250, (number, direction, kind)


def test_lists_and_look_ups_are_found_by_an_index(crowded: Any) -> None:
    member = types.SimpleNamespace(is_admin=False, project_id=PROJECTS[3], scope="project")
    hidden = ("os_hidden", "eq", False)
    with connection.connected(crowded):
        for name, given in LISTS.items():
            asked = {**given, "conditions": [hidden, *given.get("conditions", [])]}
            if "marker" in asked:
                asked["marker"] = images.find_any(MARKER)
            for kind in (None, "all", "public", "shared"):
                with databases.counted(crowded) as seen:
                    image_lists.select(visibility.seen_in_lists(member, kind), **asked)
                assert not databases.scans(crowded, *seen[-1]), (name, kind)
        with databases.counted(crowded) as seen:
            assert images.find(crowd.identity(3), visibility.seen_by_id(member))
        # What a project has been offered is few; the image is found by its id.
        assert not databases.scans(crowded, *seen[-1])


def test_postgresql_keeps_the_plans_of_what_is_asked_most(open_new: Any) -> None:
    databases.require("postgresql")
    database = open_new("postgresql")
    crowd.fill(database, 5_000, PROJECTS)
    member = types.SimpleNamespace(is_admin=False, project_id=PROJECTS[3], scope="project")
    root = types.SimpleNamespace(is_admin=True, project_id=PROJECTS[0], scope="project")
    first: dict[str, Any] = {"conditions": [HIDDEN]}
    with connection.connected(database):
        deep = {**first, "marker": images.find_any(MARKER)}
        for _ in range(20):
            for who in (member, root):
                images.find(crowd.identity(3), visibility.seen_by_id(who))
                for page in (first, deep):
                    image_lists.select(visibility.seen_in_lists(who), **page)
        plans = kept_plans(database)
        assert len(plans) == 6
        for plan in plans:
            # Neither the whole table is read, nor all that a project or everybody has.
            assert "Seq Scan on images" not in plan
            assert "Bitmap" not in plan


def kept_plans(database: Any) -> list[str]:
    """The plans for images that PostgreSQL has kept, and followed since."""
    kept = database.execute_sql(
        "SELECT name, generic_plans, cardinality(parameter_types)"
        " FROM pg_prepared_statements WHERE strpos(statement, 'FROM \"images\"') > 0"
    ).fetchall()
    plans = []
    for name, followed, count in kept:
        assert followed >= 10
        asked = f'EXPLAIN (COSTS OFF) EXECUTE "{name}"({", ".join(["NULL"] * count)})'
        plans.append("\n".join(row[0] for row in database.execute_sql(asked).fetchall()))
    return plans


OWNED = "(owner)::text = "


def test_others_do_not_read_what_a_project_has_that_owns_all(open_new: Any) -> None:
    databases.require("postgresql")
    database = open_new("postgresql")
    crowd.fill(database, 5_000, PROJECTS[:1])
    with connection.connected(database):
        deep = images.find_any(MARKER)
        for _ in range(20):
            for project_id in PROJECTS[:2]:
                who = types.SimpleNamespace(
                    is_admin=False, project_id=project_id, scope="project"
                )
                for kind, marker in itertools.product((None, "shared"), (None, deep)):
                    scope = visibility.seen_in_lists(who, kind)
                    image_lists.select(scope, conditions=[HIDDEN], marker=marker)
        plans = kept_plans(database)
    assert len(plans) == 4
    for plan in plans:
        # Whose an image is stands in an index, and is not asked of one image after the other.
        assert OWNED in plan
        assert not [line for line in plan.splitlines() if OWNED in line and "Filter" in line]


HIDDEN = ("os_hidden", "eq", False)
ORDERS: dict[str, dict[str, Any]] = {
    "of a status": {"conditions": [("status", "eq", "saving")]},
    **{
        f"by {key} {direction}": {
            "sort": ((key, direction), ("created_at", direction), ("id", direction))
        }
        for key in ("created_at", "name", "size", "updated_at")
        for direction in ("asc", "desc")
    },
}


def test_what_administrators_list_is_found_by_an_index(crowded: Any) -> None:
    root = types.SimpleNamespace(is_admin=True, project_id=PROJECTS[0], scope="project")

    def plan(measure: Any, kind: str | None, **asked: Any) -> list[str]:
        asked["conditions"] = [HIDDEN, *asked.get("conditions", [])]
        with databases.counted(crowded) as seen:
            image_lists.select(visibility.seen_in_lists(root, kind), **asked)
        found: list[str] = measure(crowded, *seen[-1])
        return found

    with connection.connected(crowded):
        marker = images.find_any(MARKER)
        for kind in (None, "all"):
            for name, asked in LISTS.items():
                given = {**asked, "marker": marker} if "marker" in asked else asked
                assert not plan(databases.scans, kind, **given), (name, kind)
            for name, asked in ORDERS.items():
                assert not plan(databases.scans, kind, **asked), (name, kind)
                assert not plan(databases.sorts, kind, **asked), (name, kind)
        # What has no index is seen to be sorted.
        assert plan(databases.sorts, None, sort=(("disk_format", "asc"), ("id", "asc")))


FILTERS: dict[str, dict[str, Any]] = {
    "a property of one": {"properties": [("n", "4023")]},
    "a property of none": {"properties": [("nothing", "x")]},
    "a tag of none": {"tags": ["nothing"]},
    "a tag and a property": {"tags": ["t0-3"], "properties": [("n", "4023")]},
}


def _pages(database: Any, asked: dict[str, Any]) -> list[Any]:
    """What a member and an administrator find in the lists of each kind."""
    member = types.SimpleNamespace(is_admin=False, project_id=PROJECTS[3], scope="project")
    root = types.SimpleNamespace(is_admin=True, project_id=PROJECTS[0], scope="project")
    kinds = (None, "all", "public", "shared", "private")
    scopes = [visibility.seen_in_lists(who, kind) for who in (member, root) for kind in kinds]
    asked = {**asked, "conditions": [HIDDEN]}
    return [image_lists.select(scope, **asked) for scope in scopes]


def test_what_few_images_have_is_found_by_their_ids(crowded: Any) -> None:
    with connection.connected(crowded):
        for name, asked in FILTERS.items():
            with (
                databases.rows_read(crowded) as read,
                databases.counted(crowded) as seen,
            ):
                _pages(crowded, asked)
            # All images would be 5,000 for some of the ten lists.
            assert read() < 1_500, name
            for sql, params in seen:
                assert not databases.scans(crowded, sql, params), (name, sql)


def test_a_page_is_the_same_whichever_way_it_is_found(
    crowded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.connected(crowded):
        marker = images.find_any(MARKER)
        for start in (None, marker):
            for asked in [*FILTERS.values(), {"tags": ["t0-3", "t1-4"]}, LISTS["tag"]]:
                by_ids = _pages(crowded, {**asked, "marker": start})
                with monkeypatch.context() as changed:
                    changed.setattr(image_lists, "FEW", 0)
                    assert _pages(crowded, {**asked, "marker": start}) == by_ids
                assert any(by_ids) or "nothing" in str(asked) or start


def test_a_project_reads_its_own_images_only_for_those_of_a_kind(crowded: Any) -> None:
    member = types.SimpleNamespace(is_admin=False, project_id=PROJECTS[3], scope="project")
    with connection.connected(crowded):
        for kind in ("private", "shared"):
            with (
                databases.rows_read(crowded) as read,
                databases.counted(crowded) as seen,
            ):
                image_lists.select(visibility.seen_in_lists(member, kind), conditions=[HIDDEN])
            plan = databases.plan(crowded, *seen[-1])
            assert "deleted_os_hidden_visibility" not in plan, kind
            # It has 167, all of them shared; of everybody's private ones there are 2,500.
            assert read() < 700, kind


def test_without_statistics_lists_read_no_more_than_with_them(open_new: Any) -> None:
    database = open_new("sqlite")
    crowd.fill(database, 5_000, PROJECTS)
    with connection.connected(database):
        database.execute_sql("DELETE FROM sqlite_stat1")
    # What is known of a table is read with a new connection.
    database.close_all()
    member = types.SimpleNamespace(is_admin=False, project_id=PROJECTS[3], scope="project")
    hundreds = [0]

    def count() -> None:
        hundreds[0] += 1

    with connection.connected(database):
        database.connection().set_progress_handler(count, 100)
        for kind in (None, "all", "shared"):
            image_lists.select(visibility.seen_in_lists(member, kind), conditions=[HIDDEN])
        image_lists.count(visibility.waiting_for(PROJECTS[3]))
        database.connection().set_progress_handler(None, 0)

    # All shared images would be some 500 for each.
    assert hundreds[0] < 300
