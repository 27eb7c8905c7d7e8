"""Calls after calls, with what the ones before have answered: ``tox -e fuzz``.

schemathesis works out which answers have what other operations need: the image that was made is
shown, shared, filled and deleted, and then asked for again.
"""

from __future__ import annotations

from typing import Any

import pytest
from fuzzing import examples
from people import Service

pytest.importorskip("schemathesis", reason="`tox -e fuzz` installs it")

from test_openapi_fuzzed import ACCEPTED, CHECKS, schemathesis


def test_no_sequence_of_calls_fails(make_service: Any) -> None:
    services: list[Service] = [make_service()]
    document = schemathesis.openapi.from_wsgi(
        "/docs/openapi.json", lambda environ, start: services[-1].app(environ, start)
    )
    statuses: list[int] = []

    class Calls(document.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            super().setup()
            services.append(make_service())
            self.headers = {"X-Auth-Token": services[-1].person("p1", "admin").token}

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": self.headers}

        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            statuses.append(response.status_code)
            # As in Glance for a method that it never takes.
            if response.status_code != 501:
                case.validate_response(
                    response,
                    checks=CHECKS,
                    excluded_checks=[ACCEPTED],
                    headers=self.headers,
                    transport_kwargs={"headers": self.headers},
                )

    Calls.run(settings=examples(15, stateful_step_count=25))

    assert {200, 201, 204} <= set(statuses)
