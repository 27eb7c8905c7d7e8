"""Lists and look-ups read no table from end to end."""

from __future__ import annotations

import types
from typing import Any

import crowd
import databases
import pytest

from glance_shim.db import connection, images
from glance_shim.policy import visibility

PROJECTS = [f"{number:032x}" for number in range(30)]
MARKER = crowd.identity(2500)


@pytest.fixture
def crowded(database: Any) -> Any:
    """A database with 5,000 images of 30 projects."""
    crowd.fill(database, 5_000, PROJECTS)
    return database


LISTS: dict[str, dict[str, Any]] = {
    "first page": {},
    "deep page": {"marker": MARKER},
    "name": {"conditions": [("name", "eq", "image 3")]},
    "property": {"properties": [("n", "33")]},
    "tag": {"tags": ["t0-3"]},
}


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
                    images.select(visibility.seen_in_lists(member, kind), **asked)
                assert not databases.scans(crowded, *seen[-1]), (name, kind)
        with databases.counted(crowded) as seen:
            assert images.find(crowd.identity(3), visibility.seen_by_id(member))
        # What a project has been offered is few; the image is found by its id.
        assert not databases.scans(crowded, *seen[-1])
