"""Routes of namespaces of metadata definitions."""

from __future__ import annotations

import urllib.parse
from typing import Any

import flask
from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import body, filters, paging, responses, smorest, urls
from glance_shim.api.authentication import current_context
from glance_shim.api.metadefs import presenting
from glance_shim.api.schemas import metadefs as schemas
from glance_shim.core.metadefs import namespaces
from glance_shim.db.metadefs.namespaces import NamespaceRow

PATH = "/v2/metadefs/namespaces"

blp = smorest.Blueprint(
    "metadef_namespaces", __name__, url_prefix=PATH, description="Namespaces of definitions"
)

SORT_KEYS = NamespaceRow._fields


@blp.route("")
class Namespaces(MethodView):
    @blp.response(200, schemas.NamespaceListSchema)
    def get(self) -> flask.Response:
        """List namespaces, with the resource types they are about."""
        pairs = filters.parameters()
        asked = dict(pairs)
        limit = paging.limit(asked.get("limit"))
        types = asked.get("resource_types")
        found = namespaces.get_all(
            current_context(),
            visibility(asked),
            None if types is None else [each.strip() for each in types.split(",")],
            sort(asked, SORT_KEYS),
            limit,
            asked.get("marker"),
        )
        held = namespaces.contents(found, "association")
        of = {row.id: [p for p in held if p.namespace_id == row.id] for row in found}
        full = found and len(found) == limit
        return responses.as_json(
            {
                "namespaces": [presenting.detailed(row, of[row.id]) for row in found],
                **paging.links(PATH, pairs, found[-1].namespace if full else None),
                "schema": "/v2/schemas/metadefs/namespaces",
            }
        )

    @blp.arguments(schemas.NamespaceSchema)
    @blp.response(201, schemas.NamespaceSchema)
    def post(self, values: dict[str, Any]) -> flask.Response:
        """Create a namespace with all that it is to hold."""
        row = namespaces.create(current_context(), values)
        held = {key: values[key] for key in namespaces.CONTENTS if values.get(key)}
        name = urllib.parse.quote(row.namespace, safe="")
        location = urls.of(f"{PATH}/{name.replace('%3A', ':')}")
        document = {**presenting.namespace(row), **held}
        return responses.as_json(document, 201, {"Location": location})


@blp.route("/<namespace>")
class Namespace(MethodView):
    @blp.response(200, schemas.NamespaceSchema)
    @body.bodiless
    def get(self, namespace: str) -> flask.Response:
        """Show a namespace and what it holds."""
        asked = dict(filters.parameters())
        visibility(asked)
        row = namespaces.get(current_context(), namespace)
        parts = namespaces.contents([row])
        prefix = next(
            (
                part.definition.get("prefix", "")
                for part in parts
                if (part.kind, part.name) == ("association", asked.get("resource_type"))
            ),
            "",
        )
        return responses.as_json(presenting.detailed(row, parts, prefix))

    @blp.arguments(schemas.NamespaceSchema)
    @blp.response(200, schemas.NamespaceSchema)
    def put(self, values: dict[str, Any], namespace: str) -> flask.Response:
        """Replace what is said of a namespace; what it holds stays."""
        row = namespaces.update(current_context(), namespace, values)
        return responses.as_json(presenting.namespace(row))

    @blp.response(204)
    @body.bodiless
    def delete(self, namespace: str) -> None:
        """Delete a namespace with all it holds."""
        namespaces.delete(current_context(), namespace)


def visibility(asked: dict[str, str]) -> str | None:
    """The visibility that a list asks for; an empty one matches nothing."""
    word = asked.get("visibility")
    if word and word not in namespaces.VISIBILITIES:
        raise errors.Invalid(reason="visibility can be public or private")
    return word


def sort(asked: dict[str, str], keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """The order that a list asks for, newest first if it asks for none."""
    key, direction = asked.get("sort_key", "created_at"), asked.get("sort_dir", "desc")
    if key not in keys or direction not in paging.DIRECTIONS:
        raise errors.Invalid(
            reason=f"sort_key must be one of {', '.join(keys)}, sort_dir asc or desc"
        )
    return [(key, direction), *((k, direction) for k in ("created_at", "id") if k != key)]
