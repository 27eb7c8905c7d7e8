"""Images that come from another service, with the times that they have there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import events, images
from glance_shim.db import connection
from glance_shim.db import images as rows
from glance_shim.db import members as member_rows
from glance_shim.db.images import ImageRow

log = logging.getLogger(__name__)

# An image has this property until all of it is here.
ADOPTING = "os_glance_adopting"

GONE = ("deleted", "pending_delete")

Times = tuple[str, str]


def _require_admin(context: Context) -> None:
    if not context.is_admin:
        raise errors.Forbidden(reason="only an administrator adopts images of another service")


def find(context: Context, image_id: str) -> ImageRow | None:
    """The image with this id, whoever owns it.

    Raises `errors.Forbidden` for others than administrators, and
    `errors.Conflict` where it was deleted, since the id stays taken.
    """
    _require_admin(context)
    image = rows.find_any(image_id, deleted_too=True)
    if image is not None and image.status in GONE:
        raise errors.Conflict(reason=f"Image {image_id} was deleted here; its id stays taken")
    return image


def get_all(context: Context, hidden: bool, marker: str | None = None) -> Sequence[ImageRow]:
    """The next hundred of all images that are hidden or not, oldest first."""
    return images.get_all(
        context,
        conditions=[("os_hidden", "eq", hidden)],
        visibility="all",
        sort=(("created_at", "asc"), ("id", "asc")),
        limit=100,
        marker=marker,
    )


def settle(
    context: Context, image_id: str, times: Times, member_times: Mapping[str, Times]
) -> ImageRow:
    """End the adoption of an image: it is as old as where it came from, and so its members.

    ``times`` are those of creation and last change, as on the wire. Raises
    `errors.Forbidden` and `errors.ImageNotFound`.
    """
    _require_admin(context)
    with connection.writing():
        image = images.get_for_change(context, image_id)
        properties = {
            name: value for name, value in image.properties.items() if name != ADOPTING
        }
        if properties != image.properties:
            image = rows.save(image, properties=properties)
        rows.set_times(image_id, *times)
        for member_id, each in member_times.items():
            member_rows.set_times(image_id, member_id, *each)
        created_at, updated_at = times
        adopted = image._replace(created_at=created_at, updated_at=updated_at)
        events.image(context.deployment, "update", adopted)
    log.info("Image %s is adopted", image_id)
    return adopted
