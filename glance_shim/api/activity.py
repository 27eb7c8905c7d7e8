"""Routes of activity: who did what to an image."""

from __future__ import annotations

import flask
from flask.views import MethodView

from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import activity as schemas
from glance_shim.core import activity

blp = smorest.Blueprint(
    "activity",
    __name__,
    url_prefix="/v2/images/<image_id>/activity",
    description="Who did what to an image, and when; not a call of Glance",
)


@blp.route("")
class Activity(MethodView):
    @blp.response(200, schemas.ActivitySchema)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """List what was done to an image, newest first."""
        found = activity.get_all(current_context(), image_id)
        return responses.as_json({"activity": [schemas.present(entry) for entry in found]})
