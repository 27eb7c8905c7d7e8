"""Copies of image data: which of them are good, and telling whether one is."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import connection, damages
from glance_shim.db.damages import DamageRow
from glance_shim.db.images import ImageRow, Location
from glance_shim.stores import streams
from glance_shim.stores.base import Reading

log = logging.getLogger(__name__)


class NotTheImage(errors.Error):
    message = "The data in store '{store_id}' is not that of image {image_id}"


def usable(
    deployment: Deployment, image: ImageRow, prefer: Sequence[str] = ()
) -> list[Location]:
    """The locations to read the image from, in the order to try; damaged ones are left out.

    Raises `errors.DataDamaged` if all are.
    """
    known = damages.of(image.id)
    good = [each for each in image.locations if (each.store_id, each.blob_id) not in known]
    if image.locations and not good:
        raise errors.DataDamaged(image_id=image.id)
    ordered: list[Location] = deployment.stores.in_order(good, prefer)
    return ordered


def verified(
    image: ImageRow,
    location: Location,
    chunks: Iterable[bytes],
    progress: Callable[[int], None] = lambda count: None,
) -> Iterator[bytes]:
    """The chunks; raises at their end, before a store keeps them, if they are not the image.

    An image without a hash is known by its size alone.
    """
    digest = Digest(image)
    data = streams.Counted(chunks, image.size, [digest.update], progress)
    yield from data
    if data.size != image.size or not digest.is_right():
        raise NotTheImage(image_id=image.id, store_id=location.store_id)


class Verified(Reading):
    """All data of an image that is open, whose end is only given away if it was the image.

    What turns out to be damaged breaks off before its last chunk, so that nobody takes it
    for whole, and is noted, so that the next gets another copy.
    """

    def __init__(
        self, deployment: Deployment, image: ImageRow, location: Location, reading: Reading
    ) -> None:
        self._deployment = deployment
        self._image = image
        self._location = location
        self._reading = reading
        self.size = reading.size

    def __iter__(self) -> Iterator[bytes]:
        digest, last = Digest(self._image), b""
        for chunk in self._reading:
            digest.update(chunk)
            if last:
                yield last
            last = chunk
        if not digest.is_right():
            self._note(digest)
            raise NotTheImage(image_id=self._image.id, store_id=self._location.store_id)
        yield last

    def _note(self, digest: Digest) -> None:
        place = (self._image.id, self._location.store_id, self._location.blob_id)
        log.error("Image %s is damaged in store %s: %s", *place)
        damage = DamageRow(*place, "changed", digest.expected, digest.hexdigest(), time.time())
        with connection.connected(self._deployment.database):
            damages.note(damage)

    def close(self) -> None:
        self._reading.close()


class Digest:
    """The hash of data on its way, beside the one that the image is known by."""

    def __init__(self, image: ImageRow) -> None:
        known = ((image.os_hash_algo, image.os_hash_value), ("md5", image.checksum))
        self.algorithm, self.expected = next((e for e in known if all(e)), (None, None))
        self._hash = hashlib.new(self.algorithm or "sha512", usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        self._hash.update(chunk)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def is_right(self) -> bool:
        """Is it the known one, if one is known?"""
        return self.expected is None or self.hexdigest() == self.expected.lower()
