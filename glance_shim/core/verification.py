"""Is image data still what it was? Looking at every copy, and mending what is not.

A run goes through all images by their ids and notes after each batch how far
it is, so that one that was killed is gone on with. It changes nothing but to
note damaged copies, which nobody is given from then on, and, where it is asked
to repair, to put a copy of a good one in their place.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import copies, repair, tasks
from glance_shim.core.pace import Pace
from glance_shim.db import connection, damages
from glance_shim.db import images as image_rows
from glance_shim.db import verification as rows
from glance_shim.db.damages import DamageRow
from glance_shim.db.images import ImageRow, Location
from glance_shim.db.verification import COUNTERS, VerificationRow
from glance_shim.stores import streams

log = logging.getLogger(__name__)

LIGHT, DEEP = "light", "deep"
BATCH = 50

# A store that has failed so often in a row is not asked again in this run.
MOST_FAILURES = 3

SILENT_SECONDS = 120.0
HOUR = 3600.0

KINDS = {
    "missing": "there is no data",
    "short": "there are fewer bytes than there should be",
    "long": "there are more bytes than there should be",
    "changed": "there are as many bytes as there should be, but other ones",
    "unreadable": "there is data, but it cannot be read, or is no ordinary file",
}

Tell = Callable[[VerificationRow], None]


class TakenOver(errors.Conflict):
    message = "Somebody else has taken over the verification"


def known_damages() -> list[DamageRow]:
    """Every damaged copy that is known and that an image still refers to."""
    known = damages.select()
    for damage in known:
        if _refers(damage.image_id, Location(damage.store_id, damage.blob_id, {})) is None:
            damages.clear(damage.image_id, damage.store_id, damage.blob_id)
    return damages.select()


def _refers(image_id: str, location: Location) -> ImageRow | None:
    """The image, if it has data at this very place."""
    image = image_rows.find_any(image_id)
    places = [each[:2] for each in image.locations] if image else []
    return image if location[:2] in places else None


class Run:
    """One run of a depth, at which this process is."""

    def __init__(
        self,
        deployment: Deployment,
        depth: str,
        repairs: bool = False,
        rate: int | None = None,
    ) -> None:
        self.deployment = deployment
        self.depth = depth
        self.repairs = repairs
        self.repaired: list[DamageRow] = []
        self.runner = tasks.worker_name()
        self._pace = Pace(deployment.config.verification.rate if rate is None else rate)
        self.tell: Tell = lambda row: None
        self._counted: dict[str, int] = {}
        self._marker: str | None = None
        self._failures: collections.Counter[str] = collections.Counter()

    def total(self) -> int:
        """How many images there are to go through."""
        return image_rows.count_stored()

    def go(self, anew: bool = False) -> VerificationRow:
        """Verify to the end; what the whole run has counted, also before it was gone on with.

        Raises `TakenOver`.
        """
        row = rows.take(self.depth, self.runner, anew)
        self._marker = row.marker
        self._counted = {name: getattr(row, name) for name in COUNTERS}
        try:
            while batch := image_rows.select_stored(self._marker, BATCH):
                for image in batch:
                    self._verify(image)
                    self._marker = image.id
                    self._counted["images"] += 1
                self._proceed()
            if not rows.complete(self.depth, self.runner):
                raise TakenOver()
        finally:
            with contextlib.suppress(*connection.FAILURES):
                rows.pause(self.depth, self.runner)
        return rows.find(self.depth) or row

    def _proceed(self) -> None:
        values = {"marker": self._marker, **self._counted}
        if not rows.proceed(self.depth, self.runner, **values):
            raise TakenOver()
        found = rows.find(self.depth)
        if found is not None:
            self.tell(found)

    def progress(self, count: int) -> None:
        """Say that bytes are being read, without a connection of one's own."""
        with connection.borrowed():
            self._proceed()

    def _verify(self, image: ImageRow) -> None:
        for location in image.locations:
            if self._failures[location.store_id] >= MOST_FAILURES:
                self._counted["unchecked"] += 1
                continue
            try:
                damage = self._examine(image, location)
            except errors.Error as exc:
                if isinstance(exc, TakenOver):
                    raise
                log.warning("Image %s is not verified: %s", image.id, exc)
                self._counted["unchecked"] += 1
                self._failures[location.store_id] += 1
                continue
            self._failures[location.store_id] = 0
            if _refers(image.id, location) is None:
                continue
            self._counted["copies"] += 1
            self._settle(image, location, damage)

    def _settle(self, image: ImageRow, location: Location, damage: DamageRow | None) -> None:
        """Note what was found of a copy, and mend it."""
        if damage is None:
            sure = None if self.depth == DEEP else "changed"
            if damages.clear(image.id, *location[:2], but=sure):
                log.warning("Image %s is good again in store %s", image.id, location.store_id)
            return
        if damages.note(damage):
            log.error(
                "Image %s is damaged in store %s: %s (expected %s, found %s)",
                image.id,
                location.store_id,
                KINDS[damage.kind],
                damage.expected,
                damage.found,
            )
        if self.repairs and repair.repair(self.deployment, damage, self._pace, self.progress):
            self._counted["repaired"] += 1
            self.repaired.append(damage)
            return
        self._counted["damaged"] += 1

    def _examine(self, image: ImageRow, location: Location) -> DamageRow | None:
        """What is wrong with a copy; raises if its store cannot be asked."""
        with connection.released():
            try:
                wrong = self._wrong(image, location)
            except errors.BlobNotFound:
                wrong = ("missing", str(image.size), None)
            except errors.BlobUnreadable as exc:
                wrong = ("unreadable", str(image.size), exc.facts["reason"])
        if wrong is None:
            return None
        kind, expected, found = wrong
        return DamageRow(image.id, *location[:2], kind, expected, found, time.time())

    def _wrong(self, image: ImageRow, location: Location) -> tuple[str, str, str | None] | None:
        store = self.deployment.stores.find(location.store_id)
        size = store.size(location.blob_id)
        if size == image.size and self.depth == DEEP:
            digest = copies.Digest(image)
            size = self._read(store, location, digest)
            if size == image.size:
                right = digest.is_right()
                return None if right else ("changed", digest.expected or "", digest.hexdigest())
        if size == image.size:
            return None
        kind = "short" if size < (image.size or 0) else "long"
        return (kind, str(image.size), str(size))

    def _read(self, store: Any, location: Location, digest: copies.Digest) -> int:
        """Read the whole copy; how many bytes there were."""
        observers = [digest.update, self._pace.spend]
        try:
            with contextlib.closing(store.read(location.blob_id)) as reading:
                data = streams.Counted(reading, observers=observers, on_progress=self.progress)
                for _ in data:
                    pass
        except OSError as exc:
            reason = exc.strerror or "it cannot be read"
            raise errors.BlobUnreadable(store_id=store.store_id, reason=reason) from exc
        self._counted["size"] += data.size
        return data.size


def run_due(deployment: Deployment) -> None:
    """Verify what has not been for as long as the options say, unless somebody is at it."""
    options, now = deployment.config.verification, time.time()
    for depth, hours in ((LIGHT, options.light_hours), (DEEP, options.deep_hours)):
        if not hours:
            continue
        rows.add(depth)
        runner, silent = tasks.worker_name(), now - SILENT_SECONDS
        if rows.take_if_due(depth, runner, now - hours * HOUR, silent):
            run = Run(deployment, depth, repairs=options.repair)
            with contextlib.suppress(TakenOver):
                row = run.go()
                log.info(
                    "Verification (%s) has looked at %d images: %d copies are damaged, "
                    "%d were repaired, %d could not be looked at",
                    depth,
                    row.images,
                    row.damaged,
                    row.repaired,
                    row.unchecked,
                )
