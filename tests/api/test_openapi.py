"""The OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate
from people import Service

from glance_shim.api import smorest


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    with service.app.app_context():
        api: smorest.Api = service.app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
        return api.spec.to_dict()


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_appears_in_the_document(
    service: Service, document: dict[str, Any]
) -> None:
    served = {
        (re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule), method)
        for rule in service.app.url_map.iter_rules()
        if not rule.endpoint.startswith("dashboard")  # Pages are for people.
        for method in rule.methods or ()
    }
    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }

    assert {each for each in served if each[1] != "HEAD"} <= described
