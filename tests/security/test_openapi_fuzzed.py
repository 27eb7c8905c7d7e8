"""Each operation of the OpenAPI document, with input made up from it: ``tox -e fuzz``.

Few examples are made up here, as schemathesis adds some that it works out: every bound of every
parameter, what is left out, what is sent twice, other methods.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from fuzzing import examples
from people import V20, V21, Person, Service

schemathesis = pytest.importorskip("schemathesis", reason="`tox -e fuzz` installs it")

from schemathesis import checks  # noqa: E402

checks.load_all_checks()

# What schemathesis can look at that is not looked at, and why.
LEFT_OUT = {
    "positive_data_acceptance": "the document cannot say all that makes a request right, such"
    " as which filters go together, that an image has formats before it has data, or that text"
    " has no control characters",
}
CHECKS = [checks.CHECKS.get_one(n) for n in checks.CHECKS.get_all_names() if n not in LEFT_OUT]


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@schemathesis.serializer(V20, V21)
def patch(context: Any, value: Any) -> bytes:
    """Patches are JSON, by whichever name."""
    return json.dumps(value).encode()


@pytest.fixture
def document(service: Service) -> Any:
    return schemathesis.openapi.from_wsgi("/docs/openapi.json", service.app)


@pytest.fixture
def personas(service: Service) -> list[Person]:
    """Who asks: each operation with the same input."""
    roles = ("member", "reader", "admin")
    return [service.nobody(), *(service.person("p1", role) for role in roles)]


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@examples(2)
def test_no_operation_fails_whatever_it_is_sent(case: Any, personas: list[Person]) -> None:
    for person in personas:
        headers = {"X-Auth-Token": person.token} if person.token else {}
        response = case.call(headers=headers)
        if response.status_code == 501:
            # As in Glance for a method that it never takes, where there is no route either.
            assert response.request.method not in METHODS
            continue
        case.validate_response(
            response, checks=CHECKS, headers=headers, transport_kwargs={"headers": headers}
        )
