"""Tokens: random texts that stand for a user and a scope, for a while.

The database keeps only a hash of the text. What a token is worth is looked up
each time: the user, the project and the roles are those of this moment.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import secrets
from collections.abc import Iterable

from glance_shim import clock, errors
from glance_shim.context import Context, Deployment, with_implied
from glance_shim.core import identity
from glance_shim.db import connection
from glance_shim.db.identity import tokens as rows
from glance_shim.db.identity.application_credentials import CredentialRow

log = logging.getLogger(__name__)

# How long a service may go on with the expired token of a user.
EXPIRED_USABLE = 24 * 3600.0

LENGTH = len(secrets.token_urlsafe(32))


@dataclasses.dataclass(frozen=True)
class Token:
    """What a valid token says.

    ``scope`` is ``project``, ``domain``, ``system`` or ``None``, ``domain_id``
    the domain of a token for a domain. ``roles`` are complete, implied ones
    included. Times are seconds since 1970. The first of ``audit_ids`` is the
    token's own, the second that of the first token of its chain.
    """

    user_id: str
    user_name: str
    scope: str | None
    project_id: str | None
    project_name: str | None
    domain_id: str | None
    roles: frozenset[str]
    methods: tuple[str, ...]
    audit_ids: tuple[str, ...]
    issued_at: float
    expires_at: float
    application_credential_id: str | None = None
    application_credential_name: str | None = None
    unrestricted: bool = True


def issue(
    context: Context | Deployment,
    *,
    user_id: str,
    methods: Iterable[str] = ("password",),
    project_id: str | None = None,
    scope: identity.Scope | None = None,
    parent: str | None = None,
    credential: CredentialRow | None = None,
) -> tuple[str, Token]:
    """A new token for the user in a project, another scope, or none.

    It ends with the application credential it is made for, and with the token
    it is made from (``parent``, a text), whose audit chain it continues.
    Raises `errors.Unauthorized` where it would not be valid.
    """
    text, audit_id, now = identity.random_text(32), secrets.token_urlsafe(16), clock.now()
    ends, chain = [now + context.config.identity.token_expiration], audit_id
    if project_id is not None:
        scope = ("project", project_id)
    if credential is not None and credential.expires_at is not None:
        ends.append(credential.expires_at)
    with connection.writing():
        if parent is not None:
            first = validate(parent)
            ends.append(first.expires_at)
            chain = first.audit_ids[-1]
            methods = dict.fromkeys([*first.methods, *methods])
        rows.purge(expired_before=now - EXPIRED_USABLE)
        rows.add(
            hash=_hash(text),
            parent=_hash(parent) if parent is not None else None,
            user=user_id,
            application_credential=credential.id if credential is not None else None,
            scope=scope[0] if scope else None,
            scope_id=scope[1] if scope else None,
            methods=",".join(methods),
            audit_id=audit_id,
            audit_chain=chain,
            issued_at=now,
            expires_at=min(ends),
        )
        return text, validate(text)


def validate(text: str, allow_expired: bool = False) -> Token:
    """What the token says; raises `errors.Unauthorized` when it is not valid.

    A token that expired during the last day passes with ``allow_expired``.
    """
    found = rows.find(_hash(text)) if len(text) == LENGTH else None
    if found is None:
        raise errors.Unauthorized()
    row, assigned = found
    token = _token(row, assigned)
    if clock.now() >= token.expires_at + (EXPIRED_USABLE if allow_expired else 0):
        raise errors.Unauthorized()
    if not row.user_enabled or (token.scope == "project" and not row.project_enabled):
        raise errors.Unauthorized()
    if token.scope is not None and not token.roles:
        raise errors.Unauthorized()
    return token


def revoke(text: str) -> None:
    """End a token, and every token that was made from it, at once."""
    rows.remove(_hash(text))


def inspect(context: Context, text: str, allow_expired: bool = False) -> Token:
    """What somebody's token says, for its own user, administrators and services.

    Raises `errors.TokenNotFound` when it is not valid.
    """
    try:
        token = validate(text, allow_expired=allow_expired and _may_inspect(context))
    except errors.Unauthorized as exc:
        raise errors.TokenNotFound() from exc
    if token.user_id != context.user_id and not _may_inspect(context):
        raise errors.Forbidden(
            reason="only a user with the role admin or service may look at tokens of others"
        )
    return token


def _may_inspect(context: Context) -> bool:
    return identity.is_admin(context) or "service" in context.roles


def revoke_for(context: Context, text: str) -> None:
    """Revoke a token on behalf of its own user or of an administrator."""
    token = inspect(context, text)
    identity.require_self(context, token.user_id, "tokens")
    revoke(text)
    log.info("A token of user %s was revoked", token.user_id)


def as_context(
    deployment: Deployment,
    token: Token,
    request_id: str | None = None,
    service_roles: frozenset[str] = frozenset(),
) -> Context:
    """The context of a request that carried the token."""
    return Context(
        deployment=deployment,
        user_id=token.user_id,
        user_name=token.user_name,
        project_id=token.project_id,
        project_name=token.project_name,
        domain_id=token.domain_id,
        scope=token.scope,
        roles=token.roles,
        service_roles=service_roles,
        request_id=request_id,
        token=token,
    )


def _token(row: rows.TokenRow, assigned: list[str]) -> Token:
    roles = with_implied(assigned)
    if row.credential_roles is not None:
        roles &= with_implied(row.credential_roles.split(","))
    return Token(
        user_id=row.user_id,
        user_name=row.user_name,
        scope=row.scope,
        project_id=row.scope_id if row.scope == "project" else None,
        project_name=row.project_name,
        domain_id=row.scope_id if row.scope == "domain" else None,
        roles=roles,
        methods=tuple(row.methods.split(",")),
        audit_ids=tuple(dict.fromkeys((row.audit_id, row.audit_chain))),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        application_credential_id=row.credential_id,
        application_credential_name=row.credential_name,
        unrestricted=row.credential_id is None or bool(row.credential_unrestricted),
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
