"""What a store does when its object store, or the way there, fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import object_store
import pytest
from server_process import free_port
from unreliable import Unreliable

from glance_shim import errors
from glance_shim.stores import s3

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"
OTHER = BLOB[:-1] + "1"
MIB = 1 << 20
DATA = os.urandom(12 * MIB)
SMALL_PARTS = {"s3_store_large_object_chunk_size": 5}


def pieces(data: bytes = DATA) -> list[bytes]:
    return [data[i : i + MIB] for i in range(0, len(data), MIB)]


def content(store: Any) -> bytes:
    reading = store.read(BLOB)
    try:
        return b"".join(reading)
    finally:
        reading.close()


def unfinished(store: Any) -> list[str]:
    """The names of the objects that parts wait for."""
    found = store._bucket.call("list_multipart_uploads").get("Uploads", ())
    return [each["Key"] for each in found]


@pytest.fixture
def way(engine: object_store.Swift) -> Iterator[Unreliable]:
    made = Unreliable(engine.port)
    yield made
    made.close()


@pytest.fixture
def store(make_s3: Any, way: Unreliable) -> Any:
    """A store in the engine, reached by a way that can be cut."""
    return make_s3(s3_store_host=way.url, **SMALL_PARTS)


@pytest.mark.parametrize("request_line", [b"POST ", b"PUT "], ids=["of the whole", "of a part"])
def test_an_answer_that_is_lost_costs_nothing(
    store: Any, way: Unreliable, request_line: bytes
) -> None:
    store.add(OTHER, [b"x"])
    way.loses = lambda data: data.startswith(request_line) and b"uploadId=" in data
    way.losses = 1

    assert store.add(BLOB, pieces()) == len(DATA)
    assert (way.losses, way.cut) == (0, 1)
    assert content(store) == DATA
    assert unfinished(store) == []


def test_every_answer_to_the_end_of_an_upload_may_be_lost(store: Any, way: Unreliable) -> None:
    store.add(OTHER, [b"x"])
    way.loses = lambda data: data.startswith(b"POST ") and b"uploadId=" in data
    way.losses = 3

    assert store.add(BLOB, pieces()) == len(DATA)
    assert (way.losses, way.cut) == (0, 3)
    assert content(store) == DATA


def test_a_download_that_breaks_goes_on_where_it_stood(store: Any, way: Unreliable) -> None:
    store.add(BLOB, pieces())
    way.answers_end_after = [MIB, 3 * MIB, 2 * MIB]

    assert content(store) == DATA
    assert way.cut == 3


def test_a_download_does_not_go_on_in_another_object(store: Any, way: Unreliable) -> None:
    store.add(BLOB, pieces())
    way.answers_end_after = [MIB]
    reading = iter(store.read(BLOB))
    next(reading)
    store.delete(BLOB)
    store.add(BLOB, pieces(os.urandom(len(DATA))))

    with pytest.raises(errors.Unavailable):
        list(reading)


def test_an_object_store_that_goes_away_fails_the_upload_and_no_later_one(
    engine: object_store.Swift, make_s3: Any
) -> None:
    store = make_s3(**SMALL_PARTS)
    store.add(OTHER, [b"x"])

    def chunks() -> Iterator[bytes]:
        yield from pieces()
        engine.stop()
        yield from pieces()

    try:
        with pytest.raises(errors.StoreUnavailable):
            store.add(BLOB, chunks())
        for use in (store.read, store.size, store.delete, lambda b: store.add(b, [b"x"])):
            with pytest.raises(errors.StoreUnavailable):
                use(BLOB)
    finally:
        engine.stop()
        engine.start()

    assert store.add(BLOB, pieces()) == len(DATA)
    assert content(store) == DATA


def test_a_sweep_takes_old_parts_that_nobody_has_a_lease_on(
    make_s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_s3(s3_store_prefix="ours/")
    store.add(OTHER, [b"x"])
    for key in (f"ours/{BLOB}", f"ours/{OTHER}", "ours/foreign", f"theirs/{BLOB}"):
        store._bucket.call("create_multipart_upload", Key=key)

    assert store.sweep() == 0
    monkeypatch.setattr(s3, "ABANDONED_SECONDS", -60)
    assert store.sweep(keep=lambda blob_id: blob_id == OTHER) == 1
    assert sorted(unfinished(store)) == [f"ours/{OTHER}", "ours/foreign", f"theirs/{BLOB}"]
    assert store.size(OTHER) == 1


@pytest.mark.parametrize(
    "options, words",
    [
        (
            {"s3_store_access_key": "test:nobody"},
            "access key is not known|do not belong|do not allow",
        ),
        ({"s3_store_secret_key": "wrong-canary"}, "do not belong together|do not allow"),
        ({"s3_store_bucket": "no-such-bucket"}, "there is no bucket no-such-bucket"),
        ({"s3_store_host": f"http://127.0.0.1:{free_port()}"}, "there is no connection to"),
    ],
    ids=["access key", "secret key", "bucket", "host"],
)
def test_what_is_wrong_is_named_and_no_secret_is_logged(
    make_s3: Any, options: dict[str, str], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = make_s3(s3_store_create_bucket_on_put=False, **options)

    with pytest.raises(errors.StoreUnavailable, match=words) as caught:
        store.check()
    with pytest.raises(errors.StoreUnavailable):
        store.add(BLOB, [b"x"])
    told = f"{caught.value} {caplog.text}"
    for secret in ("wrong-canary", "testing", "test:nobody", "Signature="):
        assert secret not in told


def test_a_server_without_tls_is_not_talked_to_as_if_it_had(
    engine: object_store.Swift, make_s3: Any
) -> None:
    store = make_s3(
        s3_store_host=f"https://127.0.0.1:{engine.port}", s3_store_create_bucket_on_put=False
    )

    with pytest.raises(errors.StoreUnavailable, match=r"certificate|no connection"):
        store.check()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"s3_store_bucket": None}, "needs s3_store_bucket"),
        ({"s3_store_host": None}, "needs s3_store_host"),
        ({"s3_store_access_key": None}, "or neither"),
        (
            {
                "s3_store_access_key": None,
                "s3_store_secret_key": None,
                "s3_store_credentials_file": "/nowhere",
            },
            "must be readable",
        ),
    ],
)
def test_a_store_that_cannot_work_is_refused_at_the_start(
    make_s3: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=words):
        make_s3(**options)


def test_keys_come_from_a_file_or_from_the_environment(
    make_s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = {"s3_store_access_key": None, "s3_store_secret_key": None}
    names = {
        "aws_access_key_id": object_store.ACCESS_KEY,
        "aws_secret_access_key": object_store.SECRET_KEY,
    }
    file = tmp_path / "credentials"
    file.write_text("[default]\n" + "".join(f"{n} = {v}\n" for n, v in names.items()))

    assert make_s3(**none, s3_store_credentials_file=str(file)).add(BLOB, [b"x"]) == 1
    for name, value in names.items():
        monkeypatch.setenv(name.upper(), value)
    assert make_s3(**none).size(BLOB) == 1
