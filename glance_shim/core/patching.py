"""Changes to an image, one after the other, as in a JSON patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import lifecycle, location_changes, quotas
from glance_shim.core.changes import Change
from glance_shim.db.images import ImageRow

CHANGEABLE = (
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
)


def apply(context: Context, image: ImageRow, changes: Sequence[Change]) -> dict[str, Any]:
    """The columns that differ once all changes are made, in order, on the image.

    The first change that is not possible raises and nothing is changed.
    """
    made = image
    properties = dict(image.properties)
    for change in changes:
        if change.name == "locations":
            made = location_changes.make(
                context, made, change.op, change.position, change.value
            )
        elif change.name in CHANGEABLE:
            _change_base(context, made, change)
            made = made._replace(**{change.name: _stored(change)})
        else:
            _change_property(context, properties, change)
    if not set(properties) <= set(image.properties):
        quotas.require_properties(context, properties)
    made = made._replace(properties=properties)
    before = image._asdict()
    return {name: value for name, value in made._asdict().items() if value != before[name]}


def _stored(change: Change) -> Any:
    return change.value or None if change.name == "owner" else change.value


def _change_base(context: Context, image: ImageRow, change: Change) -> None:
    if change.op == "remove":
        raise errors.AttributeNotRemovable(name=change.name)
    if change.must_be_new:
        raise errors.PropertyExists(name=change.name)
    if change.name == "owner" and not context.is_admin:
        raise errors.Forbidden(reason="only an administrator may change the owner of an image")
    if change.name.endswith("_format") and image.status not in lifecycle.FORMATS_OPEN:
        raise errors.FormatsFrozen(name=change.name, image_id=image.id, status=image.status)
    if change.name == "tags":
        limit = context.config.image_tag_quota
        quotas.require("image_tag_quota", limit, len(change.value), "tags")


def _change_property(context: Context, properties: dict[str, str], change: Change) -> None:
    allows = context.deployment.protections.allows
    exists = change.name in properties and allows("read", change.name, context)
    if change.op == "add":
        if exists and change.must_be_new:
            raise errors.PropertyExists(name=change.name)
        operation = "update" if exists else "create"
    elif exists:
        operation = "update" if change.op == "replace" else "delete"
    else:
        raise errors.PropertyMissing(name=change.name)
    if not allows(operation, change.name, context):
        raise errors.PropertyProtected(name=change.name, operation=operation)
    if change.op == "remove":
        del properties[change.name]
    else:
        properties[change.name] = change.value
