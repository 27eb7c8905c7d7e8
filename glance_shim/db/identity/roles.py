"""Queries on role assignments."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from glance_shim.db import connection
from glance_shim.db.models.identity import Project, RoleAssignment, User


class AssignmentRow(NamedTuple):
    """A user has a role in a scope; names stand beside the ids."""

    user_id: str
    user_name: str
    scope: str
    scope_id: str
    project_name: str | None
    role: str


def add(user_id: str, scope: str, scope_id: str, role: str) -> None:
    """Insert an assignment; one that is there already is left as it is."""
    insert = RoleAssignment.insert(user=user_id, scope=scope, scope_id=scope_id, role=role)
    key = (
        RoleAssignment.user,
        RoleAssignment.scope,
        RoleAssignment.scope_id,
        RoleAssignment.role,
    )
    connection.engine().unless_there(insert, *key).execute()


def names(user_id: str, scope: str, scope_id: str) -> list[str]:
    """The names of the roles assigned to the user in that scope."""
    query = RoleAssignment.select(RoleAssignment.role).where(
        (RoleAssignment.user == user_id)
        & (RoleAssignment.scope == scope)
        & (RoleAssignment.scope_id == scope_id)
    )
    return [role for (role,) in query.tuples()]


def select(
    user_id: str | None = None,
    scope: str | None = None,
    scope_id: str | None = None,
    role: str | None = None,
) -> list[AssignmentRow]:
    """The assignments that match everything given, by user, scope and role."""
    project = (RoleAssignment.scope == "project") & (Project.id == RoleAssignment.scope_id)
    query = (
        RoleAssignment.select(
            User.id,
            User.name,
            RoleAssignment.scope,
            RoleAssignment.scope_id,
            Project.name,
            RoleAssignment.role,
        )
        .join(User)
        .join_from(RoleAssignment, Project, peewee.JOIN.LEFT_OUTER, on=project)
        .order_by(User.name, RoleAssignment.scope, Project.name, RoleAssignment.role)
    )
    wanted = (
        (RoleAssignment.user, user_id),
        (RoleAssignment.scope, scope),
        (RoleAssignment.scope_id, scope_id),
        (RoleAssignment.role, role),
    )
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return [AssignmentRow._make(row) for row in query.tuples()]


def remove(user_id: str, scope: str, scope_id: str, role: str) -> bool:
    """Delete an assignment; was there one?"""
    removed: int = (
        RoleAssignment.delete()
        .where(
            (RoleAssignment.user == user_id)
            & (RoleAssignment.scope == scope)
            & (RoleAssignment.scope_id == scope_id)
            & (RoleAssignment.role == role)
        )
        .execute()
    )
    return removed == 1


def remove_of_scope(scope: str, scope_id: str) -> None:
    """Delete all assignments of a scope."""
    (
        RoleAssignment.delete()
        .where((RoleAssignment.scope == scope) & (RoleAssignment.scope_id == scope_id))
        .execute()
    )
