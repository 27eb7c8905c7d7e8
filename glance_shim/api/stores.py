"""Routes that tell what this service offers: stores, import methods, usage."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.core import locations, quotas

blp = smorest.Blueprint(
    "info", __name__, url_prefix="/v2/info", description="What this service offers"
)


class OneStoreOnly(errors.NotFound):
    message = "This service has one store only (enabled_backends is not set)"


@blp.route("/stores", methods=["GET"])
@blp.response(200)
@body.bodiless
def stores() -> flask.Response:
    """List the stores."""
    return responses.as_json({"stores": [_entry(store) for store in _stores()]})


@blp.route("/stores/detail", methods=["GET"])
@blp.response(200)
@body.bodiless
def stores_detail() -> flask.Response:
    """List the stores with their properties."""
    found = _stores()
    current_context().enforce("stores_info_detail", {})
    return responses.as_json(
        {
            "stores": [
                {
                    **_entry(store),
                    "type": store.type,
                    "weight": store.weight,
                    "properties": store.properties(),
                }
                for store in found
            ]
        }
    )


def _stores() -> list[Any]:
    known = current_context().deployment.stores
    if not known.multi:
        raise OneStoreOnly()
    return list(known.values())


def _entry(store: Any) -> dict[str, str]:
    entry = {"id": store.store_id}
    if store.description:
        entry["description"] = store.description
    if store is current_context().deployment.stores.default:
        entry["default"] = "true"
    if store.read_only:
        entry["read-only"] = "true"
    return entry


@blp.route("/import", methods=["GET"])
@blp.response(200)
@body.bodiless
def import_methods() -> flask.Response:
    """List the ways by which data may be imported."""
    return responses.as_json(
        {
            "import-methods": {
                "description": "How data may be imported here",
                "type": "array",
                "value": current_context().config.enabled_import_methods,
            }
        }
    )


@blp.route("/usage", methods=["GET"])
@blp.response(200)
@body.bodiless
def usage() -> flask.Response:
    """What the project uses of what it may; a limit of -1 is none."""
    context = current_context()
    return responses.as_json({"usage": quotas.usage(context, context.project_id)})


copies = smorest.Blueprint(
    "copies", __name__, url_prefix="/v2/stores", description="Copies of images in stores"
)


@copies.route("/<store_id>/<image_id>", methods=["DELETE"])
@copies.response(204)
@body.bodiless
def delete_copy(store_id: str, image_id: str) -> None:
    """Remove the data of an image from one of several stores."""
    _stores()
    locations.delete_copy(current_context(), image_id, store_id)
