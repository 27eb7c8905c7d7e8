"""Image members on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.api.schemas.common import Text, one_of
from glance_shim.api.schemas.images import UUID
from glance_shim.core import members
from glance_shim.db.members import MemberRow


class NewMemberSchema(ma.Schema):
    wire_name = "member"

    class Meta:
        unknown = ma.EXCLUDE

    member = Text(
        required=True,
        longest=255,
        is_name=True,
        validate=ma.validate.Length(min=1, error="a project id is needed"),
        metadata={"description": "The project to offer the image to"},
    )


class MemberStatusSchema(ma.Schema):
    """Which words are right is judged after the image is looked up, in ``core``."""

    wire_name = "member"

    class Meta:
        unknown = ma.EXCLUDE

    status = ma.fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "The answer of the project", "type": "string"},
    )


class MemberSchema(ma.Schema):
    wire_name = "member"

    member_id = ma.fields.String(
        metadata={"description": "The project that the image is offered to"}
    )
    image_id = ma.fields.String(
        metadata={"description": "The image that is offered", "pattern": UUID}
    )
    created_at = ma.fields.String(metadata={"description": "When the offer was made"})
    updated_at = ma.fields.String(metadata={"description": "When the offer was last answered"})
    status = ma.fields.String(
        validate=one_of(*members.STATUSES),
        metadata={"description": "The answer of the project"},
    )
    schema = ma.fields.String(metadata={"readOnly": True})


class MemberListSchema(ma.Schema):
    wire_name = "members"

    members = ma.fields.List(ma.fields.Nested(MemberSchema))
    schema = ma.fields.String()


def present(member: MemberRow) -> dict[str, Any]:
    """The member as it goes over the wire."""
    return {**member._asdict(), "schema": "/v2/schemas/member"}
