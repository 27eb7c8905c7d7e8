"""A service that shows locations, and a web server with data to refer to."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from people import Service
from places import Source, Web


@pytest.fixture(scope="session")
def shared_web() -> Iterator[Web]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Web(server)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web(shared_web: Web) -> Web:
    """A web server with ten bytes at /data, /other and /more, and nothing asked for yet."""
    shared_web.reset()
    return shared_web


@pytest.fixture
def make_shown(make_service: Any, shared_web: Web) -> Any:
    """``make_shown(**options)``: a service with two stores for files and one for the web."""

    def make(**options: Any) -> Service:
        given = {
            "enabled_backends": {"fast": "file", "cheap": "file", "web": "http"},
            "show_multiple_locations": True,
            "import_filtering_opts": {
                "allowed_networks": ["127.0.0.1"],
                "allowed_ports": ["80", "443", str(shared_web.port)],
            },
        }
        return make_service(**{**given, **options})

    return make


@pytest.fixture
def service(make_shown: Any) -> Service:
    """A service that shows locations to those who may change them."""
    return make_shown()
