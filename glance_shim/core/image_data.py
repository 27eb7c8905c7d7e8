"""The bytes of images: upload and download."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import (
    activity_log,
    arrivals,
    cache,
    cache_filling,
    copies,
    events,
    images,
    lifecycle,
)
from glance_shim.core.transfers import Transfer
from glance_shim.db import images as rows
from glance_shim.db.images import ImageRow, Location
from glance_shim.stores.base import Reading

log = logging.getLogger(__name__)

READABLE = ("active", "deactivated")


def upload(
    context: Context,
    image_id: str,
    chunks: Iterable[bytes],
    store_id: str | None = None,
    declared: int | None = None,
    expected: int | None = None,
) -> ImageRow:
    """Keep the bytes of ``chunks`` as the data of a queued image.

    The image is ``saving`` while they arrive and ``active`` at the end, with
    size, hashes and location set in the same moment. Whatever goes wrong, it
    is ``queued`` again afterwards and the store holds nothing of the attempt.
    ``declared`` is the size the client says the data has and must be right (0
    or ``None``: it does not know); ``expected`` is what the transfer announced
    and only serves to refuse early what cannot fit.
    """
    stores = context.deployment.stores
    store = stores.find(store_id) if store_id else stores.default
    image = images.get(context, image_id)
    context.enforce("upload_image", images.target(context, image))
    lifecycle.require(image, "upload")
    lifecycle.require_formats(image)
    if store.read_only:
        raise errors.StoreReadOnly(store_id=store.store_id)
    announced = _announced(context, declared, expected)
    lease = arrivals.Lease(context, image, store.store_id, announced, status="saving")
    data = arrivals.Inspected(context, image, chunks, declared, lease.progress)
    began = time.monotonic()
    events.data_moved(context.deployment, "prepare", image, store.store_id)
    try:
        with (
            context.deployment.transfers.upload(),
            lease.held(),
            arrivals.kept(store, lease.blob_id, data, announced),
        ):
            _activate(lease, data.facts)
    except Exception as exc:
        events.upload_failed(context.deployment, image_id, exc)
        raise
    seconds = time.monotonic() - began
    log.info("Image %s is active: %d bytes received in %.3f s", image_id, data.size, seconds)
    image = images.get(context, image_id)
    events.data_moved(context.deployment, "upload", image, store.store_id)
    for what in ("activate", "update"):
        events.image(context.deployment, what, image)
    return image


def _announced(context: Context, declared: int | None, expected: int | None) -> int:
    """The bytes to reserve; raises `errors.ImageTooLarge` for what can never fit."""
    announced = max(declared or 0, expected or 0)
    if announced > context.config.image_size_cap:
        raise errors.ImageTooLarge(limit=context.config.image_size_cap)
    return announced


def stage(
    context: Context,
    image_id: str,
    chunks: Iterable[bytes],
    declared: int | None = None,
    expected: int | None = None,
) -> None:
    """Keep the bytes of ``chunks`` until the queued image is imported.

    The image is ``uploading`` from now on; whatever goes wrong, it is
    ``queued`` again and nothing of the attempt is left.
    """
    staging = context.deployment.stores.staging
    image = images.get(context, image_id)
    context.enforce("modify_image", images.target(context, image))
    lifecycle.require(image, "upload")
    announced = _announced(context, declared, expected)
    lease = arrivals.Lease(context, image, staging.store_id, announced, status="uploading")
    data = arrivals.Staged(context, chunks, declared, lease.progress)
    arriving = arrivals.kept(staging, lease.blob_id, data, announced)
    transfer = context.deployment.transfers.upload()
    with transfer, lease.held(), arriving, arrivals.recording(image_id, lease.blob_id):
        lease.release(data.size)
        staged = {"staged": lease.blob_id, **data.columns}
        if not rows.move_status(image_id, "uploading", "uploading", **staged):
            raise errors.ImageDeletedMeanwhile(image_id=image_id)
    changed = image._replace(status="uploading", size=data.size)
    events.image(context.deployment, "update", changed)
    log.info("Image %s is staged: %d bytes received", image_id, data.size)


def _activate(lease: arrivals.Lease, facts: Mapping[str, Any]) -> None:
    """Make the image active in one transaction, with all facts about its data."""
    image_id = lease.image.id
    with arrivals.recording(image_id, lease.blob_id):
        lease.release(facts["size"])
        locations = [Location(lease.store_id, lease.blob_id, {})]
        if not rows.move_status(image_id, "saving", "active", locations=locations, **facts):
            raise errors.ImageDeletedMeanwhile(image_id=image_id)
        activity_log.add(lease.context, image_id, {"action": "uploaded"})


@dataclasses.dataclass(frozen=True)
class Download:
    """Data on its way out: ``length`` bytes from ``start`` of ``image.size``."""

    image: ImageRow
    reading: Reading
    start: int
    length: int
    transfer: Transfer

    def close(self) -> None:
        """It is over, whole or not."""
        self.reading.close()
        self.transfer.close()


@dataclasses.dataclass(frozen=True)
class Handover:
    """Data that somebody else sends: the object store, or if ``internal`` the proxy."""

    image: ImageRow
    url: str
    internal: bool


def download(
    context: Context,
    image_id: str,
    span: Callable[[int], tuple[int, int]] | None = None,
    prefer: Sequence[str] = (),
    by_url: bool = False,
) -> Download | Handover | None:
    """Open the data of an image for reading; ``None`` while it is not active.

    Where the configuration has somebody else send it, it is only said who; the
    client must have agreed ``by_url`` to a URL of an object store.

    ``span`` says for a size which bytes are wanted, as start and length.
    Raises `errors.TooManyTransfers` while the server is full of them.
    Stores named in ``prefer`` are tried first, then the others by weight; one
    that lacks the data, has the wrong amount, or is known to be damaged is passed over.
    """
    image = images.get(context, image_id)
    facts = images.target(context, image)
    context.enforce("download_image", facts)
    if prefer:
        context.enforce("download_from_store", facts)
    if image.status == "deactivated" and not context.is_admin:
        raise errors.Deactivated(image_id=image_id)
    # An import may have filled one store and still fail in the next.
    if image.status not in READABLE or not image.locations or image.size is None:
        return None
    start, length = span(image.size) if span else (0, image.size)
    handover = _handover(context, image, prefer, by_url)
    if handover is not None:
        return handover
    transfer = context.deployment.transfers.download()
    try:
        reading = _open(context, image, prefer, start, length)
    except BaseException:
        transfer.close()
        raise
    return Download(image, reading, start, length, transfer)


def read(context: Context, image_id: str) -> Reading | None:
    """Open all data of an image in this process, whoever else might send it.

    ``None`` if it has none. Raises what `download` raises.
    """
    image = images.get(context, image_id)
    context.enforce("download_image", images.target(context, image))
    if image.status == "deactivated" and not context.is_admin:
        raise errors.Deactivated(image_id=image_id)
    if not image.locations or image.size is None:
        return None
    return _open(context, image, (), 0, image.size)


def _handover(
    context: Context, image: ImageRow, prefer: Sequence[str], by_url: bool
) -> Handover | None:
    """Who else sends the data, of the places that have the right amount."""
    prefix = context.config.internal_redirect_prefix
    seconds = context.config.download_url_seconds if by_url else 0
    if not prefix and not seconds:
        return None
    stores = context.deployment.stores
    for location in copies.usable(context.deployment, image, prefer):
        if location.store_id not in stores:
            continue
        store, blob_id = stores.find(location.store_id), location.blob_id
        internal = bool(prefix) and store.path(blob_id) is not None
        url = f"{prefix}/{store.store_id}/{blob_id}" if internal else None
        if url is None and seconds:
            url = store.signed_url(blob_id, seconds)
        with contextlib.suppress(errors.Unavailable):
            if url is not None and store.size(blob_id) == image.size:
                log.info("Image %s: its data is sent by others", image.id)
                return Handover(image, url, internal)
    return None


def _open(
    context: Context, image: ImageRow, prefer: Sequence[str], start: int, length: int
) -> Reading:
    cached = cache.open_cached(context.deployment, image, start, length)
    if cached is not None:
        return cached
    stores = context.deployment.stores
    failure: errors.Error = errors.BlobNotFound(store_id=image.locations[0].store_id)
    for location in copies.usable(context.deployment, image, prefer):
        try:
            reading = stores.find(location.store_id).read(location.blob_id, start, length)
        except (errors.Unavailable, errors.UnknownStore) as exc:
            failure = exc if isinstance(exc, errors.Unavailable) else failure
            log.error("Image %s: %s", image.id, exc)
            continue
        if reading.size == image.size:
            cache_filling.after_download(context.deployment, image, location)
            if context.config.verify_downloads and length == image.size:
                return copies.Verified(context.deployment, image, location, reading)
            return reading
        reading.close()
        failure = errors.DataChanged(
            image_id=image.id,
            store_id=location.store_id,
            found=reading.size,
            size=image.size,
        )
        log.error("%s", failure)
    if rows.find_any(image.id) is None:
        # Deleted since it was looked up: nothing is missing that should be there.
        raise errors.ImageNotFound(image_id=image.id) from failure
    raise failure
