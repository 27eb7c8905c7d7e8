"""What the decorators of the routes do not say of their operations."""

from __future__ import annotations

import dataclasses
from typing import Any

from glance_shim.api import filters, json_patch, paging, tasks
from glance_shim.api.metadefs import namespaces, tags
from glance_shim.api.schemas import tasks as schemas
from glance_shim.api.schemas.common import NAME
from glance_shim.core import tasks as core_tasks

OCTETS = "application/octet-stream"
JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Extra:
    """What is added to an operation.

    ``request`` and the ``content`` of ``responses`` map media types to the
    name of a schema, or a schema; ``errors`` are further statuses.
    """

    parameters: tuple[dict[str, Any], ...] = ()
    request: dict[str, Any] = dataclasses.field(default_factory=dict)
    request_required: bool = True
    responses: dict[int, dict[str, Any]] = dataclasses.field(default_factory=dict)
    errors: tuple[int, ...] = ()
    description: str = ""


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    kind = {"type": "string", **schema}
    return {"in": "query", "name": name, "description": description, "schema": kind}


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {**_query(name, description, **schema), "in": "header"}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
EIGHTEEN_DIGITS = {"minimum": 0, "maximum": 10**18 - 1}
ANY_OBJECT = {"type": "object"}
POINTER = {"type": "string", "pattern": "^/", "description": "The property, after a slash"}
VALUE = {"description": "What the property is to be"}

SCHEMAS: dict[str, Any] = {
    "ImagePatch": _array(
        {
            "oneOf": [
                _object(
                    op={"type": "string", "enum": ["add", "replace"]}, path=POINTER, value=VALUE
                ),
                _object(op={"type": "string", "enum": ["remove"]}, path=POINTER),
            ]
        }
    ),
    "ImagePatch20": _array(
        {
            "oneOf": [
                _object(add=POINTER, value=VALUE),
                _object(replace=POINTER, value=VALUE),
                _object(remove=POINTER),
            ]
        }
    ),
    "ImportRequest": {
        "type": "object",
        "required": ["method"],
        "properties": {
            "method": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {
                        "type": "string",
                        "description": "As in /v2/info/import",
                    },
                    "uri": {"type": "string", "description": "For web-download"},
                    "glance_region": {"type": "string", "description": "For glance-download"},
                    "glance_image_id": {"type": "string", "description": "For glance-download"},
                },
            },
            "stores": _array(TEXT) | {"description": "The stores to import into"},
            "all_stores": {"type": "boolean", "default": False},
            "all_stores_must_succeed": {"type": "boolean", "default": True},
        },
    },
    "Stores": _object(
        stores=_array(
            {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": TEXT,
                    "description": TEXT,
                    "default": {"type": "string", "enum": ["true"]},
                    "read-only": {"type": "string", "enum": ["true"]},
                    "type": TEXT,
                    "weight": NUMBER,
                    "properties": ANY_OBJECT,
                },
            }
        )
    ),
    "ImportMethods": _object(
        **{"import-methods": _object(description=TEXT, type=TEXT, value=_array(TEXT))}
    ),
    "Usage": _object(
        usage={
            "type": "object",
            "description": "By the name of the limit; a limit of -1 is none",
            "additionalProperties": _object(limit=NUMBER, usage=NUMBER),
        }
    ),
    "ImageTasks": _object(tasks=_array(ANY_OBJECT)),
    "NewTask": _object(type={"type": "string", "enum": list(schemas.TYPES)}, input=ANY_OBJECT),
    "Versions": _object(
        versions=_array(
            _object(id=TEXT, status=TEXT, links=_array(_object(rel=TEXT, href=TEXT)))
        )
    ),
    "CacheNodes": _array(TEXT),
}

# What else is said of path parameters: tags that cannot be are refused, not missing.
PATH_SCHEMAS = {"tag": {"pattern": NAME, "maxLength": 255}}

