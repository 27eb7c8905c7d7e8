"""Roles, and who has which where."""

from __future__ import annotations

import logging
from typing import NamedTuple

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.db import connection
from glance_shim.db.identity import roles as rows
from glance_shim.db.identity import tokens as token_rows
from glance_shim.db.identity.roles import AssignmentRow

log = logging.getLogger(__name__)


class Role(NamedTuple):
    """A role; there are no others than those of `ROLES`."""

    id: str
    name: str
    description: str


ROLES = tuple(
    Role(identity.fixed_id("role", name), name, description)
    for name, description in (
        ("admin", "Everything, in every project; implies member and reader"),
        ("manager", "Implies member and reader"),
        ("member", "Work with the images of a project; implies reader"),
        ("reader", "See the images of a project"),
        ("service", "For other services; lets them act for users"),
    )
)
BY_NAME = {role.name: role for role in ROLES}
BY_ID = {role.id: role for role in ROLES}


def get(id_or_name: str) -> Role:
    """The role of that id or name."""
    role = BY_ID.get(id_or_name) or BY_NAME.get(id_or_name)
    if role is None:
        raise errors.RoleNotFound(role=id_or_name, known=", ".join(BY_NAME))
    return role


def get_by_id(role_id: str) -> Role:
    """The role of that id."""
    if role_id not in BY_ID:
        raise errors.RoleNotFound(role=role_id, known=", ".join(BY_NAME))
    return BY_ID[role_id]


def get_all(name: str | None = None) -> list[Role]:
    """All roles, or the one of that name."""
    return [role for role in ROLES if name in (None, role.name)]


def grant(context: Context, user_id: str, role: str, scope: identity.Scope) -> None:
    """Give the user a role there; tokens that exist have it from now on."""
    identity.require_admin(context, "grant roles")
    rows.add(user_id, *scope, get(role).name)
    log.info("User %s has role %s in %s %s", user_id, role, *scope)


def revoke(context: Context, user_id: str, role: str, scope: identity.Scope) -> None:
    """Take the role from the user, and end the user's tokens for that scope."""
    identity.require_admin(context, "revoke roles")
    with connection.writing():
        if not rows.remove(user_id, *scope, get(role).name):
            raise errors.NotFound(
                what=f"Role {role} of user {user_id} in {scope[0]} {scope[1]}"
            )
        token_rows.remove_of_scope(*scope, user_id=user_id)
    log.info("User %s has no more role %s in %s %s", user_id, role, *scope)


def get_assignments(
    context: Context,
    user_id: str | None = None,
    scope: tuple[str | None, str | None] = (None, None),
    role: str | None = None,
) -> list[AssignmentRow]:
    """The assignments that match everything given; implied roles are not listed."""
    identity.require_admin(context, "list role assignments")
    return rows.select(user_id, *scope, role)
