"""The OpenAPI document, and the pages that show it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import walk
from lxml import html
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from openapi_spec_validator import validate
from people import V21, Service

from glance_shim.api import openapi

# Served where nobody has a token only, and never.
REFUSED = {("GET", "/tenants"), ("GET", "/v2/tenants"), ("DELETE", "/v2/tasks/{task_id}")}
REFUSED |= {("GET", f"{path}/{{project_id}}") for path in ("/tenants", "/v2/tenants")}

Calls = list[walk.Call]


@pytest.fixture
def everything(make_service: Any, tmp_path: Path) -> Service:
    """A service with all that can be switched on."""
    cache = {
        "image_cache_dir": str(tmp_path / "cache"),
        "image_cache_driver": walk.CENTRALIZED,
    }
    service: Service = make_service(**walk.OPTIONS, **cache)
    return service


@pytest.fixture
def document(everything: Service) -> dict[str, Any]:
    return openapi.document(everything.app)


@pytest.fixture
def calls(everything: Service) -> Calls:
    """Every operation, as it is answered."""
    return walk.walk(everything)


def complaints(
    document: dict[str, Any], schema: Any, value: Any, validator: Any = OAS30ReadValidator
) -> list[str]:
    whole = {"allOf": [schema], "components": document["components"]}
    return [error.message for error in validator(whole).iter_errors(value)]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_routes_are_described_once_somebody_asks(everything: Service) -> None:
    api = everything.app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    assert not api.spec.to_dict()["paths"]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: openapi.document(everything.app), range(4)))

    assert "/v2/images" in found[0]["paths"] and found == [found[0]] * 4


def test_every_route_appears_in_the_document(
    everything: Service, document: dict[str, Any]
) -> None:
    served = {
        (re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule), method)
        for rule in everything.app.url_map.iter_rules()
        if not rule.endpoint.startswith(("dashboard", "docs"))  # Pages are for people.
        for method in rule.methods or ()
    }
    described = {(path, method.upper()) for method, path, _ in openapi.each_operation(document)}

    assert {each for each in served if each[1] != "HEAD"} <= described


def test_every_operation_is_walked_through(calls: Calls, document: dict[str, Any]) -> None:
    """An operation that is added is called in ``walk.py``, too."""
    walked = {(call.method, call.path) for call in calls if call.status[0] in "23"}
    described = {(m.upper(), path) for m, path, _ in openapi.each_operation(document)}

    assert described - walked == REFUSED


def test_every_answer_is_described(calls: Calls, document: dict[str, Any]) -> None:
    assert list(walk.unlike(calls, document)) == []


def test_every_answer_and_request_is_as_described(
    calls: Calls, document: dict[str, Any]
) -> None:
    wrong, compared = [], 0
    for call in calls:
        operation = document["paths"][call.path][call.method.lower()]
        content = operation["responses"][call.status].get("content", {})
        if call.method != "HEAD" and call.media:
            assert call.media in content or call.body is None, (call, content)
        if call.body is not None and call.method != "HEAD":
            schema = content[call.media]["schema"]
            wrong += [(call.path, each) for each in complaints(document, schema, call.body)]
            compared += 1
        if call.request is not None and call.status[0] == "2":
            kinds = operation["requestBody"]["content"]
            kind = kinds.get(V21) or next(iter(kinds.values()))
            found = complaints(document, kind["schema"], call.request, OAS30WriteValidator)
            wrong += [(call.path, each) for each in found]

    assert wrong == []
    assert compared > 60


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    missing, wrong = [], []
    for method, path, operation in openapi.each_operation(document):
        bodies = [*operation["responses"].items()]
        if (method.upper(), path) in REFUSED:
            continue
        for status, answer in bodies:
            media = answer.get("content", {}).get("application/json")
            if media is None or status[0] not in "23":
                continue
            if "example" not in media:
                missing.append((method, path, status))
            else:
                wrong += complaints(document, media["schema"], media["example"])
        for media in operation.get("requestBody", {}).get("content", {}).values():
            if "binary" not in media["schema"].get("format", "") and "example" not in media:
                missing.append((method, path, "request"))

    assert (missing, wrong) == ([], [])


def test_metrics_are_described_where_they_are_served(make_service: Any) -> None:
    pytest.importorskip("prometheus_client")
    service: Service = make_service(metrics={"allowed_networks": ["127.0.0.0/8"]})
    document = openapi.document(service.app)

    validate(document)
    assert "404" in document["paths"]["/metrics"]["get"]["responses"]
    assert service.nobody().get("/metrics").mimetype == "text/plain"


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in openapi.each_operation(document)]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", name) for name in names)


def test_the_document_says_where_it_is_from(service: Service) -> None:
    answer = service.nobody().get("/docs/openapi.json")

    assert answer.json["servers"] == [{"url": "http://localhost"}]
    validate(answer.json)


def test_every_page_can_be_browsed_and_loads_nothing_from_elsewhere(service: Service) -> None:
    nobody, seen, waiting = service.nobody(), {}, ["/docs"]
    while waiting:
        path = waiting.pop()
        answer = nobody.get(path)
        assert answer.status_code == 200, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        seen[path] = answer
        if answer.mimetype == "text/html":
            page = html.fromstring(answer.text)
            links = [link.partition("#")[0] for _, _, link, _ in page.iterlinks()]
            waiting += {link for link in links if link and link not in seen} - {*waiting}
            assert "`" not in page.text_content(), path
            ids = page.xpath("//@id")
            assert len(ids) == len(set(ids)), path
            for anchor in page.xpath("//a[starts-with(@href, '#')]/@href"):
                assert anchor[1:] in ids, (path, anchor)

    assert all(path.startswith("/docs") for path in seen)
    assert "add project" not in seen["/docs"].text
    assert "Offer an image to a project." in seen["/docs/members"].text
    assert "@import" not in seen["/docs/docs.css"].text


def test_there_is_no_page_of_another_name(service: Service) -> None:
    assert service.nobody().get("/docs/nothing").status_code == 404
