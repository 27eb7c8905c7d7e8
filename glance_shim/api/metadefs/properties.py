"""Routes of properties in a namespace."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import body, filters, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.metadefs import presenting
from glance_shim.api.schemas import metadefs as schemas
from glance_shim.core.metadefs import properties

blp = smorest.Blueprint(
    "metadef_properties",
    __name__,
    url_prefix="/v2/metadefs/namespaces/<namespace>/properties",
    description="Properties of definitions",
)


@blp.route("")
class Properties(MethodView):
    @blp.response(200, schemas.PropertyListSchema)
    @body.bodiless
    def get(self, namespace: str) -> flask.Response:
        """List the properties of a namespace."""
        found = properties.get_all(current_context(), namespace)
        return responses.as_json({"properties": presenting.properties(found)})

    @blp.arguments(schemas.PropertySchema)
    @blp.response(201, schemas.PropertySchema)
    def post(self, values: dict[str, Any], namespace: str) -> flask.Response:
        """Create a property."""
        part = properties.create(current_context(), namespace, values["name"], values)
        return responses.as_json(presenting.property_(part), 201)

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str) -> None:
        """Delete all properties of a namespace."""
        properties.delete_all(current_context(), namespace)


@blp.route("/<name>")
class Property(MethodView):
    @blp.response(200, schemas.PropertySchema)
    def get(self, namespace: str, name: str) -> flask.Response:
        """Show a property, by its name for a resource type if one is given."""
        asked = dict(filters.parameters())
        part = properties.get(current_context(), namespace, name, asked.get("resource_type"))
        return responses.as_json(presenting.property_(part))

    @blp.arguments(schemas.PropertySchema)
    @blp.response(200, schemas.PropertySchema)
    def put(self, values: dict[str, Any], namespace: str, name: str) -> flask.Response:
        """Replace a property."""
        part = properties.update(current_context(), namespace, name, values["name"], values)
        return responses.as_json(presenting.property_(part))

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str, name: str) -> None:
        """Delete a property."""
        properties.delete(current_context(), namespace, name)
