"""Routes of objects in a namespace."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import body, filters, paging, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.metadefs import presenting
from glance_shim.api.schemas import metadefs as schemas
from glance_shim.core.metadefs import objects

blp = smorest.Blueprint(
    "metadef_objects",
    __name__,
    url_prefix="/v2/metadefs/namespaces/<namespace>/objects",
    description="Objects of definitions",
)

VISIBILITIES = ("public", "private", "shared")


@blp.route("")
class Objects(MethodView):
    @blp.response(200, schemas.ObjectListSchema)
    def get(self, namespace: str) -> flask.Response:
        """List the objects of a namespace."""
        _check(dict(filters.parameters()))
        found = objects.get_all(current_context(), namespace)
        return responses.as_json(
            {
                "objects": [presenting.object_(namespace, part) for part in found],
                "schema": "v2/schemas/metadefs/objects",
            }
        )

    @blp.arguments(schemas.ObjectSchema)
    @blp.response(201, schemas.ObjectSchema)
    def post(self, values: dict[str, Any], namespace: str) -> flask.Response:
        """Create an object."""
        name = values.pop("name")
        part = objects.create(current_context(), namespace, name, values)
        return responses.as_json(presenting.written_object(namespace, part), 201)

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str) -> None:
        """Delete all objects of a namespace."""
        objects.delete_all(current_context(), namespace)


@blp.route("/<name>")
class Object(MethodView):
    @blp.response(200, schemas.ObjectSchema)
    @body.bodiless
    def get(self, namespace: str, name: str) -> flask.Response:
        """Show an object."""
        part = objects.get(current_context(), namespace, name)
        return responses.as_json(presenting.object_(namespace, part))

    @blp.arguments(schemas.ObjectSchema)
    @blp.response(200, schemas.ObjectSchema)
    def put(self, values: dict[str, Any], namespace: str, name: str) -> flask.Response:
        """Replace an object."""
        new_name = values.pop("name")
        part = objects.update(current_context(), namespace, name, new_name, values)
        return responses.as_json(presenting.written_object(namespace, part))

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str, name: str) -> None:
        """Delete an object."""
        objects.delete(current_context(), namespace, name)


def _check(asked: dict[str, str]) -> None:
    """Refuse parameters that make no sense; none of them changes the list."""
    if "limit" in asked and paging.limit(asked["limit"]) < 1:
        raise errors.Invalid(reason="limit must be a whole number of at least 1")
    if asked.get("sort_dir", "asc") not in paging.DIRECTIONS:
        raise errors.Invalid(reason="sort_dir must be asc or desc")
    if asked.get("visibility", "public") not in VISIBILITIES:
        raise errors.Invalid(reason=f"visibility must be one of {', '.join(VISIBILITIES)}")
