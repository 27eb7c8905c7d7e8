"""People who look at a service through its dashboard."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from attacked import HOSTILE
from people import Person, Service
from visitor import Visitor

from glance_shim.core.identity import roles, system_context, tokens, users
from glance_shim.db import connection

PASSWORD = "correct horse battery"

_count = itertools.count()


@dataclasses.dataclass
class Someone:
    """A user: ``api`` is what they do with a client, ``browser`` what they do in one."""

    service: Service
    name: str
    user_id: str
    project: str
    project_id: str
    api: Person
    password: str = PASSWORD

    @functools.cached_property
    def browser(self) -> Visitor:
        """A browser in which this person has logged in."""
        visitor = Visitor(self.service.app).log_in(self.name, self.password)
        assert visitor.title != "Log in", visitor.text
        return visitor


@pytest.fixture
def someone(service: Service) -> Callable[..., Someone]:
    """``someone("p1", "member")``: a new user with roles in that project."""
    return functools.partial(make, service)


def make(service: Service, project: str, *granted: str, name: str | None = None) -> Someone:
    context = system_context(service.deployment)
    project_id = service.project(project)
    name = name or f"visitor{next(_count)}"
    with connection.connected(service.deployment.database):
        user = users.create(context, name, PASSWORD, project_id)
        for role in granted:
            roles.grant(context, user.id, role, ("project", project_id))
        scope = ("project", project_id) if granted else None
        text, _ = tokens.issue(service.deployment, user_id=user.id, scope=scope)
    api = Person(service.app, text, project_id)
    return Someone(service, name, user.id, project, project_id, api)


@pytest.fixture
def olga(someone: Any) -> Someone:
    """Member of platform, which owns images."""
    return someone("platform", "member", name="olga")


@pytest.fixture
def adam(someone: Any) -> Someone:
    """Member of app-team, to which images are offered."""
    return someone("app-team", "member", name="adam")


@pytest.fixture
def rita(someone: Any) -> Someone:
    """Only reader in platform."""
    return someone("platform", "reader", name="rita")


@pytest.fixture
def root(someone: Any) -> Someone:
    """Administrator, in a project of his own."""
    return someone("admin", "admin", name="root")


@pytest.fixture
def scene(olga: Any, adam: Any, someone: Any) -> dict[str, str]:
    """An image with hostile text in all its places, offered to two projects."""
    mallory = someone(f"project {HOSTILE[:40]}", "member", name=f"user {HOSTILE[:40]}")
    image = olga.api.active(
        name=HOSTILE, tags=[HOSTILE], description=HOSTILE, **{HOSTILE[:60]: HOSTILE}
    )
    olga.api.share(image["id"], adam.project_id, mallory.project_id, HOSTILE)
    mallory.api.answer(image["id"], "accepted")
    own = mallory.api.active(name=HOSTILE)
    mallory.api.share(own["id"], adam.project_id, olga.project_id)
    return {"image_id": image["id"], "member_id": adam.project_id}
