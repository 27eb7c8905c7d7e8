"""Bytes on their way out of an object, over as many connections as it takes."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from typing import Any

from glance_shim import errors
from glance_shim.stores import base
from glance_shim.stores.s3_client import FAILURES, Bucket

log = logging.getLogger(__name__)

CHUNK = 256 * 1024

# How often reading is begun again without a byte in between, and the pauses before, in seconds.
RESUMES = 5
PAUSE, LONGEST_PAUSE = 0.1, 3.0


class S3Reading(base.Reading):
    """An object, or a part of it.

    The first answer of the engine is there when this is made. A connection
    that breaks is replaced by one that goes on where it stood, as long as the
    object is the same.
    """

    def __init__(self, bucket: Bucket, key: str, offset: int, length: int | None) -> None:
        self._bucket = bucket
        self._key = key
        self._body: Any = None
        self._position = offset
        if length == 0:
            self.size, self._left = bucket.size(key), 0
            return
        answer = self._answer("" if length is None else str(offset + length - 1))
        self._tag = answer["ETag"]
        self._body = answer["Body"]
        whole = answer.get("ContentRange", "").rpartition("/")[2]
        self.size = int(whole or answer["ContentLength"])
        self._left = int(answer["ContentLength"])

    def _answer(self, last: str, **conditions: str) -> Any:
        if not self._position and not last:
            return self._bucket.call("get_object", Key=self._key)
        span = f"bytes={self._position}-{last}"
        return self._bucket.call("get_object", Key=self._key, Range=span, **conditions)

    def __iter__(self) -> Iterator[bytes]:
        resumed = 0
        while self._left > 0:
            try:
                chunk = self._body.read(min(CHUNK, self._left))
            except FAILURES as exc:
                log.warning(
                    "Store %s: reading breaks off: %s",
                    self._bucket.store_id,
                    self._bucket.in_words(exc),
                )
                chunk = b""
            if chunk:
                resumed = 0
                self._position += len(chunk)
                self._left -= len(chunk)
                yield chunk
                continue
            if resumed == RESUMES:
                raise errors.StoreUnavailable(store_id=self._bucket.store_id)
            self._resume(min(PAUSE * 2**resumed, LONGEST_PAUSE))
            resumed += 1

    def _resume(self, pause: float) -> None:
        """Go on where the last connection stood; raises if the object is another by now."""
        self.close()
        time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
        last = str(self._position + self._left - 1)
        self._body = self._answer(last, IfMatch=self._tag)["Body"]

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
