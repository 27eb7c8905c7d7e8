"""Routes of images: create, list, show, change, delete."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import body, filters, json_patch, paging, responses, smorest, urls
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import images as schemas
from glance_shim.core import images

blp = smorest.Blueprint(
    "images", __name__, url_prefix="/v2/images", description="Images and their properties"
)


def import_headers(deployment: Any) -> dict[str, str]:
    """Headers that tell a client how data may be imported, and where to."""
    headers = {}
    if deployment.config.enabled_import_methods:
        methods = ",".join(deployment.config.enabled_import_methods)
        headers["OpenStack-image-import-methods"] = methods
    if deployment.stores.multi:
        headers["OpenStack-image-store-ids"] = ",".join(deployment.stores)
    return headers


@blp.route("")
class Images(MethodView):
    @blp.arguments(schemas.ImageSchema)
    @blp.response(201, schemas.ImageSchema)
    def post(self, values: dict[str, Any]) -> flask.Response:
        """Create an image."""
        context = current_context()
        context.deployment.extra_properties.require(values["properties"])
        image = images.create(context, **values)
        headers = import_headers(context.deployment)
        headers["Location"] = urls.of(f"/v2/images/{image.id}")
        return responses.as_json(schemas.present(context, image), 201, headers)

    @blp.response(200, schemas.ImageListSchema)
    def get(self) -> flask.Response:
        """List images."""
        context = current_context()
        pairs = filters.parameters()
        asked = filters.parse(pairs)
        found = images.get_all(context, **asked)
        full = found and len(found) == asked["limit"]
        return responses.as_json(
            {
                "images": [schemas.present(context, image) for image in found],
                **paging.links("/v2/images", pairs, found[-1].id if full else None),
                "schema": "/v2/schemas/images",
            }
        )


@blp.route("/<image_id>")
class Image(MethodView):
    @blp.response(200, schemas.ImageSchema)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """Show an image."""
        context = current_context()
        return responses.as_json(schemas.present(context, images.get(context, image_id)))

    @blp.response(200, schemas.ImageSchema)
    def patch(self, image_id: str) -> flask.Response:
        """Change an image."""
        changes = json_patch.read()
        context = current_context()
        image = images.update(context, image_id, changes)
        return responses.as_json(schemas.present(context, image))

    @blp.response(204)
    @body.bodiless
    def delete(self, image_id: str) -> None:
        """Delete an image with its data."""
        images.delete(current_context(), image_id)


@blp.route("/<image_id>/actions/deactivate", methods=["POST"])
@blp.response(204)
@body.bodiless
def deactivate(image_id: str) -> None:
    """Keep the data of an image from being downloaded."""
    images.deactivate(current_context(), image_id)


@blp.route("/<image_id>/actions/reactivate", methods=["POST"])
@blp.response(204)
@body.bodiless
def reactivate(image_id: str) -> None:
    """Let the data of an image be downloaded again."""
    images.reactivate(current_context(), image_id)
