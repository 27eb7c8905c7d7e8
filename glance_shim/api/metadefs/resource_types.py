"""Routes of resource types, and of what namespaces have to do with them."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.metadefs import presenting
from glance_shim.api.schemas import metadefs as schemas
from glance_shim.core.metadefs import resource_types

blp = smorest.Blueprint(
    "metadef_resource_types",
    __name__,
    url_prefix="/v2/metadefs",
    description="Resource types of definitions",
)


@blp.route("/resource_types")
class ResourceTypes(MethodView):
    @blp.response(200, schemas.ResourceTypeListSchema)
    @body.bodiless
    def get(self) -> flask.Response:
        """List the resource types there are."""
        found = resource_types.get_all(current_context())
        documents = [{k: v for k, v in row._asdict().items() if v is not None} for row in found]
        return responses.as_json({"resource_types": documents})


@blp.route("/namespaces/<namespace>/resource_types")
class Associations(MethodView):
    @blp.response(200, schemas.AssociationListSchema)
    @body.bodiless
    def get(self, namespace: str) -> flask.Response:
        """List the resource types that a namespace is about."""
        found = resource_types.get_of_namespace(current_context(), namespace)
        documents = [presenting.association(part) for part in found]
        return responses.as_json({"resource_type_associations": documents})

    @blp.arguments(schemas.AssociationSchema)
    @blp.response(201, schemas.AssociationSchema)
    def post(self, values: dict[str, Any], namespace: str) -> flask.Response:
        """Associate a namespace with a resource type."""
        name = values.pop("name")
        part = resource_types.associate(current_context(), namespace, name, values)
        return responses.as_json(presenting.association(part), 201)


@blp.route("/namespaces/<namespace>/resource_types/<name>")
class Association(MethodView):
    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str, name: str) -> None:
        """Undo an association."""
        resource_types.dissociate(current_context(), namespace, name)
