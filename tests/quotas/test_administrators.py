"""Who sees and sets the limits of projects, and what they learn of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.context import Context, with_implied
from glance_shim.core import quotas
from glance_shim.core.identity import system_context
from glance_shim.db import connection


@pytest.fixture
def administrator(service: Service) -> Iterator[Context]:
    """The context of an administrator, with a connection."""
    context = system_context(service.deployment)
    with connection.connected(service.deployment.database):
        yield dataclasses.replace(context, user_id="boss")


@pytest.fixture
def member(administrator: Context) -> Context:
    """The context of somebody who is no administrator."""
    return dataclasses.replace(
        administrator, user_id="u", project_id="p", roles=with_implied(["manager"])
    )


@pytest.mark.parametrize(
    "act",
    [
        lambda context: quotas.set_limit(context, "p", "image_count_total", 5),
        lambda context: quotas.delete_limit(context, "p", "image_count_total"),
        lambda context: quotas.limits_that_are_set(context),
        lambda context: quotas.largest_users(context),
    ],
    ids=["set", "delete", "list", "users"],
)
def test_only_administrators_see_and_set_limits(
    administrator: Context, member: Context, act: Callable[[Context], Any]
) -> None:
    quotas.set_limit(administrator, "p", "image_count_total", 1)

    with pytest.raises(errors.Forbidden, match="administrators"):
        act(member)
    assert quotas.limits_that_are_set(administrator) == [("p", "image_count_total", 1)]


@pytest.mark.parametrize("value", [-2, quotas.LARGEST + 1])
def test_a_limit_that_is_no_number_of_anything_is_refused(
    administrator: Context, value: int
) -> None:
    with pytest.raises(errors.Invalid, match="-1 for none"):
        quotas.set_limit(administrator, "p", "image_count_total", value)
    assert quotas.limits_that_are_set(administrator) == []


def test_a_limit_of_another_name_is_refused(administrator: Context) -> None:
    with pytest.raises(errors.Invalid, match="image_count_total"):
        quotas.set_limit(administrator, "p", "images", 5)


def test_the_projects_that_store_most_come_first(
    alice: Person, bob: Person, administrator: Context
) -> None:
    alice.active(b"x" * (2 << 20))
    bob.active(b"x" * (3 << 20))
    bob.create()
    deleted = alice.active(b"x" * (9 << 20))
    alice.delete(f"/v2/images/{deleted['id']}")

    assert quotas.largest_users(administrator) == [
        (bob.project_id, 2, 3),
        (alice.project_id, 1, 2),
    ]
