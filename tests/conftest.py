"""A service to test, and the people who use it."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import databases
import environments
import object_store
import pytest
from people import Person, Service
from web_source import DATA, Source

from glance_shim.core import quotas
from glance_shim.core.identity import system_context
from glance_shim.db import connection


def pytest_sessionfinish() -> None:
    databases.drop_all()


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Deployments by their options; each is built once and emptied before use."""
    built: dict[str, Service] = {}

    def with_options(options: dict[str, dict[str, Any]]) -> Service:
        key = json.dumps(options, sort_keys=True)
        for other, service in built.items():
            # A connection costs more than a test: who had them may go on with them.
            if other != key:
                service.deployment.database.close_idle()
        if key not in built:
            directory = tmp_path_factory.mktemp("service")
            built[key] = Service(directory, options)
        built[key].reset()
        return built[key]

    yield with_options
    for service in built.values():
        service.close()
        shutil.rmtree(service.directory, ignore_errors=True)


@pytest.fixture
def make_service(services: Any) -> Any:
    """``make_service(image_size_cap=…, database={…})``: a service with other options."""

    def make(**options: Any) -> Service:
        sections = {name: value for name, value in options.items() if isinstance(value, dict)}
        stores = sections.pop("enabled_backends", None)
        sections["DEFAULT"] = {n: v for n, v in options.items() if not isinstance(v, dict)}
        if stores:
            sections["DEFAULT"]["enabled_backends"] = stores
        return services(sections)

    return make


@pytest.fixture
def service(make_service: Any) -> Service:
    """A service with default options: one store, the database under test."""
    return make_service()


@pytest.fixture
def alice(service: Service) -> Person:
    """Member of project p1, which owns the images."""
    return service.person("p1", "member")


@pytest.fixture
def alice_reader(service: Service) -> Person:
    """Only reader in project p1."""
    return service.person("p1", "reader")


@pytest.fixture
def limit(service: Service) -> Any:
    """``limit(alice, image_count_total=5)``: limits of her project, or of all with ``None``."""

    def set_limits(person: Person | None, **limits: int) -> None:
        project_id = person.project_id or "" if person else ""
        with connection.connected(service.deployment.database):
            for name, value in limits.items():
                quotas.set_limit(system_context(service.deployment), project_id, name, value)

    return set_limits


@pytest.fixture
def bob(service: Service) -> Person:
    """Member of project p2, to which images are offered."""
    return service.person("p2", "member")


@pytest.fixture
def bob_reader(service: Service) -> Person:
    """Only reader in project p2."""
    return service.person("p2", "reader")


@pytest.fixture
def carol(service: Service) -> Person:
    """Member of project p3, a stranger."""
    return service.person("p3", "member")


@pytest.fixture
def admin(service: Service) -> Person:
    """Administrator, in a project of his own."""
    return service.person("admin", "admin")


@pytest.fixture
def nobody(service: Service) -> Person:
    """Without a token."""
    return service.nobody()


@pytest.fixture(scope="session")
def source() -> Iterator[str]:
    """The address of a web server with data."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Source.answers = {
        "/data": (200, {"Content-Length": str(len(DATA))}, DATA),
        "/unannounced": (200, {}, DATA),
        "/short": (200, {"Content-Length": "2500"}, DATA),
        "/large": (200, {"Content-Length": "4000"}, b"x" * 4000),
        "/endless": (200, {}, b"x" * 4000),
        "/encoded": (200, {"Content-Length": "10", "Content-Encoding": "gzip"}, DATA),
        "/inward": (302, {"Location": "http://169.254.169.254/latest"}, b""),
        "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
        "/empty": (200, {"Content-Length": "0"}, b""),
        "/onward": (302, {"Location": "/data"}, b""),
    }
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def reaching(source: str) -> dict[str, Any]:
    """Options with which the source may be fetched from."""
    return {
        "allowed_networks": ["127.0.0.0/8"],
        "allowed_ports": ["80", "443", source.rpartition(":")[2]],
    }


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object_store.Swift]:
    """A Swift of this test process, which serves."""
    commands = environments.find("swift")
    if commands is None:
        pytest.skip(object_store.MISSING)
    directory = tmp_path_factory.mktemp("swift")
    try:
        os.setxattr(directory, "user.test", b"x")
    except OSError:
        pytest.skip(f"Swift needs extended attributes, which {directory} does not have")
    swift = object_store.Swift(directory, commands)
    swift.start()
    yield swift
    swift.stop()


@pytest.fixture
def bucket() -> str:
    """The name of a bucket that nobody has."""
    return f"test-{uuid.uuid4().hex[:12]}"
