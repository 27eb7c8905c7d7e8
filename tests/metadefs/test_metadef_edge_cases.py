"""Requests at the edges of what metadata definitions take, by their number in the contract."""

from __future__ import annotations

from typing import Any

import pytest
from metadef_catalog import Catalog, ask
from people import Person

TEXT = {"type": "string", "title": "T"}


def _n(length: int) -> str:
    return "n" * length


def _p(**values: Any) -> dict[str, Any]:
    return {"namespace": "Q", "properties": {"p": {**TEXT, **values}}}


# Number, request of the administrator of p1, body, status.
ONE_REQUEST: list[tuple[str, str, Any, int]] = [
    ("1", "POST ", {"namespace": "N"}, 409),
    ("2", "POST ", {}, 400),
    ("2-none", "POST ", None, 400),
    ("2-81", "POST ", {"namespace": _n(81)}, 400),
    ("2-80", "POST ", {"namespace": _n(80)}, 201),
    ("2-empty", "POST ", {"namespace": ""}, 400),
    ("2-list", "POST ", [1], 400),
    ("2-shared", "POST ", {"namespace": "Q", "visibility": "shared"}, 400),
    ("2-yes", "POST ", {"namespace": "Q", "protected": "yes"}, 400),
    ("2-null", "POST ", {"namespace": "Q", "owner": None}, 400),
    ("2-501", "POST ", {"namespace": "Q", "description": _n(501)}, 400),
    ("2-500", "POST ", {"namespace": "Q", "description": _n(500)}, 201),
    ("2-display", "POST ", {"namespace": "Q", "display_name": _n(81)}, 400),
    ("2-owner", "POST ", {"namespace": "Q", "owner": _n(256)}, 400),
    ("3-self", "POST ", {"namespace": "Q", "self": "x"}, 403),
    ("3-schema", "POST ", {"namespace": "Q", "schema": "x"}, 403),
    ("3-time", "POST ", {"namespace": "Q", "created_at": "x"}, 403),
    ("3-first", "POST ", {"updated_at": "x"}, 403),
    ("3-foo", "POST ", {"namespace": "Q", "foo": 1}, 400),
    ("6-title", "POST ", {"namespace": "Q", "properties": {"p": {"type": "string"}}}, 400),
    ("6-type", "POST ", _p(type="zz"), 400),
    ("6-null", "POST ", _p(type=None), 400),
    ("6-negative", "POST ", _p(minLength=-1), 400),
    ("6-enum", "POST ", _p(enum=[1]), 400),
    ("6-items", "POST ", _p(items={}), 400),
    ("6-required", "POST ", _p(required=True), 400),
    ("6-unknown", "POST ", _p(zz=1), 400),
    ("6-huge", "POST ", _p(maximum=1e300), 400),
    ("6-map", "POST ", {"namespace": "Q", "properties": [TEXT]}, 400),
    ("6-name", "POST ", {"namespace": "Q", "properties": {"": TEXT}}, 400),
    ("6-81", "POST ", {"namespace": "Q", "properties": {_n(81): TEXT}}, 400),
    ("8", "POST ", {"namespace": "\U0001f600"}, 400),
    ("8-object", "POST N/objects", {"name": "\U0001f600"}, 400),
    ("8-property", "POST N/properties", {"name": "\U0001f600", **TEXT}, 400),
    ("8-nested", "POST ", {"namespace": "Q", "objects": [{}]}, 400),
    ("8-tag", "POST ", {"namespace": "Q", "tags": [{}]}, 400),
    ("8-type", "POST ", {"namespace": "Q", "resource_type_associations": [{}]}, 400),
    ("11", "GET N", {}, 400),
    ("12", "GET N?resource_type=Nope", None, 200),
    ("12-empty", "GET N?resource_type=", None, 200),
    ("12-zz", "GET N?visibility=zz", None, 400),
    ("16", "PUT N", {"namespace": "P"}, 409),
    ("16-unknown", "PUT nope", {"namespace": "nope"}, 404),
    ("16-only", "PUT N", {"description": "x"}, 400),
    ("18", "DELETE P", None, 403),
    ("18-objects", "DELETE P/objects", None, 403),
    ("18-properties", "DELETE P/properties", None, 403),
    ("18-tags", "DELETE P/tags", None, 403),
    ("18-object", "DELETE P/objects/po", None, 403),
    ("18-property", "DELETE P/properties/pp", None, 403),
    ("18-tag", "DELETE P/tags/pt", None, 403),
    ("18-type", "DELETE P/resource_types/PRT", None, 403),
    ("18-missing", "DELETE P/tags/nope", None, 404),
    ("19-object", "POST P/objects", {"name": "new"}, 201),
    ("19-property", "PUT P/properties/pp", {"name": "pp", **TEXT}, 200),
    ("19-tag", "POST P/tags/new", None, 201),
    ("21", "DELETE N", {}, 400),
    ("21-unknown", "DELETE nope", None, 404),
    ("23-negative", "GET ?limit=-1", None, 400),
    ("23-text", "GET ?limit=q", None, 400),
    ("23-marker", "GET ?marker=nope", None, 404),
    ("23-dir", "GET ?sort_dir=zz", None, 400),
    ("23-key", "GET ?sort_key=zz", None, 400),
    ("23-visibility", "GET ?visibility=zz", None, 400),
    ("23-foo", "GET ?foo=bar", None, 200),
    ("27", "POST N/objects", {}, 400),
    ("27-twice", "POST N/objects", {"name": "o", "required": ["p", "p"]}, 400),
    ("27-unknown", "POST N/objects", {"name": "o", "required": ["zzz"]}, 201),
    ("28", "POST N/objects", {"name": "o", "properties": {"p": {**TEXT, "zz": 1}}}, 400),
    ("28-put", "PUT P/objects/po", {"name": "po", "properties": {"p": {"zz": 1}}}, 400),
    ("29-zero", "GET N/objects?limit=0", None, 400),
    ("29-text", "GET N/objects?limit=q", None, 400),
    ("29-dir", "GET N/objects?sort_dir=q", None, 400),
    ("29-visibility", "GET N/objects?visibility=q", None, 400),
    ("29-marker", "GET N/objects?marker=zzz", None, 200),
    ("32-name", "POST N/properties", TEXT, 400),
    ("32-type", "POST N/properties", {"name": "p", "title": "T"}, 400),
    ("32-secret", "POST N/properties", {"name": "p", **TEXT, "confidential": True}, 400),
    ("32-time", "POST N/properties", {"name": "p", **TEXT, "created_at": "x"}, 403),
    ("33", "GET P/properties/px_pp?resource_type=PRT", None, 200),
    ("33-bare", "GET P/properties/pp?resource_type=PRT", None, 404),
    ("33-plain", "GET P/properties/px_pp", None, 404),
    ("33-nope", "GET P/properties/px_pp?resource_type=Nope", None, 404),
    ("33-zz", "GET P/properties/px_zz?resource_type=PRT", None, 404),
    ("33-empty", "GET P/properties/pp?resource_type=", None, 200),
    ("33-other", "GET P/properties/pp?visibility=public", None, 200),
    ("35-body", "POST N/tags/t1", {}, 400),
    ("35-long", f"POST N/tags/{_n(81)}", None, 400),
    ("39-nameless", "POST N/tags", {"tags": [{}]}, 400),
    ("39-more", "POST N/tags", {"tags": [{"name": "a", "z": 1}]}, 400),
    ("39-none", "POST N/tags", {}, 400),
    ("39-long", "POST N/tags", {"tags": [{"name": _n(81)}]}, 400),
    ("40-nope", "GET N/tags?marker=nope", None, 404),
    ("40-text", "GET N/tags?limit=q", None, 400),
    ("40-visibility", "GET N/tags?visibility=q", None, 400),
    ("41", "PUT P/tags/pt", {}, 400),
    ("41-more", "PUT P/tags/pt", {"name": "b", "z": 1}, 400),
    ("42-prefix", "POST N/resource_types", {"name": "T", "prefix": _n(81)}, 400),
    ("42-protected", "POST N/resource_types", {"name": "T", "protected": True}, 400),
    ("42-name", "POST N/resource_types", {"prefix": "x"}, 400),
    ("43", "DELETE N/resource_types/Nope", None, 404),
    ("45", "DELETE N/properties", None, 204),
    ("45-objects", "DELETE N/objects", None, 204),
    ("45-tags", "DELETE N/tags", None, 204),
    ("45-nope", "DELETE nope/properties", None, 404),
    ("45-body", "DELETE N/properties", {}, 400),
    ("45-tag-body", "DELETE N/tags", {}, 400),
    ("45-object-body", "DELETE N/objects", {}, 400),
    ("46", "GET /v2/schemas/metadefs/resource_type_association", None, 404),
    ("46-bare", "GET /v2/schemas/metadefs", None, 404),
    ("46-body", "GET /v2/schemas/metadefs/tag", {}, 400),
]