PATH_PARAMETERS = {
    "image_id": "Id of an image",
    "member_id": "Id of the project that the image is offered to",
    "tag": "A tag, percent-encoded",
    "store_id": "Name of a store",
    "task_id": "Id of a task",
    "namespace": "Name of a namespace",
    "name": "A name",
    "below": "Anything; it makes no difference",
    "user_id": "Id of a user",
    "credential_id": "Id of an application credential",
    "project_id": "Id of a project",
    "domain_id": "Id of a domain; there is one, default",
    "role_id": "Id of a role",
}

MARKER = _query("marker", "Id of the last one of the page before, of a namespace the name")


def _limit(least: int = 0) -> dict[str, Any]:
    return _query("limit", "At most so many, 25 unless said", type="integer", minimum=least)


def _sort(*keys: str) -> tuple[dict[str, Any], ...]:
    known = {"enum": list(keys)} if keys else {}
    return (
        _query("sort_key", "What to sort by; created_at unless said", **known),
        _query("sort_dir", "Which way", enum=list(paging.DIRECTIONS)),
    )


PAGE = (_limit(), MARKER)

IMAGE_FILTERS = (
    _query("name", "A name, or in:a,b for one of several; eq:a:b where it has a colon"),
    _query("id", "An id, or in:…"),
    _query("status", "A status, or in:…"),
    _query("disk_format", "A disk format, or in:…"),
    _query("container_format", "A container format, or in:…"),
    _query("visibility", "Only these; none, if empty", enum=list(filters.VISIBILITIES)),
    _query(
        "member_status",
        "With visibility=shared: offers that were answered so; accepted unless said",
        enum=list(filters.MEMBER_STATUSES),
    ),
    _query("owner", "Id of the project that they belong to"),
    _query("protected", "Those that are protected, or are not", enum=["true", "false"]),
    _query("os_hidden", "The hidden ones instead of the others", enum=["true", "false"]),
    _query("tag", "A tag that they have; may be given more than once"),
    _query("checksum", "The MD5 of the data"),
    _query("os_hash_algo", "What os_hash_value was made with"),
    _query("os_hash_value", "The digest of the data"),
    _query(
        "size_min",
        "Least bytes; also virtual_size_, min_ram_, min_disk_",
        type="integer",
    ),
    _query("size_max", "Most bytes; also as above", type="integer"),
    _query("created_at", "A time, such as gte:2026-01-01T00:00:00Z; also gt lt lte eq neq"),
    _query("updated_at", "A time, as above"),
    _query("sort", "Keys with their directions, as name:asc,created_at:desc"),
)

UPLOAD = (
    _header("X-OpenStack-Image-Size", "Other data is refused", **NUMBER, **EIGHTEEN_DIGITS),
)
STORE = _header("X-Image-Meta-Store", "The store to put the data into")
DATA = {"type": "string", "format": "binary"}

NO_CACHE = Extra(errors=(404,))
TAKEN = Extra(errors=(409,))
NO_SUCH_TOKEN = Extra(errors=(404,))


def _answer(schema: Any, status: int = 200) -> dict[int, dict[str, Any]]:
    return {status: {"description": "OK", "content": {JSON: schema}}}


def _data_answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {OCTETS: DATA}}


