"""Locations: data that is somewhere already and only has to be referred to."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from glance_shim import errors, fetching
from glance_shim.context import Context, Deployment
from glance_shim.core import (
    activity_log,
    events,
    images,
    imports,
    lifecycle,
    location_changes,
    quotas,
    removals,
    tasks,
)
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

# Statuses of an image whose location is still to be added, and has been.
NOT_YET = ("queued", "importing")
IN_USE = ("active", "deactivated")


def get_all(context: Context, image_id: str) -> list[dict[str, Any]]:
    """Where the data of an image is, as URL and metadata each."""
    image = images.get(context, image_id)
    context.enforce("fetch_image_location", images.target(context, image))
    return shown(context, image)


def shown(context: Context, image: ImageRow) -> list[dict[str, Any]]:
    """The locations of an image as clients see them, best first."""
    stores = context.deployment.stores
    listed = []
    for location in stores.known(image.locations):
        metadata = dict(location.metadata)
        if stores.multi:
            metadata["store"] = location.store_id
        listed.append({"url": stores.url(location), "metadata": metadata})
    return listed


def shown_to(context: Context, image: ImageRow) -> list[dict[str, Any]]:
    """As `shown`; nothing, if this caller may not know where the data of the image is."""
    if image.status == "deactivated" and not context.is_admin:
        return []
    if not context.allows("get_image_location", images.target(context, image)):
        return []
    return shown(context, image)


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
        left = [each for each in image.locations if each != found[0]]
        activity_log.add_changes(context, image, rows.save(image, locations=left))
        uploads.add_removals(image_id, [(store_id, found[0].blob_id)], 0)
    removals.carry_out(context.deployment, image_id)


def _require_addable(context: Context, image: ImageRow) -> None:
    if image.status != "queued":
        raise errors.WrongStatus(
            image_id=image.id, status=image.status, action="adding a location", needed="queued"
        )
    context.enforce("add_image_location", images.target(context, image))
    lifecycle.require_formats(image)
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
    if not location_changes.is_digest(value, algorithm):
        raise errors.Invalid(reason=f"os_hash_value is no {algorithm} in hexadecimal digits")


class WrongHash(errors.Conflict):
    message = "The data does not have the hash that was given"


class AtLocation:
    """One location that is being added."""

    def __init__(self, deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
        given = task.input or {}
        self.deployment = deployment
        self.task = task
        self.working = working
        self.image_id: str = given["image_id"]
        self.url: str = given["loc_url"]
        self.context = tasks.context_of(deployment, task)
        self.limits: quotas.Limits = {}
        self.validation: dict[str, str] = given.get("validation_data") or {}

    def change(self, when: Sequence[str], **columns: Any) -> None:
        """Change the image, if it still is this task's and its status is one of ``when``.

        Raises `errors.StorageQuotaExceeded` if it is more than the owner may have.
        """
        with connection.writing():
            image = rows.find_any_for_change(self.image_id)
            self.working.require()
            if image is None or image.properties.get(LOCK) != self.task.id:
                raise errors.ImageDeletedMeanwhile(image_id=self.image_id)
            if image.status not in when:
                raise errors.WrongStatus(
                    image_id=image.id,
                    status=image.status,
                    action="adding a location",
                    needed=" or ".join(when),
                )
            if columns.pop("done", False):
                kept = {k: v for k, v in image.properties.items() if k != LOCK}
                columns["properties"] = kept
            for location in columns.get("locations", ()):
                if location not in image.locations:
                    self._require_room(image, location, columns["size"])
            changed = rows.save(image, **columns)
            if image.status != "active" and changed.status == "active":
                activity_log.add(self.context, image.id, {"action": "located"})
                events.image(self.deployment, "activate", changed)
            events.image(self.deployment, "update", changed)

    def _require_room(self, image: ImageRow, location: Location, size: int) -> None:
        quotas.require_room(
            self.context, self.limits, image.owner, location.store_id, image.id, size
        )


def run(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Add the location; raise what makes that impossible, with the image queued again."""
    job = AtLocation(deployment, task, working)
    try:
        _add(job)
    except (tasks.Lost, *connection.FAILURES):
        raise
    except WrongHash:
        # As with Glance it can still be seen which location it was; whatever
        # data comes next takes its place.
        job.change(("importing",), **imports.EMPTY, done=True)
        raise
    except Exception:
        undo(deployment, task, working)
        raise


def undo(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    """Let go of the image, queued again unless it has come to data since.

    Only an image that is ``importing`` has something of this task's that is to go.
    """
    job = AtLocation(deployment, task, working)
    image = rows.find_any(job.image_id)
    if image is None or image.properties.get(LOCK) != task.id:
        return
    importing = image.status == "importing"
    empty: dict[str, Any] = imports.EMPTY | {"locations": []} if importing else {}
    job.change((image.status,), **empty, done=True)


def _add(job: AtLocation) -> None:
    config = job.deployment.config
    image = rows.find_any(job.image_id)
    if image is None:
        raise errors.ImageDeletedMeanwhile(image_id=job.image_id)
    store = job.deployment.stores.for_url(job.url)
    if image.status == "active" and any(each.blob_id == job.url for each in image.locations):
        # A worker that died has added it; what is left is to hash it.
        job.change(IN_USE, **_hashes_at_last(job, store, image.size), done=True)
        return
    lifecycle.require_formats(image)
    job.limits = quotas.limits_of(job.context, image.owner)
    with connection.released():
        size = store.size(job.url)
    if not size:
        raise errors.Conflict(reason="The location holds no data, or its size is unknown")
    known = {name: value.lower() for name, value in job.validation.items()}
    found = {"size": size, "locations": [Location(store.store_id, job.url, {})]}
    if not config.do_secure_hash:
        job.change(NOT_YET, status="active", **found, **known, done=True)
    elif known:
        job.change(NOT_YET, status="importing", **found)
        hashes = _hashes(job, store, known["os_hash_algo"], size)
        if hashes["os_hash_value"] != known["os_hash_value"]:
            raise WrongHash()
        job.change(("importing",), status="active", **hashes, done=True)
    else:
        algorithm = config.hashing_algorithm
        job.change(NOT_YET, status="active", **found, os_hash_algo=algorithm)
        job.change(IN_USE, **_hashes_at_last(job, store, size), done=True)


def _hashes_at_last(job: AtLocation, store: Store, size: int | None) -> dict[str, str]:
    """Hashes of data that is in use already; without them if it cannot be read."""
    for attempt in range(1 + job.deployment.config.http_retries):
        try:
            return _hashes(job, store, job.deployment.config.hashing_algorithm, size)
        except (errors.Unavailable, errors.SourceFailed) as exc:
            log.warning("Attempt %d to hash image %s: %s", attempt + 1, job.image_id, exc)
    return {}


def _hashes(job: AtLocation, store: Store, algorithm: str, size: int | None) -> dict[str, str]:
    """Hashes of the data; raises `errors.DataChanged` if it has another size by now."""

    def progress(count: int) -> None:
        with connection.borrowed():
            job.working.tell(f"Hashed {count // (1 << 20)} MiB")

    with connection.released(), contextlib.closing(store.read(job.url)) as reading:
        data = streams.Measured(reading, algorithm, on_progress=progress)
        for _ in data:
            pass
    if data.size != size:
        raise errors.DataChanged(
            image_id=job.image_id, store_id=store.store_id, found=data.size, size=size
        )
    return {
        "checksum": data.checksum,
        "os_hash_algo": algorithm,
        "os_hash_value": data.os_hash_value,
    }