@pytest.mark.parametrize(
    "request_, body, status",
    [row[1:] for row in ONE_REQUEST],
    ids=[row[0] for row in ONE_REQUEST],
)
def test_a_request_is_answered(catalog: Catalog, request_: str, body: Any, status: int) -> None:
    response = catalog.ask(request_, body)

    assert response.status_code == status, response.text


# Number, person, request, body, status.
OF_OTHERS: list[tuple[str, str, str, Any, int]] = [
    ("4", "member of p1", "POST ", {"namespace": "Q"}, 403),
    ("4-reader", "reader of p1", "POST ", {"namespace": "Q"}, 403),
    ("10", "reader of p2", "GET N", None, 404),
    ("10-own", "reader of p1", "GET N", None, 200),
    ("10-public", "reader of p2", "GET P", None, 200),
    ("10-other", "service of p1", "GET N", None, 404),
    ("10-other-public", "service of p2", "GET P", None, 404),
    ("10-other-list", "service of p2", "GET ", None, 404),
    ("10-other-types", "service of p2", "GET /v2/metadefs/resource_types", None, 404),
    ("10-types", "reader of p2", "GET /v2/metadefs/resource_types", None, 200),
    ("17", "member of p1", "PUT N", {"namespace": "N"}, 403),
    ("17-foreign", "member of p2", "PUT N", {"namespace": "N"}, 404),
    ("17-public", "member of p2", "PUT P", {"namespace": "P"}, 403),
    ("17-delete", "member of p1", "DELETE N", None, 403),
    ("17-delete-foreign", "member of p2", "DELETE N", None, 404),
    ("17-object", "member of p1", "POST N/objects", {"name": "o"}, 403),
    ("17-object-foreign", "member of p2", "POST N/objects", {"name": "o"}, 404),
    ("17-missing", "member of p2", "DELETE P/objects/nope", None, 403),
    ("24", "reader of p2", "GET ?marker=N", None, 404),
    ("35", "member of p1", "POST N/tags/t", None, 403),
    ("35-long", "member of p2", f"POST N/tags/{_n(81)}", None, 404),
    *(
        (f"10-{what}", "reader of p2", f"GET N/{what}", None, 404)
        for what in ("objects", "properties", "tags", "resource_types", "objects/x", "tags/x")
    ),
]


