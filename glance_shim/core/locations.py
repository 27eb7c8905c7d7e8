"""Locations: data that is somewhere already and only has to be referred to."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from glance_shim import errors, fetching
from glance_shim.context import Context, Deployment
from glance_shim.core import events, images, imports, removals, tasks
from glance_shim.core.import_properties import LOCK
from glance_shim.db import connection, uploads
from glance_shim.db import images as rows
from glance_shim.db.images import ImageRow, Location
from glance_shim.db.tasks import TaskRow
from glance_shim.stores import streams
from glance_shim.stores.base import Store

log = logging.getLogger(__name__)

TASK_TYPE = "location_import"
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
SERVICE = "service"


class NoLocation(errors.NotFound):
    message = "Image {image_id} has no location {position}"


def get_all(context: Context, image_id: str) -> list[dict[str, Any]]:
    """Where the data of an image is, as URL and metadata each."""
    image = images.get(context, image_id)
    context.enforce("fetch_image_location", images.target(context, image))
    return shown(context, image)


def shown(context: Context, image: ImageRow) -> list[dict[str, Any]]:
    """The locations of an image as clients see them, best first."""
    stores = context.deployment.stores
    listed = []
    for location in stores.in_order(image.locations):
        metadata = dict(location.metadata)
        if stores.multi:
            metadata["store"] = location.store_id
        url = stores.find(location.store_id).url(location.blob_id)
        listed.append({"url": url, "metadata": metadata})
    return listed


def add(
    context: Context, image_id: str, url: str, validation: Mapping[str, str] | None = None
) -> None:
    """Queue the adding of a location to a queued image, which makes it active.

    ``validation`` may name an algorithm and the hash that the data has.
    """
    image = images.get(context, image_id)
    _require_addable(context, image)
    _require_http(context, url)
    _require_hash(validation or {})
    if url.startswith("http"):
        fetching.check(url, context.config.import_filtering_opts)
    with connection.writing():
        image = images.get_for_change(context, image_id)
        _require_addable(context, image)
        imports.take_lock(image)
        task_input = {"image_id": image_id, "loc_url": url, "validation_data": validation or {}}
        task = tasks.submit(context, TASK_TYPE, task_input, image_id)
        changed = rows.save(image, properties={**image.properties, LOCK: task.id})
        events.image(context.deployment, "update", changed)


def delete_copy(context: Context, image_id: str, store_id: str) -> None:
    """Remove the data of an active image from one store; another must have it too."""
    if store_id not in context.deployment.stores:
        known = ", ".join(context.deployment.stores)
        raise errors.Conflict(reason=f"There is no store '{store_id}'; there are {known}")
    with connection.writing():
        image = images.get_for_change(context, image_id)
        facts = images.target(context, image)
        for rule in ("get_image_location", "delete_image_location"):
            context.enforce(rule, facts)
        if image.status != "active":
            raise errors.WrongStatus(
                image_id=image_id, status=image.status, action="this", needed="active"
            )
        if len(image.locations) < 2:
            raise errors.Forbidden(reason="this is the only place that has the data")
        found = [each for each in image.locations if each.store_id == store_id]
        if not found:
            raise errors.NotFound(what=f"Data of image {image_id} in store '{store_id}'")
        rows.save(image, locations=[each for each in image.locations if each != found[0]])
        uploads.add_removals(image_id, [(store_id, found[0].blob_id)], 0)
    removals.carry_out(context.deployment, image_id)


def _require_addable(context: Context, image: ImageRow) -> None:
    if image.status != "queued":
        raise errors.WrongStatus(
            image_id=image.id, status=image.status, action="adding a location", needed="queued"
        )
    context.enforce("add_image_location", images.target(context, image))
    imports.require_no_other(image)


def _require_http(context: Context, url: str) -> None:
    """Only services may refer to anything but the web."""
    if SERVICE in context.effective_roles or SERVICE in context.service_roles:
        return
    http = [store for store in context.deployment.stores.values() if store.type == "http"]
    if not http or not url.startswith("http"):
        raise errors.Forbidden(
            reason="without the role service only http locations can be added, and only where "
            "this service has a store of type http"
        )


def _require_hash(validation: Mapping[str, str]) -> None:
    if not validation:
        return
    algorithm, value = validation["os_hash_algo"], validation["os_hash_value"]
    length = hashlib.new(algorithm, usedforsecurity=False).digest_size * 2
    if len(value) != length or not all(digit in "0123456789abcdefABCDEF" for digit in value):
        raise errors.Invalid(
            reason=f"os_hash_value must have the {length} hexadecimal digits of {algorithm}"
        )


class AtLocation:
    """One location that is being added."""

    def __init__(self, deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
        given = task.input or {}
        self.deployment = deployment
        self.task = task
        self.working = working
        self.image_id: str = given["image_id"]
        self.url: str = given["loc_url"]
        self.validation: dict[str, str] = given.get("validation_data") or {}

    def change(self, **columns: Any) -> None:
        """Change the image, if it still is this task's."""
        with connection.writing():
            self.working.require()
            image = rows.find_any_for_change(self.image_id)
            if image is None or image.properties.get(LOCK) != self.task.id:
                raise errors.ImageDeletedMeanwhile(image_id=self.image_id)
            if columns.pop("done", False):
                kept = {k: v for k, v in image.properties.items() if k != LOCK}
                columns["properties"] = kept
            changed = rows.save(image, **columns)
            if image.status != "active" and changed.status == "active":
                events.image(self.deployment, "activate", changed)
            events.image(self.deployment, "update", changed)


