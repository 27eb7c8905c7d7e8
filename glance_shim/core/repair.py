"""Putting a good copy of image data in the place of a damaged one."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import copies, removals
from glance_shim.core.pace import Pace
from glance_shim.db import connection, damages, uploads
from glance_shim.db import images as rows
from glance_shim.db.damages import DamageRow
from glance_shim.db.images import ImageRow, Location

log = logging.getLogger(__name__)


class Overtaken(errors.Error):
    message = "The image was changed, or its repair was given up, meanwhile"


def repair(
    deployment: Deployment,
    damage: DamageRow,
    pace: Pace,
    progress: Callable[[int], None] = lambda count: None,
) -> bool:
    """Write the image anew into the store from another that has it; did that succeed?

    What is written is compared with the hash of the image before it takes the place of
    the damaged copy, which is removed then. An image without a hash is left alone: nobody
    could say which of its copies is the good one.
    """
    image = rows.find_any(damage.image_id)
    store = deployment.stores.get(damage.store_id)
    if image is None or store is None or store.read_only:
        return False
    if copies.Digest(image).expected is None:
        log.error("Image %s has no hash, so no copy can be told to be good", image.id)
        return False
    bad = (damage.store_id, damage.blob_id)
    try:
        good = [each for each in copies.usable(deployment, image) if each[:2] != bad]
    except errors.DataDamaged:
        good = []
    for source in good:
        try:
            _write_anew(deployment, image, source, damage, pace, progress)
        except (errors.Error, OSError) as exc:
            log.error("Image %s is not repaired: %s", image.id, exc)
            continue
        log.warning(
            "Image %s is repaired in store %s, from %s",
            image.id,
            damage.store_id,
            source.store_id,
        )
        removals.carry_out(deployment, image.id)
        return True
    return False


def _write_anew(
    deployment: Deployment,
    image: ImageRow,
    source: Location,
    damage: DamageRow,
    pace: Pace,
    progress: Callable[[int], None],
) -> None:
    """Bring the data of ``source`` into a blob of its own, and let the image refer to it."""
    store = deployment.stores.find(damage.store_id)
    blob_id = f"{image.id}-{secrets.token_hex(4)}"

    def going_on(count: int) -> None:
        progress(count)
        with connection.borrowed():
            if rows.find_any(image.id) is None or not uploads.renew(blob_id, 0):
                raise Overtaken()

    # The lease keeps sweeps away from what is written, and lets one remove it if we die.
    with connection.writing():
        uploads.add(image.id, damage.store_id, blob_id, None, 0)
    try:
        with connection.released():
            reading = deployment.stores.find(source.store_id).read(source.blob_id)
            with contextlib.closing(reading):
                data = copies.verified(image, source, _paced(reading, pace), going_on)
                store.add(blob_id, data, image.size)
        _exchange(image.id, damage, blob_id)
    except BaseException:
        with connection.writing():
            if uploads.delete(blob_id):
                uploads.add_removals(image.id, [(damage.store_id, blob_id)], 0)
        raise


def _paced(chunks: Iterable[bytes], pace: Pace) -> Iterator[bytes]:
    for chunk in chunks:
        pace.spend(chunk)
        yield chunk


def _exchange(image_id: str, damage: DamageRow, blob_id: str) -> None:
    """Refer to the new blob in place of the damaged one, which is to go."""
    bad = (damage.store_id, damage.blob_id)
    with connection.writing():
        image = rows.find_any_for_change(image_id)
        if image is None or bad not in [each[:2] for each in image.locations]:
            raise Overtaken()
        if not uploads.delete(blob_id):
            raise Overtaken()
        rows.set_locations(
            image_id,
            [
                each._replace(blob_id=blob_id) if each[:2] == bad else each
                for each in image.locations
            ],
        )
        damages.clear(image_id, *bad)
        uploads.add_removals(image_id, [bad], 0)
