"""Each operation of the OpenAPI document, with input made up from it: ``tox -e fuzz``.

Few examples are made up here, as schemathesis adds some that it works out: every bound of every
parameter, what is left out, what is sent twice, other methods.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fuzzing import examples
from people import V20, V21, Person, Service

schemathesis = pytest.importorskip("schemathesis", reason="`tox -e fuzz` installs it")

from schemathesis import checks  # noqa: E402

checks.load_all_checks()

CHECKS = [checks.CHECKS.get_one(name) for name in checks.CHECKS.get_all_names()]
ACCEPTED = checks.CHECKS.get_one("positive_data_acceptance")

# Where more is refused than the document can say, and what.
REFUSES_MORE = {
    "GET /v2/images": "a marker that is no image; sort beside sort_key; times and operators",
    "GET /v2/images/{image_id}/file": "prefer where there is one store",
    "PATCH /v2/images/{image_id}": "a value that is none of the property that the path names",
    "POST /v2/images/{image_id}/import": "methods that are not enabled or lack what they need",
    "GET /v2/tasks": "a marker that is no task",
    "POST /v2/tasks": "types that need other input; URLs that may not be fetched",
    "DELETE /v2/tasks/{task_id}": "everything, as in Glance",
}

# OpenAPI 3.0 cannot say what the names of properties may be, or that no text has this.
NAME = re.compile(r"[\x20-\x7e\xa0-\ud7ff\ue000-\uffff]{1,80}")
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def texts(part: Any) -> Iterator[str]:
    """All text in a part of a request."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)
    elif isinstance(part, dict):
        yield from (str(name) for name in part)
        yield from texts(list(part.values()))


def names(part: Any) -> Iterator[str]:
    """The names of all properties in a body."""
    if isinstance(part, list):
        for each in part:
            yield from names(each)
    elif isinstance(part, dict):
        yield from part
        yield from names(list(part.values()))


def is_told(case: Any) -> bool:
    """Does the document say of all that is in the request whether it is accepted?"""
    if case.operation.label in REFUSES_MORE:
        return False
    return all(map(NAME.fullmatch, names(case.body))) and not any(
        map(NO_TEXT.search, texts([case.body, dict(case.query or {})]))
    )


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
            response,
            checks=CHECKS,
            excluded_checks=[] if is_told(case) else [ACCEPTED],
            headers=headers,
            transport_kwargs={"headers": headers},
        )