def run(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Add the location; raise what makes that impossible, with the image queued again."""
    job = AtLocation(deployment, task, working)
    try:
        _add(job)
    except tasks.Lost:
        raise
    except Exception:
        undo(deployment, task, working)
        raise


def undo(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Leave the image queued without a location, unless it is active already."""
    job = AtLocation(deployment, task, working)
    image = rows.find_any(job.image_id)
    if image is None or image.properties.get(LOCK) != task.id:
        return
    job.change(
        **({} if image.status == "active" else imports.EMPTY | {"locations": []}), done=True
    )


def _add(job: AtLocation) -> None:
    config = job.deployment.config
    store = job.deployment.stores.for_url(job.url)
    size = store.size(job.url)
    if not size:
        raise errors.Conflict(reason="The location holds no data, or its size is unknown")
    location = Location(store.store_id, job.url, {})
    known = {f"os_hash_{k[8:]}": v for k, v in job.validation.items()}
    if not config.do_secure_hash:
        job.change(status="active", size=size, locations=[location], **known, done=True)
        return
    if known:
        job.change(status="importing", size=size, locations=[location])
        hashes = _hashes(job, store, known["os_hash_algo"])
        if hashes["os_hash_value"] != known["os_hash_value"].lower():
            raise errors.Conflict(reason="The data does not have the hash that was given")
        job.change(status="active", **hashes, done=True)
        return
    job.change(
        status="active", size=size, locations=[location], os_hash_algo=config.hashing_algorithm
    )
    job.change(**_hashes_at_last(job, store), done=True)


def _hashes_at_last(job: AtLocation, store: Store) -> dict[str, str]:
    """Hashes of data that is in use already; without them if it cannot be read."""
    for attempt in range(1 + job.deployment.config.http_retries):
        try:
            return _hashes(job, store, job.deployment.config.hashing_algorithm)
        except errors.Unavailable as exc:
            log.warning("Attempt %d to hash image %s: %s", attempt + 1, job.image_id, exc)
    return {}


def _hashes(job: AtLocation, store: Store, algorithm: str) -> dict[str, str]:
    reading = store.read(job.url)

    def progress(count: int) -> None:
        with connection.borrowed():
            job.working.tell(f"Hashed {count // (1 << 20)} MiB")

    data = streams.Measured(reading, algorithm, on_progress=progress)
    try:
        with connection.released():
            for _ in data:
                pass
    finally:
        reading.close()
    return {
        "checksum": data.checksum,
        "os_hash_algo": algorithm,
        "os_hash_value": data.os_hash_value,
    }
