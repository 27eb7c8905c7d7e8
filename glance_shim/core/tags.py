"""Single tags of an image."""

from __future__ import annotations

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import activity_log, events, images, quotas
from glance_shim.db import connection
from glance_shim.db import images as rows


def add(context: Context, image_id: str, tag: str) -> None:
    """Give the image a tag; it is no error if it has it. Raises `errors.QuotaExceeded`."""
    with connection.writing():
        image = images.get_for_change(context, image_id)
        context.enforce("modify_image", images.target(context, image))
        if tag in image.tags:
            return
        tags = [*image.tags, tag]
        quotas.require("image_tag_quota", context.config.image_tag_quota, len(tags), "tags")
        changed = rows.save(image, tags=tags)
        activity_log.add_changes(context, image, changed)
        events.image(context.deployment, "update", changed)


def delete(context: Context, image_id: str, tag: str) -> None:
    """Take a tag from the image; raises `errors.TagNotFound` if it has none such."""
    with connection.writing():
        image = images.get_for_change(context, image_id)
        context.enforce("modify_image", images.target(context, image))
        if tag not in image.tags:
            raise errors.TagNotFound(image_id=image_id, tag=tag)
        changed = rows.save(image, tags=[each for each in image.tags if each != tag])
        activity_log.add_changes(context, image, changed)
        events.image(context.deployment, "update", changed)
