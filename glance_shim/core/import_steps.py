"""Imports: doing one.

Each step can be done again after the process died in the middle of it, so a
task that is taken over simply begins anew: data that is staged is not fetched
again, a store that has the image is not written again. An import that fails
leaves the image as it was before, and the stores it failed for in
``os_glance_failed_import``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from glance_shim import errors
from glance_shim.context import Context, Deployment
from glance_shim.core import (
    activity_log,
    arrivals,
    events,
    import_methods,
    import_plugins,
    lifecycle,
    quotas,
    removals,
    tasks,
)
from glance_shim.core.import_properties import FAILED, IMPORTING, LOCK, joined, split
from glance_shim.core.imports import EMPTY
from glance_shim.db import connection, uploads
from glance_shim.db import images as rows
from glance_shim.db.images import ImageRow, Location
from glance_shim.db.tasks import TaskRow
from glance_shim.stores import STAGING

log = logging.getLogger(__name__)


class Cancelled(errors.Error):
    message = "Image {image_id} was deleted, or another import took it over"


class Import:
    """One import at work."""

    def __init__(self, deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
        self.deployment = deployment
        self.task = task
        self.working = working
        self.context: Context = tasks.context_of(deployment, task)
        given = task.input or {}
        self.image_id: str = given["image_id"]
        self.request: dict[str, Any] = given["import_req"]
        self.method: str = self.request["method"]["name"]
        self.must_succeed: bool = self.request.get("all_stores_must_succeed", True)
        stores = deployment.stores
        self.targets: list[str] = [
            each or stores.default.store_id for each in given.get("backend") or [None]
        ]
        self.copies = self.method == "copy-image"
        self.begun = False

    def image(self, for_change: bool = False) -> ImageRow:
        """The image, which must still be there and be ours to import.

        Nobody else changes it before the end of the transaction if it is read ``for_change``.
        """
        find = rows.find_any_for_change if for_change else rows.find_any
        image = find(self.image_id)
        self.working.require()
        if image is None or image.properties.get(LOCK) != self.task.id:
            raise Cancelled(image_id=self.image_id)
        return image

    def change(self, make: Callable[[ImageRow], dict[str, Any]]) -> ImageRow:
        """Write what ``make`` says of the image as it is now, if it still is ours."""
        image = self.image(for_change=True)
        changed = rows.save(image, **make(image))
        if (image.status, changed.status) == ("importing", "active"):
            events.image(self.deployment, "activate", changed)
        events.image(self.deployment, "update", changed)
        return changed


def run(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Do the import; raise what made it fail, with the image as it was before."""
    job = Import(deployment, task, working)
    try:
        pick_up(job)
        fetch(job)
        prepare(job)
        store(job)
        finish(job)
    except Cancelled:
        discard_staged(job)
        raise
    except (tasks.Lost, *connection.FAILURES):
        raise
    except Exception:
        give_up(job)
        raise


