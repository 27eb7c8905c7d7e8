"""Routes of the image cache, for administrators."""

from __future__ import annotations

import flask
from flask.views import MethodView

from glance_shim.api import at_hand, body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import cache as schemas
from glance_shim.core import cached_images

blp = smorest.Blueprint(
    "cache", __name__, url_prefix="/v2/cache", description="The image cache of a node"
)

TARGET_HEADER = "X-Image-Cache-Clear-Target"


@blp.route("")
class Cache(MethodView):
    @blp.response(200, schemas.CacheSchema)
    @body.bodiless
    def get(self) -> flask.Response:
        """List what is in the cache, and what is to come."""
        return responses.as_json(schemas.present(cached_images.get_all(current_context())))

    @blp.response(204)
    @body.bodiless
    def delete(self) -> None:
        """Empty the cache, its queue, or both."""
        target = at_hand.request().headers.get(TARGET_HEADER, "")
        cached_images.clear(current_context(), target.strip().lower())


# The names of the fixed paths below are shorter, so that they are never taken for ids.
@blp.route("/<string(minlength=6):image_id>")
class CachedImage(MethodView):
    @blp.response(202)
    @body.bodiless
    def put(self, image_id: str) -> flask.Response:
        """Queue an image to be cached."""
        cached_images.queue(current_context(), image_id)
        return flask.Response(status=202)

    @blp.response(204)
    @body.bodiless
    def delete(self, image_id: str) -> None:
        """Take an image out of the cache and its queue."""
        cached_images.delete(current_context(), image_id)


@blp.route("/nodes/<image_id>", methods=["GET"])
@blp.response(200)
@body.bodiless
def nodes(image_id: str) -> flask.Response:
    """List the nodes that have an image in their cache."""
    return responses.as_json(cached_images.get_nodes(current_context(), image_id))


@blp.route("/clean", methods=["POST"])
@blp.response(200)
@body.bodiless
def clean() -> flask.Response:
    """Drop what is damaged, or stalled on its way."""
    cached_images.clean(current_context())
    return flask.Response(status=200)


@blp.route("/prune", methods=["POST"])
@blp.response(200, schemas.PrunedSchema)
@body.bodiless
def prune() -> flask.Response:
    """Drop the least recently used images until the others fit."""
    pruned = cached_images.prune(current_context())
    return responses.as_json(
        {"total_files_pruned": pruned.files, "total_bytes_pruned": pruned.size}
    )
