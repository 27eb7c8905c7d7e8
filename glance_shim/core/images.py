"""Images: create, look up, list, change, delete, deactivate."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import (
    activity_log,
    cache,
    events,
    lifecycle,
    location_changes,
    patching,
    quotas,
    removals,
)
from glance_shim.core.changes import Change
from glance_shim.db import connection, image_lists, uploads
from glance_shim.db import images as rows
from glance_shim.db.images import ImageRow
from glance_shim.policy import visibility as seen
from glance_shim.stores import STAGING

log = logging.getLogger(__name__)

ID_PATTERN = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

READ_ONLY = (
    "status",
    "size",
    "virtual_size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "updated_at",
    "locations",
)

LOCATION_RULES = {
    "add": "set_image_location",
    "replace": "set_image_location",
    "remove": "delete_image_location",
}


def target(context: Context, image: ImageRow) -> dict[str, Any]:
    """The facts about an image that rules look at."""
    offered = image.visibility == "shared" and image.owner != context.project_id
    return {
        **image.properties,
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "protected": image.protected,
        "owner": image.owner,
        "project_id": image.owner,
        "member_id": context.project_id if offered else None,
    }


def create(
    context: Context,
    properties: Mapping[str, str],
    tags: Sequence[str] = (),
    visibility: str = "shared",
    **values: Any,
) -> ImageRow:
    """Make an image record without data, status ``queued``, and return it.

    ``values`` are base properties. Raises `errors.Forbidden` where rights,
    read-only or protected properties are concerned, `errors.QuotaExceeded`
    and `errors.DuplicateImage`.
    """
    owner = values.pop("owner", context.project_id) or None
    facts: dict[str, Any] = {
        "project_id": context.project_id,
        "owner": owner,
        "visibility": visibility,
        **{name: values[name] for name in ("name", "protected") if name in values},
    }
    if owner != context.project_id and not context.is_admin:
        raise errors.ForeignOwner(owner=owner, project_id=context.project_id)
    context.enforce("add_image", facts)
    _enforce_visibility(context, visibility, {**facts, "project_id": owner})
    for name in properties:
        _require_property_right(context, "create", name)
    config = context.config
    quotas.require("image_tag_quota", config.image_tag_quota, len(tags), "tags")
    for name in READ_ONLY:
        if name in values:
            raise errors.ReadOnlyAttribute(name=name)
    quotas.require_properties(context, properties)
    values.setdefault("id", str(uuid.uuid4()))
    values |= {"owner": owner, "visibility": visibility, "status": "queued"}
    limits = quotas.limits_of(context, owner)
    with connection.writing():
        image = rows.add(values, properties, tags)
        quotas.require_image(limits, owner)
        activity_log.add(context, image.id, {"action": "created"})
        events.image(context.deployment, "create", image)
    log.info("Image %s is created by project %s", image.id, context.project_id)
    return image


def _enforce_visibility(context: Context, visibility: str, facts: Mapping[str, Any]) -> None:
    rule = {"public": "publicize_image", "community": "communitize_image"}.get(visibility)
    if rule is not None:
        context.enforce(rule, facts)


def _require_property_right(context: Context, operation: str, name: str) -> None:
    if not context.deployment.protections.allows(operation, name, context):
        raise errors.PropertyProtected(name=name, operation=operation)


def get(context: Context, image_id: str) -> ImageRow:
    """The image, if this caller may see it; else raises `errors.ImageNotFound`."""
    image = None
    if ID_PATTERN.fullmatch(image_id):
        image = rows.find(image_id, seen.seen_by_id(context))
    if image is None or not context.allows("get_image", target(context, image)):
        raise errors.ImageNotFound(image_id=image_id)
    return image


def get_for_change(context: Context, image_id: str) -> ImageRow:
    """As `get`, in a transaction that will write; the row stays as it is until its end."""
    image = None
    if ID_PATTERN.fullmatch(image_id):
        image = rows.find_for_change(image_id, seen.seen_by_id(context))
    if image is None or not context.allows("get_image", target(context, image)):
        raise errors.ImageNotFound(image_id=image_id)
    return image


def get_all(
    context: Context,
    conditions: Sequence[tuple[str, str, Any]] = (),
    properties: Sequence[tuple[str, str]] = (),
    tags: Sequence[str] = (),
    visibility: str | None = None,
    member_status: str = "accepted",
    sort: Sequence[tuple[str, str]] = (("created_at", "desc"), ("id", "desc")),
    limit: int = 25,
    marker: str | None = None,
    among: str | None = None,
) -> list[ImageRow]:
    """One page of the images that the caller's list holds.

    ``conditions`` are column, operator and value. ``among`` limits the list to
    the images of the caller's ``project``, or to ``offers`` of others with the
    given ``member_status``. Raises `errors.MarkerNotFound`, also where the caller
    may not see it, which Glance tells apart by 403.
    """
    context.enforce("get_images", {"project_id": context.project_id})
    start = None if marker is None else _marker(context, marker)
    scope = {
        "project": lambda: seen.of_project(context),
        "offers": lambda: seen.offered(context, member_status),
        None: lambda: seen.seen_in_lists(context, visibility, member_status),
    }[among]()
    page = image_lists.select(
        scope,
        conditions=conditions,
        properties=properties,
        tags=tags,
        sort=sort,
        limit=limit,
        marker=start,
    )
    if "get_image" in context.deployment.policy.overridden:
        return [image for image in page if context.allows("get_image", target(context, image))]
    return page


def count_offers(context: Context) -> int:
    """How many images others offer to the caller's project that it has not answered."""
    return image_lists.count(seen.waiting_for(seen.project_of(context)))


