"""Queries on application credentials."""

from __future__ import annotations

from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db.models.base import now
from glance_shim.db.models.identity import ApplicationCredential


class CredentialRow(NamedTuple):
    """An application credential; ``roles`` are names between commas."""

    id: str
    user_id: str
    project_id: str
    name: str
    description: str
    secret_hash: str
    roles: str
    unrestricted: bool
    expires_at: float | None
    created_at: str


COLUMNS = (
    ApplicationCredential.id,
    ApplicationCredential.user,
    ApplicationCredential.project,
    ApplicationCredential.name,
    ApplicationCredential.description,
    ApplicationCredential.secret_hash,
    ApplicationCredential.roles,
    ApplicationCredential.unrestricted,
    ApplicationCredential.expires_at,
    ApplicationCredential.created_at,
)


def add(
    credential_id: str,
    user_id: str,
    project_id: str,
    name: str,
    *,
    description: str,
    secret_hash: str,
    roles: str,
    unrestricted: bool,
    expires_at: float | None,
) -> CredentialRow:
    """Insert a credential; raises `errors.Conflict` when the user has one of that name."""
    row = CredentialRow(
        credential_id,
        user_id,
        project_id,
        name,
        description,
        secret_hash,
        roles,
        unrestricted,
        expires_at,
        now(),
    )
    try:
        ApplicationCredential.insert(dict(zip(COLUMNS, row, strict=True))).execute()
    except peewee.IntegrityError as exc:
        raise errors.Conflict(
            reason=f"There is already an application credential named '{name}'"
        ) from exc
    return row


def find(credential_id: str) -> CredentialRow | None:
    """The credential of that id."""
    return _first(ApplicationCredential.id == credential_id)


def find_by_name(user_id: str, name: str) -> CredentialRow | None:
    """The user's credential of that name."""
    return _first(
        (ApplicationCredential.user == user_id) & (ApplicationCredential.name == name)
    )


def _first(condition: Any) -> CredentialRow | None:
    found = ApplicationCredential.select(*COLUMNS).where(condition).tuples().first()
    return CredentialRow._make(found) if found else None


def select(user_id: str, name: str | None = None) -> list[CredentialRow]:
    """The user's credentials by name, or the one of that name."""
    query = (
        ApplicationCredential.select(*COLUMNS)
        .where(ApplicationCredential.user == user_id)
        .order_by(ApplicationCredential.name)
    )
    if name is not None:
        query = query.where(ApplicationCredential.name == name)
    return [CredentialRow._make(row) for row in query.tuples()]


def set_secret_hash(credential_id: str, secret_hash: str) -> None:
    """Replace the hash of the secret."""
    (
        ApplicationCredential.update(secret_hash=secret_hash)
        .where(ApplicationCredential.id == credential_id)
        .execute()
    )


def remove(credential_id: str) -> None:
    """Delete the credential and the tokens that it got."""
    ApplicationCredential.delete().where(ApplicationCredential.id == credential_id).execute()
