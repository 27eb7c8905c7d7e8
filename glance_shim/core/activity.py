"""Activity: who did what to an image, and when."""

from __future__ import annotations

from glance_shim.context import Context
from glance_shim.core import images
from glance_shim.db import activity as rows
from glance_shim.db.activity import ActivityRow

ANSWERS = ("accepted", "rejected", "pending")


def get_all(context: Context, image_id: str) -> list[ActivityRow]:
    """What was done to the image, newest first, as far as it is the caller's business.

    Its owner's project sees everything, a member what concerns its own
    membership, and of other projects only that it was them, not which of
    their users. Raises `errors.Forbidden` for all others.
    """
    facts = images.target(context, images.get(context, image_id))
    context.enforce("get_image_activity", facts)
    kept, most = context.config.image_activity_quota, context.config.api_limit_max
    found = rows.select(image_id, min(kept, most) if kept >= 0 else most)
    if context.allows("get_image_activity", {**facts, "member_id": None}):
        return found
    return [
        _as_shown_to(context, entry)
        for entry in found
        if context.allows("get_image_activity", {**facts, "member_id": entry.member_id})
    ]


def _as_shown_to(context: Context, entry: ActivityRow) -> ActivityRow:
    if entry.project_id == context.project_id:
        return entry
    return entry._replace(user_id=None, user_name=None, request_id=None)


def on_behalf(entry: ActivityRow) -> bool:
    """Was an offer answered by somebody who is not in the project it was made to?"""
    return entry.action in ANSWERS and entry.project_id != entry.member_id
