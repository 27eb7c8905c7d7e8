"""Routes of image members."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import members as schemas
from glance_shim.core import members

blp = smorest.Blueprint(
    "members",
    __name__,
    url_prefix="/v2/images/<image_id>/members",
    description="The projects an image is offered to",
)


@blp.route("")
class Members(MethodView):
    @blp.response(200, schemas.MemberListSchema)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """List the members of an image."""
        found = members.get_all(current_context(), image_id)
        return responses.as_json(
            {
                "members": [schemas.present(member) for member in found],
                "schema": "/v2/schemas/members",
            }
        )

    @blp.arguments(schemas.NewMemberSchema)
    @blp.response(200, schemas.MemberSchema)
    def post(self, values: dict[str, Any], image_id: str) -> flask.Response:
        """Offer an image to a project."""
        member = members.add(current_context(), image_id, values["member"])
        return responses.as_json(schemas.present(member))


@blp.route("/<member_id>")
class Member(MethodView):
    @blp.response(200, schemas.MemberSchema)
    @body.bodiless
    def get(self, image_id: str, member_id: str) -> flask.Response:
        """Show a member of an image."""
        member = members.get(current_context(), image_id, member_id)
        return responses.as_json(schemas.present(member))

    @blp.arguments(schemas.MemberStatusSchema)
    @blp.response(200, schemas.MemberSchema)
    def put(self, values: dict[str, Any], image_id: str, member_id: str) -> flask.Response:
        """Answer an offer."""
        member = members.set_status(current_context(), image_id, member_id, values["status"])
        return responses.as_json(schemas.present(member))

    @blp.response(204)
    @body.bodiless
    def delete(self, image_id: str, member_id: str) -> None:
        """Take an offer back."""
        members.delete(current_context(), image_id, member_id)