@pytest.mark.parametrize(
    "person, request_, body, status",
    [row[1:] for row in OF_OTHERS],
    ids=[row[0] for row in OF_OTHERS],
)
def test_others_are_answered(
    catalog: Catalog,
    people: dict[str, Person],
    person: str,
    request_: str,
    body: Any,
    status: int,
) -> None:
    response = ask(people[person], request_, body)

    assert response.status_code == status, response.text


@pytest.mark.parametrize(
    "request_, allowed",
    [
        ("PATCH N", "GET, PUT, DELETE"),
        ("DELETE ", "GET, POST"),
        ("PUT N/objects", "GET, POST, DELETE"),
        ("POST N/objects/o", "GET, PUT, DELETE"),
        ("PUT N/properties", "GET, POST, DELETE"),
        ("PUT N/tags", "GET, POST, DELETE"),
        ("PATCH N/tags/t", "GET, PUT, POST, DELETE"),
        ("GET N/resource_types/New::Type", "DELETE"),
        ("POST /v2/metadefs/resource_types", "GET"),
        ("PUT N/resource_types", "GET, POST"),
        ("POST /v2/schemas/metadefs/tag", "GET"),
    ],
)
def test_22_another_method_is_told_which_there_are(
    catalog: Catalog, request_: str, allowed: str
) -> None:
    response = catalog.ask(request_)

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == set(allowed.split(", "))