OPERATIONS: dict[tuple[str, str], Extra] = {
    ("GET", "/v2/images"): Extra(
        parameters=(*PAGE, *_sort(*paging.SORT_KEYS), *IMAGE_FILTERS),
        description="Any other parameter is the value of a custom property.",
    ),
    ("POST", "/v2/images"): Extra(
        errors=(409, 413), description="Keys that no property has are custom properties."
    ),
    ("PATCH", "/v2/images/{image_id}"): Extra(
        request={json_patch.V21: "ImagePatch", json_patch.V20: "ImagePatch20"},
        errors=(409, 413, 415),
    ),
    ("DELETE", "/v2/images/{image_id}"): Extra(errors=(409,)),
    ("GET", "/v2/images/{image_id}/file"): Extra(
        parameters=(
            _header("Range", "One range of bytes, as bytes=0-1023"),
            _header("X-OpenStack-Image-Redirect", "To be led to the store", enum=["allow"]),
            _query("prefer", "Stores to read from, separated by commas"),
        ),
        responses={
            200: _data_answer("The data"),
            204: {"description": "There is no data yet"},
            206: _data_answer("The range that was asked for"),
            307: {"description": "Where the data can be had"},
            416: {
                "description": "The range does not lie in the data",
                "content": {JSON: "Error"},
            },
        },
        errors=(503,),
    ),
    ("PUT", "/v2/images/{image_id}/file"): Extra(
        parameters=(*UPLOAD, STORE), request={OCTETS: DATA}, errors=(409, 413, 415, 503)
    ),
    ("PUT", "/v2/images/{image_id}/stage"): Extra(
        parameters=UPLOAD, request={OCTETS: DATA}, errors=(409, 413, 415, 503)
    ),
    ("POST", "/v2/images/{image_id}/import"): Extra(
        parameters=(STORE,), request={JSON: "ImportRequest"}, errors=(409, 413)
    ),
    ("GET", "/v2/images/{image_id}/tasks"): Extra(responses=_answer("ImageTasks")),
    ("GET", "/v2/images/{image_id}/locations"): Extra(
        responses=_answer(_array({"$ref": "#/components/schemas/Location"}))
    ),
    ("POST", "/v2/images/{image_id}/locations"): Extra(errors=(409,)),
    ("POST", "/v2/images/{image_id}/members"): Extra(errors=(409, 413)),
    ("PUT", "/v2/images/{image_id}/tags/{tag}"): Extra(errors=(413,)),
    ("GET", "/v2/schemas/{name}"): Extra(responses=_answer(ANY_OBJECT)),
    ("GET", "/v2/schemas/metadefs/{name}"): Extra(responses=_answer(ANY_OBJECT)),
    ("GET", "/v2/info/stores"): Extra(responses=_answer("Stores"), errors=(404,)),
    ("GET", "/v2/info/stores/detail"): Extra(responses=_answer("Stores"), errors=(404,)),
    ("GET", "/v2/info/import"): Extra(responses=_answer("ImportMethods")),
    ("GET", "/v2/info/usage"): Extra(responses=_answer("Usage")),
    ("DELETE", "/v2/stores/{store_id}/{image_id}"): Extra(errors=(409,)),
    ("GET", "/v2/tasks"): Extra(
        parameters=(
            *PAGE,
            *_sort(*tasks.SORT_KEYS),
            _query("status", "Only those with this status", enum=list(core_tasks.STATUSES)),
            _query("type", "Only those of this kind", enum=["import"]),
            _query("image_id", "Only those on this image"),
            _query("owner", "Only those of this project"),
        )
    ),
    ("POST", "/v2/tasks"): Extra(request={JSON: "NewTask"}),
    ("DELETE", "/v2/tasks/{task_id}"): Extra(
        responses={405: {"description": "Always", "content": {JSON: "Error"}}}
    ),
    ("GET", "/v2/cache"): NO_CACHE,
    ("DELETE", "/v2/cache"): dataclasses.replace(
        NO_CACHE,
        parameters=(
            _header("X-Image-Cache-Clear-Target", "Only one of both", enum=["cache", "queue"]),
        ),
    ),
    ("POST", "/v2/cache/clean"): NO_CACHE,
    ("POST", "/v2/cache/prune"): NO_CACHE,
    ("GET", "/v2/cache/nodes/{image_id}"): Extra(responses=_answer("CacheNodes")),
    ("GET", "/v2/metadefs/namespaces"): Extra(
        parameters=(
            *PAGE,
            *_sort(*namespaces.SORT_KEYS),
            _query("visibility", "Only these; none, if empty", enum=["public", "private", ""]),
            _query("resource_types", "Only those about one of these, separated by commas"),
        ),
        errors=(404,),
    ),
    ("GET", "/v2/metadefs/namespaces/{namespace}"): Extra(
        parameters=(_query("resource_type", "Show properties by their names for this type"),)
    ),
    ("GET", "/v2/metadefs/namespaces/{namespace}/properties/{name}"): Extra(
        parameters=(_query("resource_type", "Take the name as one for this type"),)
    ),
    ("GET", "/v2/metadefs/namespaces/{namespace}/objects"): Extra(
        parameters=(_limit(1), MARKER, *_sort()),
        description="All are listed, whatever is asked for.",
    ),
    ("GET", "/v2/metadefs/namespaces/{namespace}/tags"): Extra(
        parameters=(*PAGE, *_sort(*tags.SORT_KEYS))
    ),
    ("POST", "/v2/metadefs/namespaces/{namespace}/tags"): Extra(
        parameters=(_header("X-Openstack-Append", "true, to keep the tags there are"),)
    ),
    ("POST", "/v2/metadefs/namespaces"): TAKEN,
    ("POST", "/v2/metadefs/namespaces/{namespace}/objects"): TAKEN,
    ("PUT", "/v2/metadefs/namespaces/{namespace}/objects/{name}"): TAKEN,
    ("POST", "/v2/metadefs/namespaces/{namespace}/properties"): TAKEN,
    ("PUT", "/v2/metadefs/namespaces/{namespace}/properties/{name}"): TAKEN,
    ("POST", "/v2/metadefs/namespaces/{namespace}/tags/{name}"): TAKEN,
    ("PUT", "/v2/metadefs/namespaces/{namespace}/tags/{name}"): TAKEN,
    ("POST", "/v2/metadefs/namespaces/{namespace}/resource_types"): TAKEN,
    ("PUT", "/v2/metadefs/namespaces/{namespace}"): TAKEN,
    ("DELETE", "/v2/metadefs/namespaces/{namespace}"): TAKEN,
    ("GET", "/metrics"): Extra(errors=(404,)),
    ("GET", "/identity"): Extra(responses=_answer(ANY_OBJECT, 300)),
    ("GET", "/identity/"): Extra(responses=_answer(ANY_OBJECT, 300)),
    ("GET", "/identity/v3"): Extra(responses=_answer(ANY_OBJECT)),
    ("GET", "/identity/v3/"): Extra(responses=_answer(ANY_OBJECT)),
    ("GET", "/identity/v3/auth/tokens"): NO_SUCH_TOKEN,
    ("HEAD", "/identity/v3/auth/tokens"): NO_SUCH_TOKEN,
    ("DELETE", "/identity/v3/auth/tokens"): NO_SUCH_TOKEN,
    ("POST", "/identity/v3/auth/tokens"): Extra(errors=(401, 429)),
    ("POST", "/identity/v3/users/{user_id}/application_credentials"): TAKEN,
    ("GET", "/tenants"): Extra(errors=(404,)),
    ("GET", "/v2/tenants"): Extra(errors=(404,)),
}


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    OPERATIONS[_method, "/versions"] = Extra(responses=_answer("Versions"))
    OPERATIONS[_method, "/"] = Extra(
        responses={
            300: {"description": "The versions there are", "content": {JSON: "Versions"}}
        }
    )
    for _path in ("/healthcheck", "/healthcheck/", "/healthcheck/{below}"):
        OPERATIONS[_method, _path] = Extra(
            # A path may have no line break in it.
            errors=(404,) if _path.endswith("}") else (),
            responses={
                (204 if _method == "HEAD" else 200): {
                    "description": "The service is up",
                    "content": {"text/plain": TEXT, JSON: ANY_OBJECT, "text/html": TEXT},
                },
                503: {
                    "description": "It is to get no more requests",
                    "content": {"text/plain": TEXT, JSON: ANY_OBJECT, "text/html": TEXT},
                },
            },
        )


# Routes that no blueprint has, with what the others say of themselves.
PLAIN: dict[str, dict[str, Any]] = {
    "/metrics": {
        "get": {
            "tags": ["health"],
            "summary": "Show what is counted, to those in [metrics] allowed_networks.",
            "responses": {
                "200": {"description": "OK", "content": {"text/plain": {"schema": TEXT}}}
            },
        }
    }
}


def is_open(method: str, path: str) -> bool:
    """May anybody ask this, without a credential?"""
    if (method, path) == ("post", "/identity/v3/auth/tokens"):
        return True
    if path in ("/identity", "/identity/", "/identity/v3", "/identity/v3/"):
        return True
    return not path.startswith(("/v2/", "/identity/", "/tenants"))
