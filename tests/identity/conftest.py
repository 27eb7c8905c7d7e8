"""A service with users who have passwords, and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from site_under_test import Site, build_app

from glance_shim import clock as program_clock
from glance_shim import config, deployment
from glance_shim.db import connection


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """``make_site(auth_strategy=…, identity={…})``: a service with other options."""
    opened: dict[str, Any] = {}

    def make(**options: Any) -> Site:
        directory = tmp_path / f"database{len(opened)}"
        directory.mkdir(parents=True, exist_ok=True)
        url = databases.new(directory)
        sections = {name: value for name, value in options.items() if isinstance(value, dict)}
        sections["DEFAULT"] = {n: v for n, v in options.items() if not isinstance(v, dict)}
        sections["database"] = {"connection": url, "max_pool_size": 20}
        sections["glance_store"] = {"filesystem_store_datadir": str(tmp_path / "images")}
        built = deployment.build(config.load(overrides=sections))
        opened[url] = built.database
        return Site(built, build_app(built))

    yield make
    for url, database in opened.items():
        database.close_all()
        databases.give_back(url)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A service with default options, and nobody in it yet."""
    return make_site()


@pytest.fixture
def in_database(site: Site) -> Iterator[Site]:
    """The same, inside its database, for what is below HTTP."""
    with connection.connected(site.deployment.database):
        yield site


class Clock:
    """The time of the program; ``slept`` is how long it slept."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0
        self.slept = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until it is moved."""
    moved = Clock()
    monkeypatch.setattr(program_clock, "now", moved.now)
    monkeypatch.setattr(program_clock, "sleep", moved.sleep)
    return moved


@pytest.fixture
def ana(site: Site) -> Any:
    """Member of project lab, which is her default project."""
    return site.user("ana", "lab", "member")


@pytest.fixture
def ben(site: Site) -> Any:
    """Member of project shop."""
    return site.user("ben", "shop", "member")


@pytest.fixture
def root(site: Site) -> Any:
    """Administrator, in project admin."""
    return site.user("root", "admin", "admin")
