"""The rules, and what evaluates them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import oslo_policy.policy
import pytest
from people import Service

from glance_shim import errors
from glance_shim.context import Context, with_implied
from glance_shim.policy import enforcer, rules

GUARDED = {operation for rule in rules.RULES for operation in rule.operations}


def normal(operation: str) -> str:
    """An operation without the names of its path parameters."""
    return re.sub(r"{[^}]*}|<[^>]*>", "{}", operation)


@pytest.fixture
def served(service: Service) -> set[str]:
    return {
        normal(f"{method} {rule.rule}")
        for rule in service.app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/v2/") and "tenants" not in rule.rule
    }


def test_every_operation_is_guarded_by_a_rule(served: set[str]) -> None:
    known = {normal(each) for each in (*GUARDED, *rules.UNGUARDED)}

    assert served - known == set()


def test_every_rule_names_operations_that_are_served(served: set[str]) -> None:
    assert {normal(each) for each in (*GUARDED, *rules.UNGUARDED)} - served == set()


ROLES = [(), ("reader",), ("member",), ("admin",), ("service",), ("manager",), ("other",)]
TARGETS = [
    {"project_id": owner, "owner": owner, "member_id": member, "visibility": visibility}
    for owner, member, visibility in itertools.product(
        ("p1", "p2"), ("p1", "p3"), ("private", "shared", "community", "public")
    )
]


@pytest.mark.parametrize("roles", ROLES, ids=str)
@pytest.mark.parametrize("rule", [rule.name for rule in rules.RULES])
def test_a_closure_answers_as_the_check_of_oslo_policy(rule: str, roles: Any) -> None:
    ours = enforcer.Enforcer()
    context = Context(
        None,  # type: ignore[arg-type]
        project_id="p1",
        user_id="u1",
        scope="project",
        roles=with_implied(roles),
    )
    credentials = {"roles": list(context.roles), "project_id": "p1", "user_id": "u1"}
    theirs = oslo_policy.policy.Rules.from_dict({r.name: r.check for r in rules.RULES})

    class Reference:
        rules = theirs

    for target in TARGETS:
        expected = theirs[rule](target, credentials, Reference(), rule)
        assert ours.allows(rule, context, target) == expected, target


def test_a_side_without_a_value_never_matches() -> None:
    # oslo.policy compares the words: a caller without a project would own what nobody owns.
    context = Context(None, scope="project", roles=with_implied(["member"]))  # type: ignore[arg-type]

    assert not enforcer.Enforcer().allows("modify_image", context, {"project_id": None})


def load(tmp_path: Path, text: str) -> enforcer.Enforcer:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return enforcer.load(str(path))


def test_a_rule_in_the_file_replaces_the_default_one(tmp_path: Path) -> None:
    policy = load(tmp_path, '"delete_image": "role:janitor"\n"own": "rule:delete_image"\n')
    janitor = Context(None, scope="project", roles=frozenset({"janitor"}))  # type: ignore[arg-type]

    assert policy.allows("delete_image", janitor, {}) and policy.allows("own", janitor, {})
    assert not policy.allows("modify_image", janitor, {"project_id": "p"})


@pytest.mark.parametrize(
    "text", ["[1, 2]", '"a": "rule:b"', '"a": "rule:a"', '"a": "http://x/y"', "a: [", '"a": 5']
)
def test_a_file_that_makes_no_sense_is_refused_or_denies(tmp_path: Path, text: str) -> None:
    nobody = Context(None, scope="project", roles=frozenset())  # type: ignore[arg-type]
    try:
        policy = load(tmp_path, text)
    except errors.ConfigurationError:
        return
    assert not policy.allows("a", nobody, {})


def test_a_rule_that_nobody_has_defined_is_an_error() -> None:
    with pytest.raises(KeyError):
        enforcer.Enforcer().allows("get_imgae", None, {})


def test_an_overridden_rule_decides_what_the_service_does(
    tmp_path: Path, make_service: Any
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        '"publicize_image": ""\n"get_image": "role:reader and project_id:%(owner)s"\n'
    )
    service = make_service(oslo_policy={"policy_file": str(path)})
    alice, bob = service.person("p1", "member"), service.person("p2", "member")

    image = alice.create(visibility="public")

    assert alice.ids() == [image["id"]]
    assert bob.ids() == []
    assert bob.get(f"/v2/images/{image['id']}").status_code == 404
