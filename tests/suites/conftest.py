"""The clouds that the suites run against, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud, commands_of
from real_keystone import Keystone


@pytest.fixture(scope="session")
def commands() -> Path:
    """Where the suites and the clients they use are."""
    return commands_of("suites")


@pytest.fixture(scope="session")
def make_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """``make_cloud(options)``: a cloud of its own."""
    made: list[Cloud] = []

    def make(options: str = "") -> Cloud:
        # One thread: several writers at once are too many for Keystone with SQLite.
        keystone = Keystone(
            commands_of("keystone"), tmp_path_factory.mktemp("keystone"), 28800, threads=1
        )
        made.append(Cloud(keystone, tmp_path_factory.mktemp("cloud"), options))
        return made[-1]

    yield make
    for cloud in made:
        cloud.stop()
