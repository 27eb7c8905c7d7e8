"""Routes of single tags."""

from __future__ import annotations

from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import body, smorest
from glance_shim.api.authentication import current_context
from glance_shim.core import tags
from glance_shim.core.texts import complaint_about

blp = smorest.Blueprint(
    "tags", __name__, url_prefix="/v2/images/<image_id>/tags", description="Tags of an image"
)

LONGEST = 255


@blp.route("/<tag>")
class Tag(MethodView):
    @blp.response(204)
    @body.bodiless
    def put(self, image_id: str, tag: str) -> None:
        """Give an image a tag."""
        complaint = complaint_about(tag, LONGEST, is_name=True)
        if complaint:
            raise errors.Invalid(reason=f"Invalid tag: {complaint}")
        tags.add(current_context(), image_id, tag)

    @blp.response(204)
    @body.bodiless
    def delete(self, image_id: str, tag: str) -> None:
        """Take a tag from an image."""
        tags.delete(current_context(), image_id, tag)
