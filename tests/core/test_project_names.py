"""Naming projects: what people are told, and what they may type."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.context import Context, with_implied
from glance_shim.core import project_names
from glance_shim.core.identity import clock, system_context
from glance_shim.core.identity import projects as known_projects
from glance_shim.db import connection

STRANGE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def seen_by(service: Service) -> Iterator[Any]:
    """``seen_by(alice)``: the context that she acts in, with a connection."""

    def context_of(person: Person, role: str = "member") -> Context:
        token = service.deployment.tokens.validate(person.token)
        return Context(
            service.deployment,
            user_id=token.user_id,
            user_name=token.user_name,
            project_id=token.project_id,
            project_name=token.project_name,
            scope="project",
            roles=with_implied([role]),
        )

    with connection.connected(service.deployment.database):
        yield context_of


def test_projects_that_are_known_here_have_names(
    alice: Person, bob: Person, seen_by: Any
) -> None:
    ids = [alice.project_id, bob.project_id, STRANGE, None]

    assert project_names.get_all(seen_by(alice), ids) == {
        alice.project_id: "p1",
        bob.project_id: "p2",
    }


class Fronted(Person):
    """Somebody of whom a front says who it is."""

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        project = self.project_id or ""
        said = {
            "X-User-Id": "u",
            "X-Project-Id": project,
            "X-Project-Name": f"name of {project}",
        }
        said |= {"X-Identity-Status": "Confirmed", "X-Roles": "member"}
        return super().request(method, path, headers=said, **kwargs)


def test_where_others_know_projects_they_are_named_by_what_they_did_to_an_image(
    make_service: Any,
) -> None:
    service = make_service(auth_strategy="front", front_networks=["127.0.0.0/8"])
    alice = Fronted(service.app, None, "pa")
    image = alice.create()
    alice.share(image["id"], "pb", "pc")
    context = Context(service.deployment, user_id="u", project_id="pb", project_name="B")

    with connection.connected(service.deployment.database):
        found = project_names.get_all(context, ["pa", "pb", "pc"], [image["id"]])
        assert found == {"pa": "name of pa", "pb": "B"}
        with pytest.raises(errors.Invalid, match="give the id"):
            project_names.resolve(context, "pa")
        assert project_names.resolve(context, STRANGE) == STRANGE
        assert project_names.suggestions(dataclasses.replace(context, project_id="pa")) == {
            "pb": "pb",
            "pc": "pc",
        }


def test_everybody_is_offered_projects_of_their_own_and_those_that_have_an_offer(
    service: Service, alice: Person, bob: Person, carol: Person, seen_by: Any
) -> None:
    image, foreign = alice.create(), carol.create()
    alice.share(image["id"], bob.project_id, STRANGE)
    carol.share(foreign["id"], "elsewhere")

    assert project_names.suggestions(seen_by(alice)) == {
        STRANGE: STRANGE,
        bob.project_id: "p2",
    }
    assert project_names.suggestions(seen_by(carol)) == {"elsewhere": "elsewhere"}


def test_administrators_are_offered_all_projects(
    alice: Person, bob: Person, admin: Person, seen_by: Any
) -> None:
    found = project_names.suggestions(seen_by(admin, "admin"))

    assert {alice.project_id: "p1", bob.project_id: "p2"}.items() <= found.items()
    assert admin.project_id not in found


def test_a_project_is_found_by_its_id_and_its_exact_name(
    alice: Person, bob: Person, seen_by: Any
) -> None:
    context = seen_by(alice)

    assert project_names.resolve(context, " p2 ") == bob.project_id
    assert project_names.resolve(context, STRANGE) == STRANGE
    with pytest.raises(errors.Invalid, match="no project named 'p'"):
        project_names.resolve(context, "p")


def test_who_tries_many_names_has_to_wait(
    service: Service, alice: Person, admin: Person, seen_by: Any, monkeypatch: Any
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    context = seen_by(alice)
    for number in range(20):
        with pytest.raises(errors.Invalid):
            project_names.resolve(context, f"guess{number}")

    with pytest.raises(errors.TooManyRequests):
        project_names.resolve(context, "p1")
    assert project_names.resolve(context, STRANGE) == STRANGE
    assert project_names.resolve(seen_by(admin, "admin"), "p1") == alice.project_id
    now += 3601
    assert project_names.resolve(context, "p1") == alice.project_id


def test_a_project_that_is_gone_has_no_name(
    service: Service, alice: Person, bob: Person, seen_by: Any
) -> None:
    known_projects.delete(system_context(service.deployment), bob.project_id or "")
    try:
        assert project_names.get_all(seen_by(alice), [bob.project_id]) == {}
    finally:
        service.reset()
