"""Blobs as objects in a bucket of an engine that speaks S3.

An object appears whole or not at all, so a blob is never half there; what a
dead writer leaves behind are parts of an object that never was, which `sweep`
finds. Object names are the prefix of the store and the blob id.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from glance_shim import errors
from glance_shim.stores import base
from glance_shim.stores.s3_client import Bucket
from glance_shim.stores.s3_reading import S3Reading
from glance_shim.stores.s3_uploads import MIB, Upload, cut, part_sizes

log = logging.getLogger(__name__)

# Parts without a lease that are younger than this may be somebody else's who works on them.
ABANDONED_SECONDS = 60

# What an administrator may see of the store's options.
SHOWN = (
    "s3_store_large_object_size",
    "s3_store_large_object_chunk_size",
    "s3_store_thread_pools",
)


class S3Store(base.Store):
    type = "s3"
    sees_writers = False

    def __init__(
        self, store_id: str, options: Any, description: str = "", weight: int = 0
    ) -> None:
        super().__init__(store_id, description, weight)
        # Not the options themselves, which hold a secret.
        self._sizes = {name: getattr(options, name) for name in SHOWN}
        self._most_parts: int = options.s3_store_max_parts
        self._bucket = Bucket(store_id, options)
        self._prefix: str = options.s3_store_prefix
        self._create_bucket: bool = options.s3_store_create_bucket_on_put

    def _key(self, blob_id: str) -> str:
        base.require_valid(blob_id)
        return f"{self._prefix}{blob_id}"

    def add(self, blob_id: str, chunks: Iterable[bytes], expected: int | None = None) -> int:
        key, most = self._key(blob_id), self._most_parts
        self._require_free(key)
        small, usual, threads = self._sizes.values()
        small, usual = small * MIB, usual * MIB
        parts = cut(chunks, part_sizes(small, usual, most, expected))
        upload = Upload(self._bucket, key, most, threads)
        # Closed, so that the source lets go of its threads also when the sending fails.
        with contextlib.closing(parts):
            first = next(parts)
            following = next(parts, None)
            if following is None:
                return upload.put(first)
            return upload.put_parts(itertools.chain((first, following), parts))

    def _require_free(self, key: str) -> None:
        """Raise `errors.StoreUnavailable` if there is such an object, or no bucket."""
        if self._create_bucket and not self._bucket.exists():
            self._bucket.call("create_bucket")
        self._create_bucket = False
        try:
            self._bucket.size(key)
        except errors.BlobNotFound:
            return
        log.error("Store %s has an object of this name already", self.store_id)
        raise errors.StoreUnavailable(store_id=self.store_id)

    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> S3Reading:
        return S3Reading(self._bucket, self._key(blob_id), offset, length)

    def delete(self, blob_id: str) -> None:
        try:
            self._bucket.call("delete_object", Key=self._key(blob_id))
        except errors.BlobNotFound:
            return

    def size(self, blob_id: str) -> int:
        return self._bucket.size(self._key(blob_id))

    def blobs(self) -> Iterator[base.Blob]:
        marks: dict[str, str] = {}
        while True:
            page = self._bucket.call("list_objects_v2", Prefix=self._prefix, **marks)
            for found in page.get("Contents", ()):
                blob_id = found["Key"].removeprefix(self._prefix)
                if base.BLOB_ID.fullmatch(blob_id):
                    modified = found["LastModified"].timestamp()
                    yield base.Blob(blob_id, int(found["Size"]), modified)
            if not page.get("IsTruncated"):
                return
            marks = {"ContinuationToken": page["NextContinuationToken"]}

    def url(self, blob_id: str) -> str:
        return f"s3://{self._bucket.name}/{self._key(blob_id)}"

    def signed_url(self, blob_id: str, seconds: int) -> str:
        return self._bucket.signed_url(self._key(blob_id), seconds)

    def properties(self) -> dict[str, Any]:
        return dict(self._sizes)

    def check(self) -> None:
        self._bucket.check(may_be_missing=self._create_bucket)

    def sweep(self, keep: Callable[[str], bool] = lambda blob_id: False) -> int:
        removed = 0
        marks: dict[str, str] = {}
        while True:
            page = self._bucket.call("list_multipart_uploads", Prefix=self._prefix, **marks)
            for found in page.get("Uploads", ()):
                if self._is_abandoned(found, keep):
                    self._abort(found)
                    removed += 1
            if not page.get("IsTruncated"):
                return removed
            marks = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _is_abandoned(self, found: Any, keep: Callable[[str], bool]) -> bool:
        blob_id = found["Key"].removeprefix(self._prefix)
        age = time.time() - found["Initiated"].timestamp()
        ours = base.BLOB_ID.fullmatch(blob_id) is not None
        return ours and age > ABANDONED_SECONDS and not keep(blob_id)

    def _abort(self, found: Any) -> None:
        upload = {"Key": found["Key"], "UploadId": found["UploadId"]}
        try:
            self._bucket.call("abort_multipart_upload", **upload)
        except errors.BlobNotFound:
            return
        log.warning("Store %s: parts of %s are removed", self.store_id, found["Key"])
