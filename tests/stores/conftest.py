"""Stores to test, and the engine of those that speak S3."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environments
import object_store
import pytest

from glance_shim import config
from glance_shim.stores import open_stores
from glance_shim.stores.base import Store


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object_store.Swift]:
    """A Swift of this test process, which serves."""
    commands = environments.find("swift")
    if commands is None:
        pytest.skip(object_store.MISSING)
    directory = tmp_path_factory.mktemp("swift")
    try:
        os.setxattr(directory, "user.test", b"x")
    except OSError:
        pytest.skip(f"Swift needs extended attributes, which {directory} does not have")
    swift = object_store.Swift(directory, commands)
    swift.start()
    yield swift
    swift.stop()


@pytest.fixture
def bucket() -> str:
    """The name of a bucket that nobody has."""
    return f"test-{uuid.uuid4().hex[:12]}"


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
