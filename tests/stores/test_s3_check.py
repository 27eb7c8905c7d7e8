"""``glance-shim check`` names what is wrong with an object store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import object_store
import pytest
from server_process import free_port

from glance_shim import config, deployment, errors
from glance_shim.core import checks
from glance_shim.stores import open_stores

Given = Callable[[object_store.Swift], dict[str, Any]]

WRONG: dict[str, tuple[Given, str]] = {
    "unknown key": (
        lambda engine: {"s3_store_access_key": "nobody"},
        "access key and secret key do not belong together",
    ),
    "wrong secret": (
        lambda engine: {"s3_store_secret_key": "guessed"},
        "access key and secret key do not belong together",
    ),
    "no bucket": (
        lambda engine: {"s3_store_bucket": "nowhere", "s3_store_create_bucket_on_put": False},
        "there is no bucket nowhere",
    ),
    "nobody listens": (
        lambda engine: {"s3_store_host": f"http://127.0.0.1:{free_port()}"},
        "there is no connection to http://127.0.0.1:",
    ),
    "no TLS": (
        lambda engine: {"s3_store_host": f"https://127.0.0.1:{engine.port}"},
        "is not trusted, or there is no TLS",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_check_says_what_is_wrong_without_the_secret(
    engine: object_store.Swift, tmp_path: Path, bucket: str, what: str
) -> None:
    given, words = WRONG[what]
    options = {"s3_store_create_bucket_on_put": False, **given(engine)}
    if what != "no bucket":
        engine.client().create_bucket(Bucket=bucket)
    sections = {
        "DEFAULT": {"enabled_backends": {"big": "s3"}, "state_path": str(tmp_path)},
        "database": {"connection": f"sqlite:///{tmp_path}/glance.db"},
        "big": engine.options(bucket, **options),
    }

    found = list(checks.problems(deployment.build(config.load([], sections))))

    line = next(problem for problem in found if problem.startswith("store big: "))
    assert words in line
    assert "guessed" not in line
    assert object_store.SECRET_KEY not in line


@pytest.mark.parametrize(
    "options, words",
    [
        ({"s3_store_host": None}, "needs s3_store_host"),
        ({"s3_store_bucket": None}, "needs s3_store_bucket"),
        ({"s3_store_secret_key": None}, "or neither of them"),
    ],
    ids=["no host", "no bucket", "half of the credentials"],
)
def test_options_that_cannot_be_right_are_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    given = {
        "s3_store_host": "http://127.0.0.1:1",
        "s3_store_bucket": "images",
        "s3_store_access_key": "key",
        "s3_store_secret_key": "secret",
        **options,
    }
    sections = {
        "DEFAULT": {"enabled_backends": {"big": "s3"}, "state_path": str(tmp_path)},
        "big": {name: value for name, value in given.items() if value},
    }

    with pytest.raises(errors.ConfigurationError, match=words):
        open_stores(config.load([], sections))
