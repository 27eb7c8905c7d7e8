"""Routes of imports: stage data, import it, and look at what became of it."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand, body, image_data, responses, smorest, urls
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import tasks as task_schemas
from glance_shim.core import image_data as core_data
from glance_shim.core import imports, tasks
from glance_shim.core.identity import catalog

blp = smorest.Blueprint(
    "imports", __name__, url_prefix="/v2/images/<image_id>", description="Imports"
)


class StagingDisabled(errors.NotFound):
    message = "Staging is not offered: glance-direct is not among enabled_import_methods"


@blp.route("/stage", methods=["PUT"])
@blp.response(204)
def stage(image_id: str) -> None:
    """Upload data that waits to be imported."""
    context = current_context()
    if "glance-direct" not in context.config.enabled_import_methods:
        raise StagingDisabled()
    image_data.require_octets()
    core_data.stage(
        context,
        image_id,
        body.blocks(),
        declared=image_data.declared_size(),
        expected=at_hand.request().content_length,
    )


@blp.route("/import", methods=["POST"])
@blp.response(202)
def import_image(image_id: str) -> flask.Response:
    """Import the data of an image."""
    context = current_context()
    document = body.read_json()
    request = _request(document)
    imports.submit(context, image_id, request, document, _credential(request))
    return flask.Response(status=202)


def _credential(request: imports.Request) -> tasks.Credential | None:
    """What the import needs to act for the caller in another region, if it has to."""
    if request.method != "glance-download":
        return None
    context = current_context()
    token = at_hand.request().headers.get("X-Auth-Token", "")
    listed = getattr(context.token, "catalog", None)
    if listed is None:
        base = urls.public_base(context.config, at_hand.request())
        listed = catalog.services(base, context.config.identity.region)
    return tasks.Credential(token, list(listed))


@blp.route("/tasks", methods=["GET"])
@blp.response(200)
@body.bodiless
def image_tasks(image_id: str) -> flask.Response:
    """List the tasks on an image."""
    found = tasks.get_all_of_image(current_context(), image_id)
    return responses.as_json({"tasks": [task_schemas.of_image(task) for task in found]})


def _request(document: Any) -> imports.Request:
    """What the body and the store header ask for; raises `errors.Invalid`."""
    method = document.get("method") if isinstance(document, dict) else None
    if not isinstance(method, dict) or not isinstance(method.get("name"), str):
        raise errors.Invalid(reason="The body needs 'method', an object with 'name'")
    enabled = current_context().config.enabled_import_methods
    if method["name"] not in enabled:
        raise errors.Invalid(
            reason=f"There is no import method '{method['name']}'; there are "
            f"{', '.join(enabled) or 'none'}"
        )
    return imports.Request(
        method=method["name"],
        options=method,
        stores=_stores(document),
        all_stores=_flag(document, "all_stores", False),
        must_succeed=_flag(document, "all_stores_must_succeed", True),
    )


def _flag(document: dict[str, Any], name: str, default: bool) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise errors.Invalid(reason=f"'{name}' must be true or false")
    return value


def _stores(document: dict[str, Any]) -> list[str] | None:
    """The stores that are named; a store in the header counts as a list of one."""
    named = document.get("stores")
    header = at_hand.request().headers.get(image_data.STORE_HEADER)
    if not current_context().deployment.stores.multi:
        return None
    if named is None:
        return None if header is None else [header]
    if header is not None and named != [header]:
        raise errors.Invalid(reason=f"'stores' and {image_data.STORE_HEADER} differ; give one")
    if not isinstance(named, list) or not named or not all(isinstance(e, str) for e in named):
        raise errors.Invalid(reason="'stores' must be a list of at least one store id")
    return named
