"""Something that refuses everything where Keystone should be."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from people import Person

from glance_shim import errors


class Refusing(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password of its own."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_server_that_refuses_to_say_how_to_log_in_is_not_waited_for(
    make_service: Any, refusing: str
) -> None:
    service = make_service(
        auth_strategy="keystone",
        keystone_authtoken={
            "auth_type": "password",
            "auth_url": f"{refusing}/v3",
            "username": "glance",
            "password": "secret",
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
    )
    answers: list[Any] = []

    def ask() -> None:
        answers.append(Person(service.app, "a-token", "p1").get("/v2/images").status_code)
        with pytest.raises(errors.Unavailable):
            service.deployment.tokens.check()
        answers.append("refused")

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(60)
    assert answers == [503, "refused"]
