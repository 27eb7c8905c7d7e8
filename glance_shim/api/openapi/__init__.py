"""The OpenAPI document: what the routes say of themselves, made complete.

Paths, summaries and schemas of JSON bodies come from the routes. What no
decorator can know (query parameters, bodies that are no JSON, other answers)
stands in ``operations``; the examples are answers that the tests have seen.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask

from glance_shim import __version__
from glance_shim.api import json_patch
from glance_shim.api.openapi import operations, rules
from glance_shim.api.openapi.operations import OPERATIONS, PATH_PARAMETERS, Extra

EXAMPLES = Path(__file__).with_name("examples.json")

METHODS = ("get", "head", "post", "put", "patch", "delete")

DESCRIPTION = """\
Images, the projects they are shared with, and their data, as in OpenStack's Image API v2.

A request carries a token in `X-Auth-Token`, from this service's own Identity API at `/identity`
or from a Keystone. Every answer has an `X-Openstack-Request-Id`. Errors are JSON and say what
would have worked. Lists have pages: the `next` of one is the path of the following.
"""

ERROR = {
    "type": "object",
    "description": "Why a request was not served",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "title", "message"],
            "properties": {
                "code": {"type": "integer", "description": "The HTTP status"},
                "title": {"type": "string", "description": "What the status is called"},
                "message": {"type": "string", "description": "What was wrong, for a person"},
            },
        }
    },
}

SECURITY_SCHEMES = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "A token of the identity service, or the fixed admin_token",
    },
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "User and password, with auth_strategy http_basic",
    },
}

REQUEST_ID = {
    "description": "What this request is called in the log",
    "schema": {"type": "string"},
}

WHY = {
    400: "Something in the request cannot be; the message says what could",
    401: "There is no credential, or none that is valid (any more)",
    403: "A rule does not let the caller do this",
    404: "There is none, or none that the caller may see",
    409: "It does not go with how things stand",
    413: "It is larger than a limit allows",
    415: "The Content-Type is not one of those described here",
    429: "There were too many of these; Retry-After says in how many seconds to come back",
    503: "The database or a store is not available at the moment",
}


def document(app: flask.Flask) -> dict[str, Any]:
    """The document of ``app``, which describes every route that is no page for people."""
    with app.app_context():
        api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        found: dict[str, Any] = json.loads(json.dumps(api.describe()))
    found["info"] = {
        "title": "Image service",
        "version": __version__,
        "description": DESCRIPTION,
        "license": {"name": "Apache-2.0"},
    }
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    found["paths"] |= {
        p: copy.deepcopy(operations.PLAIN[p]) for p in operations.PLAIN if p in routes
    }
    components = found["components"]
    components["securitySchemes"] = SECURITY_SCHEMES
    components["schemas"] |= {"Error": ERROR, **operations.SCHEMAS}
    rules.complete(components["schemas"])
    del components["responses"]
    found["security"] = [{"token": []}, {"password": []}]
    found["tags"] = [{**tag, "x-title": _title(tag["name"])} for tag in found["tags"]]
    for method, path, operation in each_operation(found):
        _complete(found, method, path, operation)
    _drop_unused(found)
    return found


def each_operation(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, item in found["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def _complete(found: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> None:
    extra = OPERATIONS.get((method.upper(), path), Extra())
    operation["operationId"] = _identifier(method, path)
    parameters = [_path_parameter(name) for name in _names(path)]
    given = [each for each in operation.get("parameters", []) if each["in"] != "path"]
    operation["parameters"] = [*parameters, *given, *extra.parameters]
    found["paths"][path].pop("parameters", None)
    if extra.description:
        operation["description"] = extra.description
    if operations.is_open(method, path):
        operation["security"] = []
    if extra.request:
        required = extra.request_required
        operation["requestBody"] = {"required": required, "content": _content(extra.request)}
    operation["responses"] = _responses(method, path, operation, extra)
    _add_examples(method, path, operation)


def _responses(
    method: str, path: str, operation: dict[str, Any], extra: Extra
) -> dict[str, Any]:
    """The answers: what the route says, what the table adds, and what may always be."""
    answers: dict[str, Any] = {}
    for status, answer in operation["responses"].items():
        if status.isdigit() and status not in ("400", "405"):
            answers[status] = answer
    for code, said in extra.responses.items():
        known = answers.get(str(code), {})
        answers[str(code)] = {**known, **said}
        if "content" in said:
            answers[str(code)]["content"] = _content(said["content"])
    for code in sorted({*_usual(method, path, operation), *extra.errors}):
        content = {"application/json": {"schema": _ref("Error")}}
        answers[str(code)] = {"description": WHY[code], "content": content}
    if method == "head":
        for answer in answers.values():
            answer.pop("content", None)
    for answer in answers.values():
        answer.setdefault("headers", {})["X-Openstack-Request-Id"] = REQUEST_ID
        if answer["description"] == "":
            answer["description"] = "Done"
    return answers


def _usual(method: str, path: str, operation: dict[str, Any]) -> set[int]:
    """The errors that such an operation can end in."""
    if path.startswith(("/healthcheck", "/versions", "/metrics")) or path == "/":
        return set()
    usual = {400}
    if not operations.is_open(method, path):
        usual |= {401, 403}
    if _names(path):
        usual.add(404)
    return usual


def _content(types: dict[str, Any]) -> dict[str, Any]:
    return {
        media: {"schema": _ref(schema) if isinstance(schema, str) else schema}
        for media, schema in types.items()
    }


def _add_examples(method: str, path: str, operation: dict[str, Any]) -> None:
    kept = _examples().get(f"{method.upper()} {path}", {})
    if "request" in kept and "requestBody" in operation:
        for kind, media in operation["requestBody"]["content"].items():
            media["example"] = kept["request"]
            if kind == json_patch.V20:
                media["example"] = [_in_the_older_form(each) for each in kept["request"]]
    for status, body in kept.get("responses", {}).items():
        content = operation["responses"].get(status, {}).get("content", {})
        if operations.JSON in content:
            content[operations.JSON]["example"] = body


def _in_the_older_form(change: dict[str, Any]) -> dict[str, Any]:
    """A change to an image as the first media type of patches has it."""
    rest = {name: value for name, value in change.items() if name not in ("op", "path")}
    return {change["op"]: change["path"], **rest}


@functools.cache
def _examples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    return found


def _drop_unused(found: dict[str, Any]) -> None:
    """Leave out the schemas that nothing refers to."""
    schemas = found["components"]["schemas"]
    wanted = set(references(found["paths"]))
    while True:
        reached = wanted.union(*(references(schemas[name]) for name in wanted))
        if reached == wanted:
            break
        wanted = reached
    found["components"]["schemas"] = {n: schemas[n] for n in schemas if n in wanted}


def references(part: Any) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        part = [each for key, each in part.items() if key != "example"]
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _identifier(method: str, path: str) -> str:
    words = [word.strip("{}") for word in path.split("/") if word]
    return "_".join([method, *words] if words else [method, "root"]).replace("-", "_") + (
        "_" if path.endswith("/") and words else ""
    )


def _title(tag: str) -> str:
    return tag.replace("_", " ").capitalize()


def _names(path: str) -> list[str]:
    return [word[1:-1] for word in path.split("/") if word.startswith("{")]


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "in": "path",
        "name": name,
        "required": True,
        "description": PATH_PARAMETERS[name],
        "schema": {"type": "string", "minLength": 1, **operations.PATH_SCHEMAS.get(name, {})},
    }


def phrase(status: str) -> str:
    """What an HTTP status is called."""
    return HTTPStatus(int(status)).phrase
