"""How many parts an object is made of, and that there are never too many.

Ten thousand parts of the smallest size that engines take are 50 GB. So a part has as many bytes
here as it else has MiB, and what keeps them is a few lines that count.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glance_shim import config, errors
from glance_shim.stores import open_stores, s3
from glance_shim.stores.s3_uploads import Upload, part_sizes

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"
MOST = 10_000
MIB, TIB = 1 << 20, 1 << 40


class Counting:
    """A bucket that keeps parts by their numbers, and takes no more than an engine does."""

    store_id = "tested"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.calls: list[str] = []
        self._access = threading.Lock()

    def call(self, operation: str, Key: str, **given: Any) -> dict[str, str]:
        with self._access:
            self.calls.append(operation)
            return getattr(self, operation)(Key, **given) or {}

    def create_multipart_upload(self, key: str) -> dict[str, str]:
        return {"UploadId": "the upload"}

    def upload_part(self, key: str, PartNumber: int, Body: Any, **given: Any) -> dict[str, str]:
        assert 1 <= PartNumber <= MOST
        self.parts[PartNumber] = bytes(Body)
        return {"ETag": hashlib.md5(Body, usedforsecurity=False).hexdigest()}

    def complete_multipart_upload(self, key: str, MultipartUpload: Any, UploadId: str) -> None:
        named = [each["PartNumber"] for each in MultipartUpload["Parts"]]
        assert named == sorted(self.parts)
        self.objects[key] = b"".join(self.parts[number] for number in named)

    def abort_multipart_upload(self, key: str, UploadId: str) -> None:
        self.parts.clear()

    def put_object(self, key: str, Body: Any, ContentMD5: str) -> dict[str, str]:
        self.objects[key] = bytes(Body)
        return {"ETag": hashlib.md5(Body, usedforsecurity=False).hexdigest()}

    def delete_object(self, key: str) -> None:
        self.objects.pop(key, None)

    def size(self, key: str) -> int:
        if key not in self.objects:
            raise errors.BlobNotFound(store_id=self.store_id)
        return len(self.objects[key])


@pytest.fixture
def bucket() -> Counting:
    return Counting()


@pytest.fixture
def make(bucket: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``make(s3_store_max_parts=…)``: a store whose options count bytes, not MiB."""
    monkeypatch.setattr(s3, "MIB", 1)

    def made(**options: Any) -> Any:
        section = {
            "s3_store_host": "http://127.0.0.1:1",
            "s3_store_bucket": "images",
            "s3_store_access_key": "key",
            "s3_store_secret_key": "secret",
            "s3_store_max_parts": MOST,
            **options,
        }
        sections = {
            "DEFAULT": {"enabled_backends": {"tested": "s3"}, "state_path": str(tmp_path)},
            "tested": section,
        }
        store = open_stores(config.load([], sections)).default
        store._bucket = bucket  # type: ignore[attr-defined]
        return store

    return made


def parts(count: int) -> Iterator[bytearray]:
    return (bytearray(b"%d," % number) for number in range(count))


def test_an_object_of_as_many_parts_as_there_may_be_is_whole(bucket: Counting) -> None:
    total = Upload(bucket, "key", MOST, 4).put_parts(parts(MOST))  # type: ignore[arg-type]

    assert sorted(bucket.parts) == list(range(1, MOST + 1))
    assert bucket.objects == {"key": b"".join(parts(MOST))}
    assert total == len(bucket.objects["key"])


def test_one_part_more_is_refused_and_leaves_nothing(bucket: Counting) -> None:
    with pytest.raises(errors.StoreFull):
        Upload(bucket, "key", MOST, 4).put_parts(parts(MOST + 1))  # type: ignore[arg-type]

    assert (bucket.objects, bucket.parts) == ({}, {})
    assert bucket.calls[-2:] == ["abort_multipart_upload", "delete_object"]
    assert "complete_multipart_upload" not in bucket.calls


@pytest.mark.parametrize("expected", [None, 1, 400_000, 500_000])
def test_what_would_be_too_many_parts_goes_in_larger_ones(
    make: Any, bucket: Counting, expected: int | None
) -> None:
    store = make(s3_store_large_object_size=5, s3_store_large_object_chunk_size=5)
    data = bytes(range(250)) * 2000
    assert len(data) == 500_000 > MOST * 5 * 9

    assert store.add(BLOB, (data[i : i + 1] for i in range(len(data))), expected) == len(data)

    assert bucket.objects == {BLOB: data}
    assert len(bucket.parts) <= MOST
    assert min(len(part) for _, part in sorted(bucket.parts.items())[:-1]) >= 5


def counted(usual: int, most: int, expected: int | None, total: int) -> tuple[int, int]:
    """How many parts the bytes go in, and how large the largest is."""
    size, sent, count, largest = part_sizes(100 * MIB, usual, most, expected), 0, 0, 0
    while sent < total:
        part = min(size(sent), total - sent)
        sent, count, largest = sent + part, count + 1, max(largest, part)
    return count, largest


@pytest.mark.parametrize("usual", [5, 10, 64, 1024])
@pytest.mark.parametrize("total", [1, 50 * 1024 * MIB, TIB, 5 * TIB])
def test_an_object_that_is_announced_never_needs_more_than_there_may_be(
    usual: int, total: int
) -> None:
    for most in (1000, MOST):
        # What comes beyond what was announced has a tenth of the parts.
        for beyond in (0, total // 100):
            count, largest = counted(usual * MIB, most, total, total + beyond)
            assert count <= most
            assert largest <= max(5 << 30, usual * MIB, total * 10 // (most * 9) + 1)


@pytest.mark.parametrize("usual, most", [(10, 1000), (5, MOST), (10, MOST), (1024, MOST)])
def test_nor_does_one_of_the_largest_image_whose_length_nobody_has_said(
    usual: int, most: int
) -> None:
    largest_image = config.load([], {}).image_size_cap

    count, largest = counted(usual * MIB, most, None, largest_image)

    assert count <= most
    # What the engines take, and with as many parts as most of them have, far less memory.
    assert largest <= (5 << 30 if most < MOST else 1 << 30)
