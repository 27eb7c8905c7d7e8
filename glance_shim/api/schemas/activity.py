"""Activity of images on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.api.schemas.common import one_of
from glance_shim.api.schemas.images import UUID
from glance_shim.core import activity
from glance_shim.core.activity_log import ACTIONS
from glance_shim.db.activity import ActivityRow

KINDS = "; ".join(f"{name}: {sentence}" for name, sentence in ACTIONS.items())


def _text(description: str) -> ma.fields.String:
    return ma.fields.String(allow_none=True, metadata={"description": description})


class EntrySchema(ma.Schema):
    id = ma.fields.Integer(metadata={"description": "Grows with time"})
    image_id = ma.fields.String(metadata={"description": "The image", "pattern": UUID})
    created_at = ma.fields.String(metadata={"description": "When it was done"})
    action = ma.fields.String(validate=one_of(*ACTIONS), metadata={"description": KINDS})
    user_id = _text("Who did it; unknown to other projects")
    user_name = _text("The name of who did it, at that time")
    project_id = _text("The project it was done for")
    project_name = _text("The name of that project, at that time")
    member_id = _text("The project that an entry about an offer concerns")
    was = _text("What it was before")
    became = _text("What it is since then")
    request_id = _text("The request that did it")
    on_behalf = ma.fields.Boolean(
        metadata={"description": "An offer was answered by others than those it was made to"}
    )


class ActivitySchema(ma.Schema):
    activity = ma.fields.List(ma.fields.Nested(EntrySchema))


def present(entry: ActivityRow) -> dict[str, Any]:
    """The entry as it goes over the wire."""
    return {**entry._asdict(), "on_behalf": activity.on_behalf(entry)}
