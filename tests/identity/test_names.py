"""Naming projects: what people are told, and what they may type."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from people import Person, Service

from glance_shim import clock, errors
from glance_shim.context import Context, with_implied
from glance_shim.core import images, members
from glance_shim.core.identity import names, system_context
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


def known(
    context: Context, image: dict[str, Any], own: Any = None
) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the owner and of the members of an image, beside the caller's own."""
    owners = names.of_owners(context, [images.get(context, image["id"])])
    found = members.get_all(context, image["id"])
    offered = names.of_members(context, found, names.known(context, own or {}))
    for found in (owners, offered):
        found.pop(context.project_id, None)
    return owners, offered


def test_the_two_sides_of_an_offer_know_each_other_once_it_is_answered(
    alice: Person, bob: Person, carol: Person, seen_by: Any
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id, carol.project_id)
    bob.answer(image["id"], "rejected")

    assert known(seen_by(alice), image) == ({}, {bob.project_id: "p2"})
    assert known(seen_by(carol), image) == ({alice.project_id: "p1"}, {})


def test_who_only_finds_an_image_does_not_learn_whose_it_is(
    alice: Person, bob: Person, admin: Person, seen_by: Any
) -> None:
    image = alice.create(visibility="community")
    row = images.get(seen_by(bob), image["id"])

    assert alice.project_id not in names.of_owners(seen_by(bob), [row])
    assert names.of_owners(seen_by(admin, "admin"), [row])[alice.project_id] == "p1"


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
    alice, bob = Fronted(service.app, None, "pa"), Fronted(service.app, None, "pb")
    image = alice.create()
    alice.share(image["id"], "pb", "pc")
    bob.answer(image["id"], "accepted")
    roles = with_implied(["member"])
    seen = Context(service.deployment, "u", project_id="pa", scope="project", roles=roles)

    with connection.connected(service.deployment.database):
        assert known(seen, image) == ({}, {"pb": "name of pb"})
        offered = dataclasses.replace(seen, project_id="pb")
        assert known(offered, image) == ({"pa": "name of pa"}, {})
        found = names.known(seen, {"own": "Own"})
        assert names.suggestions(seen, found, []) == {
            "pb": "name of pb",
            "own": "Own",
            "pc": "pc",
        }
        assert names.resolve(seen, "Own", found) == "own"
        assert names.resolve(seen, "name of pb", found) == "pb"
        with pytest.raises(errors.Invalid, match="give the id"):
            names.resolve(seen, "name of pc", found)
        assert names.resolve(seen, STRANGE, {}) == STRANGE


def test_of_projects_of_one_name_none_is_meant(alice: Person, seen_by: Any) -> None:
    # Names are unique in a domain only.
    own = {"1" * 32: "lab", "2" * 32: "lab"}

    with pytest.raises(errors.Invalid):
        names.resolve(seen_by(alice), "lab", own)


def suggested(context: Context, own: Any = None) -> dict[str, str]:
    """What is suggested for an image that is offered to nobody yet."""
    return names.suggestions(context, names.known(context, own or {}), [])


def test_everybody_is_offered_projects_of_their_own_and_those_that_have_an_offer(
    service: Service, alice: Person, bob: Person, carol: Person, seen_by: Any
) -> None:
    image, foreign = alice.create(), carol.create()
    alice.share(image["id"], bob.project_id, STRANGE)
    carol.share(foreign["id"], "elsewhere")

    bob.answer(image["id"], "accepted")

    assert suggested(seen_by(alice), {"1": "own"}) == {
        STRANGE: STRANGE,
        "1": "own",
        bob.project_id: "p2",
    }
    assert suggested(seen_by(carol)) == {"elsewhere": "elsewhere"}


def test_whoever_is_suggested_by_name_is_named_among_the_members(
    alice: Person, bob: Person, carol: Person, seen_by: Any
) -> None:
    first, second = alice.create(), alice.create()
    alice.share(first["id"], bob.project_id, carol.project_id)
    bob.answer(first["id"], "accepted")
    bob.answer(first["id"], "pending")
    context, own = seen_by(alice), {STRANGE: "own"}
    assert suggested(context, own)[bob.project_id] == bob.project_id
    bob.answer(first["id"], "rejected")
    named = suggested(context, own)
    alice.share(second["id"], bob.project_id, carol.project_id, STRANGE)

    assert named == {
        bob.project_id: "p2",
        carol.project_id: carol.project_id,
        STRANGE: "own",
    }
    assert known(context, second, own) == ({}, {bob.project_id: "p2", STRANGE: "own"})
    offered = members.get_all(context, second["id"])
    assert names.suggestions(context, names.known(context, own), offered) == {}


def test_a_project_that_is_suggested_may_be_typed_however_many_were_guessed(
    alice: Person, bob: Person, seen_by: Any
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)
    bob.answer(image["id"], "accepted")
    context = seen_by(alice)
    for number in range(20):
        with pytest.raises(errors.Invalid):
            names.resolve(context, f"guess{number}", {})

    with pytest.raises(errors.TooManyRequests):
        names.resolve(context, "p2", {})
    assert names.resolve(context, "p2", names.known(context, {})) == bob.project_id


def test_administrators_are_offered_all_projects(
    alice: Person, bob: Person, admin: Person, seen_by: Any
) -> None:
    found = suggested(seen_by(admin, "admin"))

    assert {alice.project_id: "p1", bob.project_id: "p2"}.items() <= found.items()
    assert admin.project_id not in found


def test_of_very_many_projects_the_first_are_offered(
    service: Service, admin: Person, seen_by: Any, monkeypatch: Any
) -> None:
    for number in range(5):
        service.project(f"a project {number}")
    monkeypatch.setattr(names, "MOST", 3)

    found = suggested(seen_by(admin, "admin"))

    assert list(found.values()) == [f"a project {number}" for number in range(3)]


def test_a_project_is_found_by_its_id_and_its_exact_name(
    alice: Person, bob: Person, seen_by: Any
) -> None:
    context = seen_by(alice)

    assert names.resolve(context, " p2 ", {}) == bob.project_id
    assert names.resolve(context, STRANGE, {}) == STRANGE
    with pytest.raises(errors.Invalid, match="no project named 'p'"):
        names.resolve(context, "p", {})


def test_who_tries_many_names_has_to_wait(
    service: Service, alice: Person, admin: Person, seen_by: Any, monkeypatch: Any
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    context = seen_by(alice)
    for number in range(20):
        with pytest.raises(errors.Invalid):
            names.resolve(context, f"guess{number}", {})

    with pytest.raises(errors.TooManyRequests):
        names.resolve(context, "p1", {})
    assert names.resolve(context, STRANGE, {}) == STRANGE
    assert names.resolve(seen_by(admin, "admin"), "p1", {}) == alice.project_id
    now += 3601
    assert names.resolve(context, "p1", {}) == alice.project_id


def test_a_project_that_is_gone_has_no_name(
    service: Service, alice: Person, bob: Person, seen_by: Any
) -> None:
    image = alice.create()
    alice.share(image["id"], bob.project_id)
    bob.answer(image["id"], "accepted")
    known_projects.delete(system_context(service.deployment), bob.project_id or "")

    assert known(seen_by(alice), image) == ({}, {})
