"""Routes of tags in a namespace."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import at_hand, body, filters, paging, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.metadefs import presenting
from glance_shim.api.metadefs.namespaces import sort, visibility
from glance_shim.api.schemas import metadefs as schemas
from glance_shim.core.metadefs import namespaces, tags
from glance_shim.core.texts import complaint_about

blp = smorest.Blueprint(
    "metadef_tags",
    __name__,
    url_prefix="/v2/metadefs/namespaces/<namespace>/tags",
    description="Tags of definitions",
)

SORT_KEYS = ("name", "created_at", "updated_at", "id")
TRUE_WORDS = ("1", "t", "true", "on", "y", "yes")


@blp.route("")
class Tags(MethodView):
    @blp.response(200, schemas.TagListSchema)
    def get(self, namespace: str) -> flask.Response:
        """List the tags of a namespace, newest first."""
        asked = dict(filters.parameters())
        visibility(asked)
        limit = paging.limit(asked["limit"]) if "limit" in asked else None
        order = sort(asked, SORT_KEYS)
        found = tags.get_all(current_context(), namespace, order, limit, asked.get("marker"))
        return responses.as_json({"tags": [{"name": part.name} for part in found]})

    @blp.arguments(schemas.TagsSchema)
    @blp.response(201, schemas.TagListSchema)
    def post(self, values: dict[str, Any], namespace: str) -> flask.Response:
        """Have these tags, or add them where the header X-Openstack-Append says so."""
        names = [tag["name"] for tag in values["tags"]]
        word = at_hand.request().headers.get("X-Openstack-Append", "").strip().lower()
        tags.create_all(current_context(), namespace, names, word in TRUE_WORDS)
        return responses.as_json(values, 201)

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str) -> None:
        """Delete all tags of a namespace."""
        tags.delete_all(current_context(), namespace)


@blp.route("/<name>")
class Tag(MethodView):
    @blp.response(200, schemas.TagSchema)
    @body.bodiless
    def get(self, namespace: str, name: str) -> flask.Response:
        """Show a tag."""
        return responses.as_json(presenting.tag(tags.get(current_context(), namespace, name)))

    @blp.response(201, schemas.TagSchema)
    @body.bodiless
    def post(self, namespace: str, name: str) -> flask.Response:
        """Create a tag."""
        context = current_context()
        namespaces.get(context, namespace)
        complaint = complaint_about(name, schemas.LONGEST_NAME, is_name=True)
        if complaint:
            raise errors.Invalid(reason=f"Invalid tag: {complaint}")
        return responses.as_json(presenting.tag(tags.create(context, namespace, name)), 201)

    @blp.arguments(schemas.TagSchema)
    @blp.response(200, schemas.TagSchema)
    def put(self, values: dict[str, Any], namespace: str, name: str) -> flask.Response:
        """Rename a tag."""
        part = tags.update(current_context(), namespace, name, values["name"])
        return responses.as_json(presenting.tag(part))

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str, name: str) -> None:
        """Delete a tag."""
        tags.delete(current_context(), namespace, name)
