"""Stores to test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import object_store
import pytest

from glance_shim import config
from glance_shim.stores import open_stores
from glance_shim.stores.base import Store


@pytest.fixture
def make_s3(engine: object_store.Swift, bucket: str, tmp_path: Path) -> Any:
    """``make_s3(s3_store_prefix=…)``: a store in the bucket, with these options."""

    def make(**options: Any) -> Any:
        section = engine.options(bucket, **options)
        return opened(tmp_path, "s3", section)

    return make


def opened(directory: Path, kind: str, options: dict[str, Any]) -> Store:
    """The store that a configuration with these options describes."""
    sections = {
        "DEFAULT": {"enabled_backends": {"tested": kind}, "state_path": str(directory)},
        "tested": options,
    }
    return open_stores(config.load([], sections)).default


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A store of each kind."""
    if request.param == "file":
        return opened(tmp_path, "file", {"filesystem_store_datadir": str(tmp_path / "store")})
    return request.getfixturevalue("make_s3")()
