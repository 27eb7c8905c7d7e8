"""The API's documentation at ``/docs``: the OpenAPI document, and pages that show it.

Anybody may read it. The pages are made here, without scripts and with nothing
from elsewhere, so that they can be read where there is no way out.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import flask

import glance_shim
from glance_shim.api import at_hand, openapi, urls
from glance_shim.dashboard import security

STYLES = (
    Path(glance_shim.__file__).parent / "dashboard" / "static" / "pico" / "pico.min.css",
    Path(__file__).parent / "static" / "docs.css",
)


def register(app: flask.Flask) -> None:
    """Let ``app``, which has all its routes, serve their documentation."""
    pages = flask.Blueprint("docs", __name__, url_prefix="/docs", template_folder="templates")
    pages.add_url_rule("", view_func=index, methods=["GET"])
    pages.add_url_rule("/", endpoint="index_below", view_func=index, methods=["GET"])
    pages.add_url_rule("/openapi.json", view_func=document, methods=["GET"])
    pages.add_url_rule("/docs.css", view_func=style, methods=["GET"])
    pages.add_url_rule("/<group>", view_func=show, methods=["GET"])
    pages.after_request(_protect)
    app.register_blueprint(pages)
    app.jinja_env.filters["as_json"] = _as_json


def index() -> str:
    """What there is, in groups."""
    return flask.render_template("docs/index.html", **_shared())


def show(group: str) -> str:
    """The operations of one group; raises 404 for another name."""
    shared = _shared()
    if group not in shared["groups"]:
        flask.abort(404)
    found, schemas = shared["groups"][group], _document()["components"]["schemas"]
    used = {name: schemas[name] for name in schemas if name in _used(found["operations"])}
    return flask.render_template("docs/group.html", group=found, schemas=used, **shared)


def document() -> flask.Response:
    """The OpenAPI document, with the address under which it was asked for."""
    config = at_hand.deployment().config
    server = {"url": urls.public_base(config, at_hand.request())}
    whole = {**_document(), "servers": [server]}
    return flask.Response(json.dumps(whole), mimetype="application/json")


def style() -> flask.Response:
    """Everything that the pages need to look well."""
    return flask.Response("\n".join(map(Path.read_text, STYLES)), mimetype="text/css")


def _document() -> dict[str, Any]:
    """The document of the application at hand, made when it is first asked for."""
    app = at_hand.app()
    if "openapi" not in app.extensions:
        app.extensions["openapi"] = openapi.document(app)
    kept: dict[str, Any] = app.extensions["openapi"]
    return kept


def _shared() -> dict[str, Any]:
    """What every page knows: the groups in their order, each with its operations."""
    found = _document()
    groups = {
        tag["name"]: {"title": tag["x-title"], "about": tag["description"], "operations": []}
        for tag in found["tags"]
    }
    for method, path, operation in openapi.each_operation(found):
        listed = groups[operation["tags"][0]]["operations"]
        listed.append({"method": method.upper(), "path": path, **operation})
    return {
        "root": at_hand.request().script_root,
        "about": found["info"],
        "groups": groups,
        "phrase": openapi.phrase,
        "named": _named,
    }


def _named(schema: dict[str, Any]) -> str:
    """What kind of value a schema describes, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "allOf" in schema:
        return _named(schema["allOf"][0])
    if schema.get("type") == "array":
        return f"array of {_named(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))


def _used(operations: list[dict[str, Any]]) -> set[str]:
    """The schemas that the operations refer to, and those that these refer to."""
    schemas = _document()["components"]["schemas"]
    found = set(openapi.references(operations)) - {"Error"}
    while True:
        more = found.union(*(openapi.references(schemas[name]) for name in found))
        if more == found:
            return found
        found = more


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@functools.cache
def _headers() -> dict[str, str]:
    return {**security.HEADERS, "Cache-Control": "no-cache"}


def _protect(response: flask.Response) -> flask.Response:
    for name, value in _headers().items():
        response.headers.setdefault(name, value)
    return response
