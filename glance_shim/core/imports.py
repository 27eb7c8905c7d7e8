"""Imports: asking for one. The work itself is in ``import_steps``.

The image carries the import lock as the property ``os_glance_import_task``:
it and the task that does the work are written in one transaction.
"""

from __future__ import annotations

import calendar
import dataclasses
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from glance_shim import clock, errors, fetching
from glance_shim.context import Context
from glance_shim.core import events, images, quotas, tasks
from glance_shim.core.import_properties import FAILED, IMPORTING, LOCK, joined, split
from glance_shim.db import images as rows
from glance_shim.db import tasks as task_rows
from glance_shim.db.images import ImageRow

log = logging.getLogger(__name__)

TASK_TYPE = "api_image_import"

# Seconds without a change after which another import may take the lock.
STALE = {"pending": 7200, "processing": 3600, "success": 3600, "failure": 3600}

# What an image is without data.
EMPTY = {
    "status": "queued",
    "size": None,
    "virtual_size": None,
    "checksum": None,
    "os_hash_algo": None,
    "os_hash_value": None,
}

NEEDED_STATUS = {
    "glance-direct": "uploading",
    "web-download": "queued",
    "glance-download": "queued",
    "copy-image": "active",
}


@dataclasses.dataclass(frozen=True)
class Request:
    """What a client asks for; ``stores`` is ``None`` where it named none."""

    method: str
    options: Mapping[str, Any]
    stores: Sequence[str] | None = None
    all_stores: bool = False
    must_succeed: bool = True


def submit(
    context: Context,
    image_id: str,
    request: Request,
    document: Any,
    credential: tasks.Credential | None = None,
) -> None:
    """Check the request and queue the import; ``document`` is kept with the task.

    ``credential`` is what glance-download needs, and stays in this process.

    Everything that can be told now is refused now: `errors.TooLarge` where the
    owner stores more than it may already or too many imports wait, `errors.NotFound`,
    `errors.Conflict` for the status, missing formats, unknown stores and
    another import, `errors.Forbidden`, `errors.Invalid` for the rest.
    """
    image = _find(context, image_id)
    targets = _require_possible(context, image, request)
    if request.method == "web-download":
        uri = request.options.get("uri")
        if not isinstance(uri, str):
            raise errors.Invalid(reason="web-download needs uri, the URL of the data")
        fetching.check(uri, context.config.import_filtering_opts)
    if not targets:
        return
    with tasks.queueing(context):
        image = images.get_for_change(context, image_id)
        targets = _require_possible(context, image, request)
        tasks.require_turn(context)
        take_lock(image)
        task_input = {"image_id": image_id, "import_req": document, "backend": targets}
        task = tasks.submit(
            context, TASK_TYPE, task_input, image_id, only_here=bool(credential)
        )
        changed = rows.save(image, properties={**image.properties, LOCK: task.id})
        events.image(context.deployment, "update", changed)
    if credential is not None:
        tasks.keep_credential(task.id, credential)
    log.info("Import of image %s by %s is task %s", image_id, request.method, task.id)


def _find(context: Context, image_id: str) -> ImageRow:
    """The image; a project that is over its limit is told that first, whatever it asks for."""
    try:
        image = images.get(context, image_id)
    except errors.ImageNotFound:
        _require_within(context, context.project_id)
        raise
    _require_within(context, image.owner)
    return image


def _require_within(context: Context, owner: str | None) -> None:
    limits = quotas.limits_of(context, owner)
    quotas.require_room(context, limits, owner, "", "", 0)


def _require_possible(context: Context, image: ImageRow, request: Request) -> list[str | None]:
    """The stores to import to; raises in the order in which Glance looks."""
    needed = NEEDED_STATUS[request.method]
    if image.status != needed:
        raise errors.WrongStatus(
            image_id=image.id,
            status=image.status,
            action=f"import by {request.method}",
            needed=needed,
        )
    for name in ("container_format", "disk_format"):
        if not getattr(image, name):
            raise errors.Conflict(reason=f"'{name}' must be set before an import")
    if request.method == "glance-download":
        _require_remote(request.options)
    rule = "copy_image" if request.method == "copy-image" else "modify_image"
    context.enforce(rule, images.target(context, image))
    require_no_other(image)
    return _targets(context, image, request)


def _require_remote(options: Mapping[str, Any]) -> None:
    if not isinstance(options.get("glance_region"), str):
        raise errors.Invalid(reason="glance-download needs glance_region")
    try:
        uuid.UUID(str(options.get("glance_image_id")))
    except ValueError as exc:
        raise errors.Invalid(
            reason="glance-download needs glance_image_id, and this "
            "image id does not look like a UUID"
        ) from exc


def require_no_other(image: ImageRow) -> None:
    """Raise `errors.Conflict` while another task holds the import lock, unless it is stale."""
    holder = image.properties.get(LOCK)
    if holder and not _is_stale(task_rows.find(holder)):
        raise errors.Conflict(reason=f"Image {image.id} is being imported by task {holder}")


def _is_stale(task: task_rows.TaskRow | None) -> bool:
    if task is None:
        return True
    changed = calendar.timegm(time.strptime(task.updated_at, "%Y-%m-%dT%H:%M:%SZ"))
    return clock.now() - changed >= STALE[task.status]


def take_lock(image: ImageRow) -> None:
    """Take the lock from a stale holder, whose targets nobody writes to any more."""
    holder = task_rows.find(image.properties.get(LOCK, ""))
    if holder is None:
        return
    task_rows.finish(holder.id, "failure", holder.updated_at, tasks.PREEMPTED)
    gone = set((holder.input or {}).get("backend") or ())
    for name in (IMPORTING, FAILED):
        if name in image.properties:
            left = [each for each in split(image.properties[name]) if each not in gone]
            image.properties[name] = joined(left)


def _targets(context: Context, image: ImageRow, request: Request) -> list[str | None]:
    stores = context.deployment.stores
    if not stores.multi:
        if not request.must_succeed:
            raise errors.Invalid(
                reason="all_stores_must_succeed can only be false with several stores"
            )
        if request.method == "copy-image":
            raise errors.Invalid(reason="copy-image needs several stores")
        return [None]
    present = {location.store_id for location in image.locations}
    if request.all_stores:
        if request.stores is not None:
            raise errors.Invalid(reason="all_stores and stores cannot be combined")
        writable = [store.store_id for store in stores.values() if not store.read_only]
        return [each for each in writable if each not in present]
    targets = list(dict.fromkeys(request.stores or [stores.default.store_id]))
    for store_id in targets:
        if store_id not in stores:
            known = ", ".join(stores)
            raise errors.Conflict(reason=f"There is no store '{store_id}'; there are {known}")
    for store_id in targets:
        if request.method == "copy-image" and store_id in present:
            raise errors.Invalid(reason=f"Store '{store_id}' already has the image")
    return list(targets)
