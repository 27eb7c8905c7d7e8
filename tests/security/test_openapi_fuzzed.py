"""Each operation of the OpenAPI document, with input made up from it: ``tox -e fuzz``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fuzzing import examples
from people import V20, V21, Service

schemathesis = pytest.importorskip("schemathesis", reason="`tox -e fuzz` installs it")


@schemathesis.serializer(V20, V21)
def patch(context: Any, value: Any) -> bytes:
    """Patches are JSON, by whichever name."""
    return json.dumps(value).encode()


@pytest.fixture
def document(service: Service) -> Any:
    return schemathesis.openapi.from_wsgi("/docs/openapi.json", service.app)


@pytest.fixture
def tokens(service: Service) -> list[str]:
    return [str(service.person("p1", role).token) for role in ("member", "admin")]


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@examples(15)
def test_no_operation_fails_whatever_it_is_sent(case: Any, tokens: list[str]) -> None:
    for token in tokens:
        response = case.call(headers={"X-Auth-Token": token})
        assert response.status_code < 500 or response.status_code == 501, response.text
