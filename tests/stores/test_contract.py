"""What every store promises, whatever it keeps its bytes in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from glance_shim import errors
from glance_shim.stores.base import Store

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"
MIB = 1 << 20


def content(store: Store, offset: int = 0, length: int | None = None) -> bytes:
    reading = store.read(BLOB, offset, length)
    try:
        return b"".join(reading)
    finally:
        reading.close()


def is_empty(store: Store) -> bool:
    """Is nothing there, and does the store take the blob now?"""
    with pytest.raises(errors.BlobNotFound):
        store.size(BLOB)
    taken = store.add(BLOB, [b"ok"]) == 2
    store.delete(BLOB)
    return taken and store.sweep() == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytes(range(256)), b"y" * 65535, b"y" * 65537, os.urandom(MIB)],
    ids=len,
)
def test_what_is_put_in_comes_out(store: Store, data: bytes) -> None:
    chunks = [data[i : i + 1000] for i in range(0, len(data), 1000)]

    assert store.add(BLOB, chunks) == len(data)
    reading = store.read(BLOB)
    assert (b"".join(reading), reading.size, store.size(BLOB)) == (data, len(data), len(data))
    reading.close()


@pytest.mark.parametrize("expected", [None, 0, 23 * MIB, 50 * MIB, 1], ids=str)
def test_large_data_comes_out_as_it_was_whatever_was_expected(
    store: Store, expected: int | None
) -> None:
    data = os.urandom(23 * MIB + 1)
    chunks = [data[i : i + 300_000] for i in range(0, len(data), 300_000)]

    assert store.add(BLOB, chunks, expected) == len(data)
    assert content(store) == data
    assert content(store, 10 * MIB - 5, 10) == data[10 * MIB - 5 : 10 * MIB + 5]


@pytest.mark.parametrize(
    "offset, length, wanted",
    [
        (3, 4, b"3456"),
        (0, 1, b"0"),
        (9, 1, b"9"),
        (0, 10, b"0123456789"),
        (4, None, b"456789"),
        (4, 0, b""),
    ],
)
def test_a_part_is_read_from_where_it_begins(
    store: Store, offset: int, length: int | None, wanted: bytes
) -> None:
    store.add(BLOB, [b"0123456789"])

    reading = store.read(BLOB, offset, length)
    assert (reading.size, b"".join(reading)) == (10, wanted)
    reading.close()
    reading.close()


@pytest.mark.parametrize("size", [4, 12 * MIB], ids=["at once", "after some parts"])
def test_what_the_source_raises_passes_and_leaves_nothing(store: Store, size: int) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * size
        yield b"x" * size
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        store.add(BLOB, chunks())
    assert is_empty(store)


def test_a_blob_is_never_overwritten(store: Store) -> None:
    store.add(BLOB, [b"first"])

    with pytest.raises(errors.StoreUnavailable):
        store.add(BLOB, [b"second"])
    assert content(store) == b"first"


def test_deleting_twice_is_no_error(store: Store) -> None:
    store.add(BLOB, [b"x"])
    store.delete(BLOB)
    store.delete(BLOB)

    with pytest.raises(errors.BlobNotFound):
        store.read(BLOB)
    assert is_empty(store)


@pytest.mark.parametrize(
    "blob_id", ["", "..", "../x", "/etc/passwd", BLOB + "/x", BLOB[:-1], "partial"]
)
def test_other_names_than_ours_never_become_names_of_blobs(store: Store, blob_id: str) -> None:
    for use in (store.read, store.delete, store.size, lambda b: store.add(b, [b"x"])):
        with pytest.raises(ValueError, match="not a blob id"):
            use(blob_id)


def test_a_store_that_can_be_used_passes_its_check(store: Store) -> None:
    store.check()
    store.add(BLOB, [b"x"])
    store.check()


def test_what_is_told_of_a_store_holds_no_secret(store: Store) -> None:
    told = f"{store.properties()} {store.url(BLOB)} {store!r}"

    assert store.url(BLOB).endswith(BLOB)
    assert "testing" not in told


def test_whole_blobs_are_listed_and_foreign_things_are_not(store: Store) -> None:
    others = [f"{BLOB[:-8]}{number:08x}" for number in range(1, 4)]
    for blob_id in (BLOB, *others):
        store.add(blob_id, [b"0123456789"])

    listed = {blob.blob_id: blob for blob in store.blobs()}

    assert listed.keys() == {BLOB, *others}
    assert all(blob.size == 10 for blob in listed.values())
    assert all(abs(blob.modified - time.time()) < 3600 for blob in listed.values())
