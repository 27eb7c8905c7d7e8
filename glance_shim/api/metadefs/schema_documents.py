"""``/v2/schemas/metadefs``: the schemas of metadata definitions."""

from __future__ import annotations

from typing import Any

import flask
import marshmallow as ma

from glance_shim.api import body, responses, smorest
from glance_shim.api.schema_documents import links, properties
from glance_shim.api.schemas import metadefs as schemas

blp = smorest.Blueprint(
    "metadef_schemas",
    __name__,
    url_prefix="/v2/schemas/metadefs",
    description="JSON schemas of definitions",
)

TIME = {"type": "string", "format": "date-time", "readOnly": True}
LINK = {"type": "string", "readOnly": True}
TIMES = {"created_at": TIME, "updated_at": TIME}
LINKS = {"self": LINK, "schema": LINK}

POSITIVE = {"type": "integer", "minimum": 0}
STRINGS = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
DEFINITIONS = {
    "positiveInteger": POSITIVE,
    "positiveIntegerDefault0": {
        "allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]
    },
    "stringArray": STRINGS,
}
OF_PROPERTIES = {**DEFINITIONS, "stringArray": {**STRINGS, "minItems": 1}}


def _of_property(named: bool) -> dict[str, Any]:
    schema = schemas.PropertySchema() if named else schemas.MappedPropertySchema()
    return {
        "type": "object",
        "required": ["type", "title", *(["name"] if named else [])],
        "properties": properties(schema),
        "additionalProperties": False,
    }


def _with_properties() -> dict[str, Any]:
    each = {**_of_property(named=False), "additionalProperties": True}
    return {**DEFINITIONS, "property": {"type": "object", "additionalProperties": each}}


def _one(described: ma.Schema, required: str, **more: Any) -> dict[str, Any]:
    return {
        "name": described.wire_name,  # type: ignore[attr-defined]
        "required": [required],
        "properties": {**properties(described), **more},
        "additionalProperties": False,
    }


def _list(name: str, items: dict[str, Any], **more: Any) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": items},
            "first": text,
            "next": text,
            "schema": text,
        },
        "links": links(first="first", next="next", describedby="schema"),
        **more,
    }


def _documents() -> dict[str, dict[str, Any]]:
    namespace = _one(schemas.NamespaceSchema(), "namespace", **TIMES, **LINKS)
    object_ = _one(schemas.ObjectSchema(), "name", **TIMES, **LINKS)
    reference = {"$ref": "#/definitions/property"}
    namespace["properties"]["properties"] = object_["properties"]["properties"] = reference
    tag = _one(schemas.TagSchema(), "name", **TIMES)
    association = _one(schemas.AssociationSchema(), "name", **TIMES)
    with_properties = {"definitions": _with_properties()}
    return {
        "namespace": {**namespace, **with_properties},
        "namespaces": _list("namespaces", namespace, **with_properties),
        "object": {**object_, **with_properties},
        "objects": _list("objects", object_, **with_properties),
        "property": {
            "name": "property",
            **_of_property(named=True),
            "definitions": OF_PROPERTIES,
        },
        "properties": {
            "name": "properties",
            "properties": {
                "properties": {
                    "type": "object",
                    "additionalProperties": _of_property(named=False),
                },
                "first": {"type": "string"},
                "next": {"type": "string"},
                "schema": {"type": "string"},
            },
            "links": links(first="first", next="next", describedby="schema"),
            "definitions": OF_PROPERTIES,
        },
        "tag": tag,
        "tags": _list("tags", tag),
        "resource_type": association,
        "resource_types": _list("resource_type_associations", association),
    }


DOCUMENTS = _documents()


@blp.route(f"/<any({','.join(DOCUMENTS)}):name>", methods=["GET"])
@blp.response(200)
@body.bodiless
def document(name: str) -> flask.Response:
    """Show the JSON schema of a kind of metadata definition."""
    return responses.as_json(DOCUMENTS[name])
