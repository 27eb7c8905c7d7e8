"""Data on its way into a store: the lease, the checks, and what undoes a failure."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import formats, images, lifecycle, quotas, signatures
from glance_shim.db import connection, uploads
from glance_shim.db import images as rows
from glance_shim.db.images import ImageRow
from glance_shim.stores import streams


class Lease:
    """One attempt to bring data of an image into a blob, and its row in the database.

    With ``status`` the image, which must be queued, has that status while the
    data arrives, and is queued again if it fails. ``reserved`` bytes count
    against the owner's quota meanwhile.
    """

    def __init__(
        self,
        context: Context,
        image: ImageRow,
        store_id: str,
        reserved: int = 0,
        status: str | None = None,
    ) -> None:
        self.context = context
        self.image = image
        self.store_id = store_id
        self.reserved = reserved
        self.status = status
        self.limits: quotas.Limits = {}
        self.blob_id = f"{image.id}-{secrets.token_hex(4)}"
        self._renewed = time.monotonic()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lease in the block; the block must `release` it when it succeeds."""
        image = self.image
        self.limits = quotas.limits_of(self.context, image.owner)
        with connection.writing():
            now = rows.find_any_for_change(image.id)
            if self.status and now is not None:
                lifecycle.require_same_formats(image, now)
            self._require_quota(self.reserved)
            if self.status and not rows.move_status(image.id, "queued", self.status):
                lifecycle.require(images.get(self.context, image.id), "upload")
            uploads.add(image.id, self.store_id, self.blob_id, image.owner, self.reserved)
            if self.status:
                quotas.require_busy(self.limits, image.owner)
        try:
            yield
        except BaseException as exc:
            with connection.writing():
                self._give_back(isinstance(exc, errors.Unavailable | errors.StoreFull))
            raise

    def _give_back(self, perhaps_kept: bool) -> None:
        """End the lease of an attempt that failed, unless it has been taken away.

        What a store may have kept though it did not say so is noted as to go.
        """
        image = self.image
        rows.find_any_for_change(image.id)
        if not uploads.delete(self.blob_id):
            return
        if self.status:
            rows.move_status(image.id, self.status, "queued", size=None, virtual_size=None)
        if perhaps_kept:
            uploads.add_removals(image.id, [(self.store_id, self.blob_id)], 0)

    def _require_quota(self, size: int) -> None:
        """Raise `errors.StorageQuotaExceeded` if the owner may not store so much more."""
        owner = self.image.owner
        quotas.require_room(
            self.context, self.limits, owner, self.store_id, self.image.id, size
        )

    def progress(self, received: int) -> None:
        """Renew the lease and the reservation while data arrives.

        Nothing is asked of the database for what was announced and is
        reserved, unless some seconds have passed. Raises
        `errors.ImageDeletedMeanwhile` and `errors.StorageQuotaExceeded`, so
        that a hopeless transfer ends early.
        """
        now = time.monotonic()
        if received <= self.reserved and now - self._renewed < streams.EVERY_SECONDS:
            return
        self._renewed = now
        self.reserved = max(self.reserved, received)
        with connection.borrowed(), connection.writing():
            there = rows.find_any_for_change(self.image.id)
            self._require_quota(self.reserved)
            if there is None or not uploads.renew(self.blob_id, self.reserved):
                raise errors.ImageDeletedMeanwhile(image_id=self.image.id)

    def release(self, size: int) -> None:
        """End the lease, in the transaction that records where the ``size`` bytes are.

        Raises `errors.ImageDeletedMeanwhile` if it has been taken away, and
        `errors.StorageQuotaExceeded` if the owner may not store so much more.
        """
        rows.find_any_for_change(self.image.id)
        self._require_quota(size)
        if not uploads.delete(self.blob_id):
            raise errors.ImageDeletedMeanwhile(image_id=self.image.id)


class Staged:
    """Data on its way into staging: counted, hashed, compared with what was declared.

    At its end ``columns`` are those of the image that it decides.
    """

    def __init__(
        self,
        context: Context,
        chunks: Iterable[bytes],
        declared: int | None = None,
        on_progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        config = context.config
        self._algorithm = config.hashing_algorithm
        self._hash = hashlib.new(self._algorithm)
        observers = [self._hash.update]
        limit = config.image_size_cap
        self._counted = streams.Counted(chunks, limit, observers, on_progress)
        self._declared = declared

    @property
    def size(self) -> int:
        return self._counted.size

    def __iter__(self) -> Iterator[bytes]:
        yield from self._counted
        _require_declared(self._declared, self.size)

    @property
    def columns(self) -> dict[str, Any]:
        hashed = f"{self._algorithm}:{self._hash.hexdigest()}"
        return {"size": self.size, "staged_hash": hashed}


def _require_declared(declared: int | None, received: int) -> None:
    if declared and declared != received:
        raise errors.SizeMismatch(declared=declared, received=received)


class Inspected:
    """Data on its way into a store, refused at its end if it is not as it should be.

    The checks are part of the stream, so that a store never commits what
    fails them. ``facts`` are the columns of the image that the data decides.
    """

    def __init__(
        self,
        context: Context,
        image: ImageRow,
        chunks: Iterable[bytes],
        declared: int | None = None,
        on_progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        config = context.config
        self._algorithm = config.hashing_algorithm
        self._declared = declared
        self._inspector = formats.Inspector(image, config.image_format)
        self._verifier = signatures.verifier_for(image, config.signature_certificates_dir)
        observers = [self._inspector.feed, *([self._verifier.update] if self._verifier else [])]
        self._measured = streams.Measured(
            chunks,
            self._algorithm,
            limit=config.image_size_cap,
            observers=observers,
            on_progress=on_progress,
        )
        self.facts: dict[str, Any] = {}

    @property
    def size(self) -> int:
        return self._measured.size

    def __iter__(self) -> Iterator[bytes]:
        yield from self._measured
        _require_declared(self._declared, self.size)
        virtual_size = self._inspector.finish(self.size)
        if self._verifier:
            self._verifier.verify()
        self.facts = {
            "size": self.size,
            "virtual_size": virtual_size,
            "checksum": self._measured.checksum,
            "os_hash_algo": self._algorithm,
            "os_hash_value": self._measured.os_hash_value,
        }


@contextlib.contextmanager
def kept(
    store: Any, blob_id: str, data: Iterable[bytes], expected: int | None = None
) -> Iterator[None]:
    """Put the data in the store for the block; take it out again on failure.

    After `errors.OutcomeUnknown` it stays: an orphan, which a sweep finds, is
    better than an active image without bytes.
    """
    with connection.released():
        store.add(blob_id, data, expected)
    try:
        yield
    except errors.OutcomeUnknown:
        raise
    except BaseException:
        store.delete(blob_id)
        raise


@contextlib.contextmanager
def recording(image_id: str, blob_id: str) -> Iterator[None]:
    """A transaction that makes the image refer to the blob.

    When the database fails at its end, the row is looked at again; raises
    `errors.OutcomeUnknown` if it cannot be said whether it has committed.
    """
    try:
        with connection.writing():
            yield
    except connection.FAILURES as exc:
        if not _refers(image_id, blob_id):
            raise errors.OutcomeUnknown(image_id=image_id) from exc


def _refers(image_id: str, blob_id: str) -> bool:
    try:
        return rows.has_blob(image_id, blob_id)
    except connection.FAILURES:
        return False