def _marker(context: Context, image_id: str) -> ImageRow:
    image = None
    if ID_PATTERN.fullmatch(image_id):
        image = rows.find(image_id, seen.seen_by_id(context))
        if image is None and context.is_admin:
            image = rows.find_any(image_id, deleted_too=True)
    if image is None:
        raise errors.MarkerNotFound(marker=image_id)
    return image


def update(context: Context, image_id: str, changes: Sequence[Change]) -> ImageRow:
    """Apply the changes in order, all or none, and return the image.

    Without changes it needs no right but to see the image. The first location
    makes a queued image active; data of ours at one that is taken away goes.
    Raises `errors.Forbidden`, `errors.Conflict`, `errors.QuotaExceeded` and,
    for a location that cannot be one, `errors.Invalid`.
    """
    if not changes:
        return get(context, image_id)
    known = location_changes.LookedUp({}, {})
    if any(change.name == "locations" for change in changes):
        image = get(context, image_id)
        wanted = _changed(context, image, changes).get("locations", [])
        known = location_changes.look_up(context, image, wanted)
    with connection.writing():
        image = get_for_change(context, image_id)
        columns = _changed(context, image, changes)
        if "locations" in columns:
            columns["size"] = location_changes.settle(
                context, image, columns["locations"], known
            )
        changed = rows.save(image, **columns)
        activity_log.add_changes(context, image, changed)
        if (image.status, changed.status) == ("queued", "active"):
            events.image(context.deployment, "activate", changed)
        events.image(context.deployment, "update", changed)
    if "locations" in columns:
        count, project_id = len(changed.locations), context.project_id
        log.info("Image %s has %d locations by project %s", image_id, count, project_id)
        removals.carry_out(context.deployment, image_id)
    return changed


def _changed(context: Context, image: ImageRow, changes: Sequence[Change]) -> dict[str, Any]:
    """The columns that the changes make different, for who may make each of them."""
    facts = target(context, image)
    for change in changes:
        if change.name == "visibility":
            _enforce_visibility(context, change.value, facts)
        elif change.name == "locations":
            context.enforce(LOCATION_RULES[change.op], facts)
    if any(change.name != "locations" for change in changes):
        context.enforce("modify_image", facts)
    return patching.apply(context, image, changes)


def delete(context: Context, image_id: str) -> None:
    """Delete the image, its members, tags, properties and data.

    The record goes first, in one transaction that also notes which blobs are
    to go; data that is just arriving is refused at its next step, and counts
    for its owner until then.
    """
    config = context.config
    with connection.writing():
        image = get_for_change(context, image_id)
        context.enforce("delete_image", target(context, image))
        if image.protected:
            raise errors.ImageProtected(image_id=image_id)
        delayed = config.delayed_delete and bool(image.locations)
        rows.mark_deleted(image_id, "pending_delete" if delayed else "deleted")
        blobs = [(location.store_id, location.blob_id) for location in image.locations]
        uploads.add_removals(image_id, blobs, config.scrub_time if delayed else 0)
        if image.staged:
            uploads.add_removals(image_id, [(STAGING, image.staged)], 0)
        events.image(context.deployment, "delete", image._replace(status="deleted"))
    context.deployment.audit.write(context, "deleted", image_id=image_id)
    log.info("Image %s is deleted by project %s", image_id, context.project_id)
    if blobs or image.staged:
        removals.carry_out(context.deployment, image_id)
    cache.forget(context.deployment, image_id)


def deactivate(context: Context, image_id: str) -> None:
    """Keep everyone but administrators from downloading; twice is no error."""
    _switch(context, image_id, "deactivate", "active", "deactivated")


def reactivate(context: Context, image_id: str) -> None:
    """Undo `deactivate`; twice is no error."""
    _switch(context, image_id, "reactivate", "deactivated", "active")


def _switch(context: Context, image_id: str, action: str, was: str, to: str) -> None:
    image = get(context, image_id)
    context.enforce(action, target(context, image))
    lifecycle.require(image, action)
    if image.status != was:
        return
    with connection.writing():
        if not rows.move_status(image_id, was, to):
            return
        activity_log.add(context, image_id, {"action": f"{action}d"})
        events.image(context.deployment, "update", image._replace(status=to))
    log.info("Image %s is %s", image_id, to)
