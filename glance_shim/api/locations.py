"""Routes of locations: data that is somewhere already."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import locations as schemas
from glance_shim.core import locations

blp = smorest.Blueprint(
    "locations",
    __name__,
    url_prefix="/v2/images/<image_id>/locations",
    description="Where the data of an image is",
)


@blp.route("")
class Locations(MethodView):
    @blp.response(200)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """List the locations of an image, for services."""
        return responses.as_json(locations.get_all(current_context(), image_id))

    @blp.arguments(schemas.NewLocationSchema)
    @blp.response(202)
    def post(self, values: dict[str, Any], image_id: str) -> flask.Response:
        """Add a location to a queued image."""
        validation = values.get("validation_data")
        locations.add(current_context(), image_id, values["url"], validation)
        return flask.Response(status=202)
