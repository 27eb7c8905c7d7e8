"""Bringing bytes into an object, a part at a time and several parts at once."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import logging
import re
from collections.abc import Callable, Generator, Iterable
from concurrent import futures
from typing import Any

from glance_shim import errors, threads
from glance_shim.stores.s3_client import Bucket

log = logging.getLogger(__name__)

MIB = 1 << 20
MD5 = re.compile(r'"?([0-9a-f]{32})"?')

# Bytes of one upload that may be on their way, unless a single part is larger.
IN_FLIGHT = 64 * MIB

# Once that is more than the usual size, a part of data of unknown length has eight times the
# share of what went before that is one part's of all. A thousand parts of 10 MiB and more hold
# 1.05 TiB then; of ten thousand those at the end of a TiB have 840 MiB.
GROWTH = 8

# Engines take no part of more than 5 GiB, and what makes a part large enough comes in chunks.
LARGEST_GROWN = 5 * 1000 * MIB


def part_sizes(first: int, usual: int, most: int, expected: int | None) -> Callable[[int], int]:
    """How large the next part is to be, as a function of the bytes that went before.

    Nine tenths of the ``most`` parts hold the ``expected`` bytes; the rest is
    for data that is more than that. The first part is smaller if ``first`` is.
    """
    known = expected or 0
    even = max(usual, -(-known * 10 // (most * 9)))

    def size(sent: int) -> int:
        if not sent:
            return min(first, even)
        grown = min(sent * GROWTH // most, LARGEST_GROWN)
        return even if sent < known else max(usual, grown)

    return size


def cut(
    chunks: Iterable[bytes], size: Callable[[int], int]
) -> Generator[bytearray, None, None]:
    """The chunks as parts of at least these sizes; only the last may be smaller, or empty."""
    sent, part = 0, bytearray()
    for chunk in chunks:
        part += chunk
        if len(part) >= size(sent):
            sent += len(part)
            yield part
            part = bytearray()
    if part or not sent:
        yield part


class Upload:
    """One attempt to make an object out of parts.

    Each part is sent with its MD5, which the engine compares, and the size of
    the whole is looked at in the end.
    """

    def __init__(self, bucket: Bucket, key: str, most: int, at_once: int) -> None:
        self._bucket = bucket
        self._key = key
        self._most = most
        self._at_once = at_once
        self._id = ""
        self._sent: dict[int, str] = {}

    def put(self, data: bytearray) -> int:
        """Keep all of the data by one request; return its size."""
        try:
            self._check(data, self._call("put_object", Body=data, ContentMD5=_md5(data)))
            self._require_size(len(data))
        except BaseException:
            self._take_back()
            raise
        return len(data)

    def put_parts(self, parts: Iterable[bytearray]) -> int:
        """Keep the parts as one object; return its size. Nothing stays of a failure.

        What the parts raise passes through unchanged.
        """
        self._id = self._call("create_multipart_upload")["UploadId"]
        try:
            total = self._send_all(parts)
            self._complete(total)
        except BaseException:
            with contextlib.suppress(errors.Error):
                self._call("abort_multipart_upload", UploadId=self._id)
            self._take_back()
            raise
        return total

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return self._bucket.call(operation, Key=self._key, **parameters)
        except errors.BlobNotFound as exc:
            raise errors.StoreUnavailable(store_id=self._bucket.store_id) from exc

    def _send_all(self, parts: Iterable[bytearray]) -> int:
        """Send the parts, a few at once; whoever makes them waits while those are under way."""
        total = 0
        flying: dict[futures.Future[None], int] = {}
        pool = threads.Pool(self._at_once)
        try:
            for number, part in enumerate(parts, 1):
                if number > self._most:
                    raise errors.StoreFull(store_id=self._bucket.store_id)
                while not self._has_room(flying, len(part)):
                    _landed(flying, futures.FIRST_COMPLETED)
                total += len(part)
                flying[pool.submit(self._send, number, part)] = len(part)
            _landed(flying, futures.ALL_COMPLETED)
        finally:
            for each in flying:
                each.cancel()
            pool.shutdown()
            futures.wait(flying)
        return total

    def _has_room(self, flying: dict[futures.Future[None], int], size: int) -> bool:
        return not flying or (
            len(flying) < self._at_once and sum(flying.values()) + size <= IN_FLIGHT
        )

    def _send(self, number: int, part: bytearray) -> None:
        answer = self._call(
            "upload_part",
            UploadId=self._id,
            PartNumber=number,
            Body=part,
            ContentMD5=_md5(part),
        )
        self._check(part, answer)
        self._sent[number] = answer["ETag"]

    def _complete(self, total: int) -> None:
        """Make the object of the parts.

        When no answer comes, the object itself says whether it was made: it
        appears whole or not at all.
        """
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in sorted(self._sent.items())]
        try:
            self._call(
                "complete_multipart_upload",
                UploadId=self._id,
                MultipartUpload={"Parts": parts},
            )
        except errors.Unavailable as exc:
            try:
                self._require_size(total)
            except errors.Unavailable:
                raise errors.StoreUnavailable(store_id=self._bucket.store_id) from exc
            log.warning("Store %s: a lost answer was a yes", self._bucket.store_id)
            return
        self._require_size(total)

    def _check(self, data: bytearray, answer: Any) -> None:
        """The engine must have got what was sent; encrypted objects have other tags."""
        tag = MD5.fullmatch(answer.get("ETag", ""))
        if tag is None or answer.get("ServerSideEncryption"):
            return
        if tag[1] != hashlib.md5(data, usedforsecurity=False).hexdigest():
            log.error("Store %s has kept other bytes than were sent", self._bucket.store_id)
            raise errors.StoreUnavailable(store_id=self._bucket.store_id)

    def _require_size(self, total: int) -> None:
        found = self._bucket.size(self._key)
        if found != total:
            log.error("Store %s has kept %d of %d bytes", self._bucket.store_id, found, total)
            raise errors.StoreUnavailable(store_id=self._bucket.store_id)

    def _take_back(self) -> None:
        """Remove the object, should there be one: a lost answer may have been a yes."""
        with contextlib.suppress(errors.Error):
            self._call("delete_object")


def _landed(flying: dict[futures.Future[None], int], when: str) -> None:
    """Wait for parts; raise what made one fail."""
    done, _ = futures.wait(flying, return_when=when)
    for each in done:
        del flying[each]
        each.result()


def _md5(data: bytearray) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
