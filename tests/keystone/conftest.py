"""A real Keystone, and a service behind it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import environments
import pytest
from people import Person, Service
from real_keystone import MISSING, Keystone, User, service_token


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One Keystone for all: its tests share a worker."""
    for item in items:
        if "keystone" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("keystone"))


@pytest.fixture(scope="session")
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    commands = environments.find("keystone")
    if commands is None:
        pytest.skip(MISSING)
    running = Keystone(commands, tmp_path_factory.mktemp("keystone"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    """A Keystone whose tokens live long enough to be used on a busy machine, and no longer."""
    commands = environments.find("keystone")
    if commands is None:
        pytest.skip(MISSING)
    running = Keystone(commands, tmp_path_factory.mktemp("hasty"), expiration=20)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def users(keystone: Keystone) -> dict[str, User]:
    """alice and bob, members of projects of their own; rita, a reader in alice's."""

    def add(name: str, project: str, project_id: str, role: str) -> User:
        password = secrets.token_hex(8)
        user_id = keystone.user(name, password)
        keystone.grant(user_id, project_id, role)
        return User(user_id, name, password, project_id)

    p1, p2 = keystone.project("p1"), keystone.project("p2")
    return {
        "alice": add("alice", "p1", p1, "member"),
        "bob": add("bob", "p2", p2, "member"),
        "rita": add("rita", "p1", p1, "reader"),
    }


@pytest.fixture
def service(make_service: Any, keystone: Keystone) -> Service:
    """Behind the Keystone; what it remembers of tokens is forgotten between tests."""
    made: Service = make_service(
        auth_strategy="keystone", keystone_authtoken=keystone.authtoken()
    )
    made.deployment.tokens.forget()
    return made


@pytest.fixture
def alice(service: Service, keystone: Keystone, users: dict[str, User]) -> Person:
    return _person(service, keystone, users["alice"], "p1")


@pytest.fixture
def bob(service: Service, keystone: Keystone, users: dict[str, User]) -> Person:
    return _person(service, keystone, users["bob"], "p2")


@pytest.fixture
def rita(service: Service, keystone: Keystone, users: dict[str, User]) -> Person:
    return _person(service, keystone, users["rita"], "p1")


@pytest.fixture
def admin(service: Service, keystone: Keystone) -> Person:
    return Person(service.app, keystone.token("admin", keystone.admin_password, "admin"), None)


@pytest.fixture
def glance(service: Service, keystone: Keystone) -> Person:
    """The service user."""
    return Person(service.app, service_token(keystone), None)


def _person(service: Service, keystone: Keystone, user: User, project: str) -> Person:
    return Person(
        service.app, keystone.token(user.name, user.password, project), user.project_id
    )
