"""``/v2/schemas``: the marshmallow classes as the JSON schemas that clients read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import marshmallow as ma

from glance_shim.api import body, responses, smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import images, members, tasks
from glance_shim.api.schemas.common import Text

blp = smorest.Blueprint(
    "schemas", __name__, url_prefix="/v2/schemas", description="JSON schemas"
)

TYPES: tuple[tuple[type[ma.fields.Field], str], ...] = (
    (ma.fields.Boolean, "boolean"),
    (ma.fields.Integer, "integer"),
    (ma.fields.List, "array"),
    (ma.fields.Nested, "object"),
    (ma.fields.Dict, "object"),
    (ma.fields.String, "string"),
)


def properties(schema: ma.Schema) -> dict[str, Any]:
    """The JSON schemas of all fields, by name on the wire."""
    return {field.data_key or name: _field(field) for name, field in schema.fields.items()}


def _field(field: ma.fields.Field) -> dict[str, Any]:
    kind = next((name for cls, name in TYPES if isinstance(field, cls)), None)
    document: dict[str, Any] = {}
    if kind is not None:
        document["type"] = ["null", kind] if field.allow_none else kind
    for key in ("description", "pattern", "readOnly", "writeOnly"):
        if key in field.metadata:
            document[key] = field.metadata[key]
    if isinstance(field, Text) and field.longest is not None:
        document["maxLength"] = field.longest
    for validator in field.validators:
        if isinstance(validator, ma.validate.OneOf):
            document["enum"] = list(validator.choices)
        elif isinstance(validator, images.FormatIn):
            document["enum"] = [None, *validator.values()]
        elif isinstance(validator, ma.validate.Length) and validator.equal:
            document["minLength"] = document["maxLength"] = validator.equal
    if isinstance(field, ma.fields.List):
        document["items"] = _field(field.inner)
    if isinstance(field, ma.fields.Nested):
        document |= _nested(field.schema)
    return document


def _nested(schema: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"type": "object", "properties": properties(schema)}
    required = [name for name, field in schema.fields.items() if field.required]
    if required:
        document["required"] = required
    if getattr(schema, "closed", False):
        document["additionalProperties"] = False
    return document


def links(**relations: str) -> list[dict[str, str]]:
    """Links of each relation to what is under a key of the document."""
    return [{"rel": relation, "href": f"{{{key}}}"} for relation, key in relations.items()]


def image() -> dict[str, Any]:
    """The schema of an image, with the properties of ``image_schema_file``."""
    extra = current_context().deployment.extra_properties
    document: dict[str, Any] = {
        "name": "image",
        "properties": {
            **properties(images.schema),
            **{name: dict(each.definition) for name, each in extra.items()},
        },
        "additionalProperties": {"type": "string"},
        "links": links(self="self", enclosure="file", describedby="schema"),
    }
    if extra.required:
        document["required"] = list(extra.required)
    return document


def image_list() -> dict[str, Any]:
    """The schema of a list of images."""
    text = {"type": "string"}
    return {
        "name": "images",
        "properties": {
            "images": {"type": "array", "items": image()},
            "first": text,
            "next": text,
            "schema": text,
        },
        "links": links(first="first", next="next", describedby="schema"),
    }


def member() -> dict[str, Any]:
    """The schema of an image member."""
    return {"name": "member", "properties": properties(members.MemberSchema())}


def member_list() -> dict[str, Any]:
    """The schema of a list of members."""
    return {
        "name": "members",
        "properties": {
            "members": {"type": "array", "items": member()},
            "schema": {"type": "string"},
        },
        "links": links(describedby="schema"),
    }


def task() -> dict[str, Any]:
    """The schema of a task."""
    return {"name": "task", "properties": properties(tasks.TaskSchema())}


def task_list() -> dict[str, Any]:
    """The schema of a list of tasks."""
    text = {"type": "string"}
    stub = {"name": "task", "properties": properties(tasks.TaskStubSchema())}
    return {
        "name": "tasks",
        "properties": {
            "tasks": {"type": "array", "items": stub},
            "first": text,
            "next": text,
            "schema": text,
        },
        "links": links(first="first", next="next", describedby="schema"),
    }


DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "image": image,
    "images": image_list,
    "member": member,
    "members": member_list,
    "task": task,
    "tasks": task_list,
}


@blp.route(f"/<any({','.join(DOCUMENTS)}):name>", methods=["GET"])
@blp.response(200)
@body.bodiless
def document(name: str) -> flask.Response:
    """Show a JSON schema."""
    return responses.as_json(DOCUMENTS[name]())
