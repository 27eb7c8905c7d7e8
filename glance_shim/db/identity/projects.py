"""Queries on projects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db.models.base import now
from glance_shim.db.models.identity import Project, RoleAssignment


class ProjectRow(NamedTuple):
    """A project."""

    id: str
    name: str
    description: str
    enabled: bool
    created_at: str


COLUMNS = (
    Project.id,
    Project.name,
    Project.description,
    Project.enabled,
    Project.created_at,
)


def add(project_id: str, name: str, description: str) -> ProjectRow:
    """Insert an enabled project; raises `errors.Conflict` when the name is taken."""
    row = ProjectRow(project_id, name, description, True, now())
    try:
        Project.insert(dict(zip(COLUMNS, row, strict=True))).execute()
    except peewee.IntegrityError as exc:
        raise errors.Conflict(reason=f"There is already a project named '{name}'") from exc
    return row


def find(project_id: str) -> ProjectRow | None:
    """The project of that id."""
    return _first(Project.id == project_id)


def find_by_name(name: str) -> ProjectRow | None:
    """The project of that name."""
    return _first(Project.name == name)


def _first(condition: Any) -> ProjectRow | None:
    found = Project.select(*COLUMNS).where(condition).tuples().first()
    return ProjectRow._make(found) if found else None


def select(name: str | None = None, most: int | None = None) -> list[ProjectRow]:
    """All projects by name, or the first of them, or the one of that name."""
    query = Project.select(*COLUMNS).order_by(Project.name).limit(most)
    if name is not None:
        query = query.where(Project.name == name)
    return [ProjectRow._make(row) for row in query.tuples()]


def names(project_ids: Iterable[str]) -> dict[str, str]:
    """The names of those of the projects that there are, by id."""
    query = Project.select(Project.id, Project.name).where(Project.id.in_(list(project_ids)))
    return dict(query.tuples())


def select_of_user(user_id: str) -> list[ProjectRow]:
    """The enabled projects in which the user has a role, by name."""
    theirs = RoleAssignment.select(RoleAssignment.scope_id).where(
        (RoleAssignment.user == user_id) & (RoleAssignment.scope == "project")
    )
    query = (
        Project.select(*COLUMNS)
        .where(Project.id.in_(theirs) & Project.enabled)
        .order_by(Project.name)
    )
    return [ProjectRow._make(row) for row in query.tuples()]


def set_enabled(project_id: str, enabled: bool) -> None:
    Project.update(enabled=enabled).where(Project.id == project_id).execute()


def remove(project_id: str) -> None:
    """Delete the project with its application credentials."""
    Project.delete().where(Project.id == project_id).execute()
