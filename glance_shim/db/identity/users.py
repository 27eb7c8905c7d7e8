"""Queries on users."""

from __future__ import annotations

from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db.models.base import now
from glance_shim.db.models.identity import User


class UserRow(NamedTuple):
    """A user."""

    id: str
    name: str
    password_hash: str | None
    enabled: bool
    default_project_id: str | None
    created_at: str


COLUMNS = (
    User.id,
    User.name,
    User.password_hash,
    User.enabled,
    User.default_project,
    User.created_at,
)


def add(
    user_id: str, name: str, password_hash: str | None, default_project_id: str | None
) -> UserRow:
    """Insert an enabled user; raises `errors.Conflict` when the name is taken."""
    row = UserRow(user_id, name, password_hash, True, default_project_id, now())
    try:
        User.insert(dict(zip(COLUMNS, row, strict=True))).execute()
    except peewee.IntegrityError as exc:
        raise errors.Conflict(reason=f"There is already a user named '{name}'") from exc
    return row


def find(user_id: str) -> UserRow | None:
    """The user of that id."""
    return _first(User.id == user_id)


def find_by_name(name: str) -> UserRow | None:
    """The user of that name."""
    return _first(User.name == name)


def _first(condition: Any) -> UserRow | None:
    found = User.select(*COLUMNS).where(condition).tuples().first()
    return UserRow._make(found) if found else None


def select(name: str | None = None) -> list[UserRow]:
    """All users by name, or the one of that name."""
    query = User.select(*COLUMNS).order_by(User.name)
    if name is not None:
        query = query.where(User.name == name)
    return [UserRow._make(row) for row in query.tuples()]


def set_enabled(user_id: str, enabled: bool) -> None:
    User.update(enabled=enabled).where(User.id == user_id).execute()


def set_default_project(user_id: str, project_id: str | None) -> None:
    User.update(default_project=project_id).where(User.id == user_id).execute()


def set_password_hash(user_id: str, password_hash: str, was: str | None) -> bool:
    """Replace the hash, unless another one was written since ``was`` was read."""
    changed: int = (
        User.update(password_hash=password_hash)
        .where((User.id == user_id) & (User.password_hash == was))
        .execute()
    )
    return changed == 1


def remove(user_id: str) -> None:
    """Delete the user with all roles, application credentials and tokens."""
    User.delete().where(User.id == user_id).execute()
