"""Members: the projects an image is offered to, and their answers.

Who cannot see a membership is told that there is none; who sees it but may
not do what was asked is refused.
"""

from __future__ import annotations

import logging
from typing import Any

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import activity_log, events, images, quotas
from glance_shim.db import connection
from glance_shim.db import members as rows
from glance_shim.db.images import ImageRow
from glance_shim.db.members import MemberRow

log = logging.getLogger(__name__)

STATUSES = ("pending", "accepted", "rejected")


def _require_shared(image: ImageRow) -> ImageRow:
    if image.visibility != "shared":
        raise errors.MembersNeedShared(image_id=image.id, visibility=image.visibility)
    return image


def _target(context: Context, image: ImageRow, member_id: str | None) -> dict[str, Any]:
    return {**images.target(context, image), "member_id": member_id}


def _find(context: Context, image: ImageRow, member_id: str) -> MemberRow:
    member = rows.find(image.id, member_id)
    if member is None or not context.allows("get_member", _target(context, image, member_id)):
        raise errors.MemberNotFound(member_id=member_id, image_id=image.id)
    return member


def add(context: Context, image_id: str, member_id: str) -> MemberRow:
    """Offer a shared image to a project; its answer is ``pending``.

    Raises `errors.MembersNeedShared`, `errors.Forbidden`,
    `errors.QuotaExceeded` and `errors.MemberExists`, looked at in this order.
    """
    with connection.writing():
        image = _require_shared(images.get_for_change(context, image_id))
        context.enforce("add_member", _target(context, image, member_id))
        limit = context.config.image_member_quota
        quotas.require("image_member_quota", limit, rows.count(image_id) + 1, "members")
        member = rows.add(image_id, member_id)
        activity_log.add(context, image_id, {"action": "shared", "member_id": member_id})
        events.member(context.deployment, "create", member)
    log.info("Image %s is offered to project %s", image_id, member_id)
    return member


def get(context: Context, image_id: str, member_id: str) -> MemberRow:
    """One membership; whatever the reason not to show it, it is not found."""
    image = images.get(context, image_id)
    if image.visibility != "shared":
        raise errors.MemberNotFound(member_id=member_id, image_id=image_id)
    return _find(context, image, member_id)


def get_all(context: Context, image_id: str) -> list[MemberRow]:
    """All members for the owner; for a member its own row."""
    image = _require_shared(images.get(context, image_id))
    context.enforce("get_members", _target(context, image, context.project_id))
    return [
        member
        for member in rows.select(image_id)
        if context.allows("get_member", _target(context, image, member.member_id))
    ]


def set_status(context: Context, image_id: str, member_id: str, status: str) -> MemberRow:
    """Answer an offer: ``status`` is one of `STATUSES`.

    Raises `errors.NotTheMember` for anyone who sees the membership without
    being the member, the owner included, even one that is a member as well.
    """
    with connection.writing():
        image = _require_shared(images.get_for_change(context, image_id))
        member = _find(context, image, member_id)
        owns = member_id == image.owner and not context.is_admin
        if owns or not context.allows("modify_member", _target(context, image, member_id)):
            raise errors.NotTheMember(member_id=member_id, project_id=context.project_id)
        if status not in STATUSES:
            raise errors.Invalid(reason=f"status must be one of {', '.join(STATUSES)}")
        changed = rows.set_status(member, status)
        if status != member.status:
            entry = {"action": status, "member_id": member_id, "was": member.status}
            activity_log.add(context, image_id, entry)
        events.member(context.deployment, "update", changed)
    log.info("Project %s has %s image %s", member_id, status, image_id)
    return changed


def delete(context: Context, image_id: str, member_id: str) -> None:
    """Take an offer back; the member loses access at once."""
    with connection.writing():
        image = _require_shared(images.get_for_change(context, image_id))
        member = _find(context, image, member_id)
        context.enforce("delete_member", _target(context, image, member_id))
        rows.delete(image_id, member_id)
        activity_log.add(context, image_id, {"action": "unshared", "member_id": member_id})
        events.member(context.deployment, "delete", member)
    log.info("Image %s is no longer offered to project %s", image_id, member_id)
