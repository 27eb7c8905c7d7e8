"""Queries on tokens."""

from __future__ import annotations

from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import statements
from glance_shim.db.models.identity import (
    ApplicationCredential,
    Project,
    RoleAssignment,
    Token,
    User,
)
from glance_shim.db.statements import given


class TokenRow(NamedTuple):
    """A token and the present state of all that it depends on.

    The columns of the project and of the application credential are ``None``
    where the token has none of it; truth values are as the database gives them.
    """

    user_id: str
    user_name: str
    user_enabled: bool
    scope: str | None
    scope_id: str | None
    project_name: str | None
    project_enabled: bool | None
    methods: str
    audit_id: str
    audit_chain: str
    issued_at: float
    expires_at: float
    credential_id: str | None
    credential_name: str | None
    credential_roles: str | None
    credential_unrestricted: bool | None


COLUMNS = (
    User.id,
    User.name,
    User.enabled,
    Token.scope,
    Token.scope_id,
    Project.name,
    Project.enabled,
    Token.methods,
    Token.audit_id,
    Token.audit_chain,
    Token.issued_at,
    Token.expires_at,
    ApplicationCredential.id,
    ApplicationCredential.name,
    ApplicationCredential.roles,
    ApplicationCredential.unrestricted,
)


def add(**columns: Any) -> None:
    """Insert a token; raises `errors.Unauthorized` when its user is gone meanwhile."""
    try:
        Token.insert(**columns).execute()
    except peewee.IntegrityError as exc:
        raise errors.Unauthorized() from exc


def find(token_hash: str) -> tuple[TokenRow, list[str]] | None:
    """The token and the names of the roles its user has in its scope, by one query."""
    found = _find().rows({"hash": token_hash})
    if not found:
        return None
    return TokenRow._make(found[0][:-1]), [row[-1] for row in found if row[-1]]


@statements.composed
def _find() -> Any:
    of_project = (Token.scope == peewee.SQL("'project'")) & (Project.id == Token.scope_id)
    of_scope = (
        (RoleAssignment.user == Token.user)
        & (RoleAssignment.scope == Token.scope)
        & (RoleAssignment.scope_id == Token.scope_id)
    )
    return (
        Token.select(*COLUMNS, RoleAssignment.role)
        .join(User)
        .join_from(Token, Project, peewee.JOIN.LEFT_OUTER, on=of_project)
        .join_from(Token, ApplicationCredential, peewee.JOIN.LEFT_OUTER)
        .join_from(Token, RoleAssignment, peewee.JOIN.LEFT_OUTER, on=of_scope)
        .where(Token.hash == given("hash"))
    )


def remove(token_hash: str) -> None:
    """Delete a token and every token made from it."""
    Token.delete().where(Token.hash == token_hash).execute()


def remove_of_user(user_id: str) -> None:
    """Delete all tokens of the user."""
    Token.delete().where(Token.user == user_id).execute()


def remove_of_scope(scope: str, scope_id: str, user_id: str | None = None) -> None:
    """Delete the tokens for a scope: all of them, or those of one user."""
    tokens = (Token.scope == scope) & (Token.scope_id == scope_id)
    if user_id is not None:
        tokens &= Token.user == user_id
    Token.delete().where(tokens).execute()


def purge(expired_before: float) -> None:
    """Delete the tokens that expired before that moment."""
    Token.delete().where(Token.expires_at < expired_before).execute()