def abandon(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Undo an import that is not to be begun again."""
    job = Import(deployment, task, working)
    job.begun = True
    give_up(job)


def pick_up(job: Import) -> None:
    """Show that the import has begun; drop what a dead worker was writing."""
    limits = quotas.limits_of(job.context, job.image().owner)
    with connection.writing():
        image = job.image(for_change=True)
        for lease in uploads.select(job.image_id):
            uploads.delete(lease.blob_id)
            uploads.add_removals(job.image_id, [(lease.store_id, lease.blob_id)], 0)
        if image.status in ("queued", "uploading"):
            # A location there is of an attempt that failed.
            image = job.change(lambda _: {"locations": []})
        left = [each for each in job.targets if each not in _stored(image)]
        multi = job.deployment.stores.multi
        failed = [e for e in split(image.properties.get(FAILED, "")) if e not in job.targets]
        properties = {
            **image.properties,
            IMPORTING: joined(left) if multi else "",
            FAILED: joined(failed),
        }
        status = image.status if image.status == "active" else "importing"
        changed = job.change(lambda _: {"status": status, "properties": properties})
        # What a worker that died has finished takes no more room.
        if left:
            quotas.require_import(job.context, limits, changed, job.method)
    job.begun = True
    removals.carry_out(job.deployment, job.image_id)


def _stored(image: ImageRow) -> set[str]:
    return {location.store_id for location in image.locations}


def fetch(job: Import) -> None:
    """Bring the data into staging, unless it is there."""
    image = job.image()
    if image.staged or set(job.targets) <= _stored(image):
        return
    staging = job.deployment.stores.staging
    lease = arrivals.Lease(job.context, image, staging.store_id)
    with import_methods.open_source(job, image) as source:
        lease.reserved = source.size or 0
        data = import_methods.checked(job, lease, source)
        with (
            lease.held(),
            arrivals.kept(staging, lease.blob_id, data, source.size),
            arrivals.recording(image.id, lease.blob_id),
        ):
            lease.release(data.size)
            fetched = {"staged": lease.blob_id, **data.columns}
            job.change(lambda now: {**fetched, **source.values(now)})


def prepare(job: Import) -> None:
    """Let the plugins change staged data, before the first store has it."""
    image = job.image()
    if job.copies or image.locations or not image.staged:
        return
    for plugin in job.context.config.image_import_opts.image_import_plugins:
        import_plugins.PLUGINS[plugin](job)


def store(job: Import) -> None:
    """Bring the staged data into one store after the other."""
    for store_id in job.targets:
        if store_id in _stored(job.image()):
            continue
        try:
            _store_in(job, store_id)
        except (Cancelled, tasks.Lost):
            raise
        except errors.Error as exc:
            events.upload_failed(job.deployment, job.image_id, exc)
            if job.must_succeed:
                raise
            log.warning("Image %s is not in store %s: %s", job.image_id, store_id, exc)
            with connection.writing():
                job.change(
                    lambda image, store_id=store_id: {  # type: ignore[misc]
                        "properties": _moved(image, store_id, failed=True)
                    }
                )
    if not _stored(job.image()):
        raise errors.Conflict(reason="The image could not be kept in any of the stores")


def _store_in(job: Import, store_id: str) -> None:
    image = job.image()
    target = job.deployment.stores.find(store_id)
    if target.read_only:
        raise errors.StoreReadOnly(store_id=store_id)
    reading = job.deployment.stores.staging.read(image.staged or "")
    lease = arrivals.Lease(job.context, image, store_id, reading.size)

    def progress(count: int) -> None:
        lease.progress(count)
        with connection.borrowed():
            job.working.tell(f"Copied {count // (1 << 20)} MiB")

    data = arrivals.Inspected(job.context, image, reading, on_progress=progress)
    events.data_moved(job.deployment, "prepare", image, store_id)
    try:
        with lease.held(), arrivals.kept(target, lease.blob_id, data, reading.size):
            _require_same(image, data.facts)
            with arrivals.recording(image.id, lease.blob_id):
                lease.release(data.size)
                events.data_moved(job.deployment, "upload", image, store_id)
                job.change(lambda now: _kept_in(job, now, lease, data.facts))
    finally:
        reading.close()
    job.working.tell(f"Copied {data.size // (1 << 20)} MiB", at_once=True)


def _require_same(image: ImageRow, facts: dict[str, Any]) -> None:
    """What is stored must be what was staged, and what the image is known to be."""
    algorithm, value = facts["os_hash_algo"], facts["os_hash_value"]
    if image.os_hash_algo == algorithm and image.os_hash_value not in (None, value):
        raise errors.Conflict(reason="The staged data is not the data of the image")
    staged_by, _, staged = (image.staged_hash or "").partition(":")
    if staged_by == algorithm and staged != value:
        raise errors.Conflict(reason="The staged data has changed since it was staged")


def _kept_in(
    job: Import, image: ImageRow, lease: arrivals.Lease, facts: dict[str, Any]
) -> dict[str, Any]:
    """The columns of an image that one more store has."""
    lifecycle.require_same_formats(lease.image, image)
    location = Location(lease.store_id, lease.blob_id, {})
    changes: dict[str, Any] = {
        "locations": [*image.locations, location],
        "properties": _moved(image, lease.store_id),
    }
    if not job.copies:
        changes |= facts
        done = _stored(image) | {lease.store_id}
        if not job.must_succeed or set(job.targets) <= done:
            changes["status"] = "active"
    return changes


def _moved(image: ImageRow, store_id: str, failed: bool = False) -> dict[str, str]:
    """The properties of an image once a store is dealt with."""
    importing = [e for e in split(image.properties.get(IMPORTING, "")) if e != store_id]
    failures = split(image.properties.get(FAILED, "")) + ([store_id] if failed else [])
    return {**image.properties, IMPORTING: joined(importing), FAILED: joined(failures)}


def finish(job: Import) -> None:
    """Remove the staged data and let go of the lock."""
    with connection.writing():
        image = job.image(for_change=True)
        _note_staged(image)
        properties = {k: v for k, v in image.properties.items() if k != LOCK}
        job.change(lambda _: {"staged": None, "staged_hash": None, "properties": properties})
        entry = {"action": "imported", "became": job.method}
        activity_log.add(job.context, job.image_id, entry)
    removals.carry_out(job.deployment, job.image_id)
    log.info("Image %s is imported", job.image_id)


def _note_staged(image: ImageRow) -> None:
    if image.staged:
        uploads.add_removals(image.id, [(STAGING, image.staged)], 0)


def discard_staged(job: Import) -> None:
    """Carry out what the deletion of the image has noted."""
    removals.carry_out(job.deployment, job.image_id)


def give_up(job: Import) -> None:
    """Leave the image as it was before the import, able to be imported again.

    What this import has written is removed; an image that others use already
    keeps the stores it is in. Stores count as failed only if they were tried:
    not where a limit refused the import before it had begun.
    """
    with connection.writing():
        image = rows.find_any_for_change(job.image_id)
        if image is None or image.properties.get(LOCK) != job.task.id:
            return
        job.working.require()
        stays = image.status == "active" and not (job.copies and job.must_succeed)
        written = [] if stays else [e for e in image.locations if e.store_id in job.targets]
        kept = [location for location in image.locations if location not in written]
        left = [each for each in job.targets if each not in {e.store_id for e in kept}]
        multi = job.deployment.stores.multi
        tried = left if multi and job.begun else []
        failed = split(image.properties.get(FAILED, "")) + tried
        properties = {k: v for k, v in image.properties.items() if k != LOCK}
        changes: dict[str, Any] = {
            "locations": kept,
            "staged": None,
            "staged_hash": None,
            "properties": {**properties, IMPORTING: "", FAILED: joined(failed)},
        }
        if image.status != "active":
            changes |= EMPTY
        events.image(job.deployment, "update", rows.save(image, **changes))
        _note_staged(image)
        uploads.add_removals(image.id, [(e.store_id, e.blob_id) for e in written], 0)
    removals.carry_out(job.deployment, job.image_id)
