"""Application credentials: secrets for programs that act for a user in one project."""

from __future__ import annotations

import logging

from glance_shim import clock, errors
from glance_shim.context import Context, with_implied
from glance_shim.core import identity
from glance_shim.core.identity import passwords
from glance_shim.core.identity import roles as known_roles
from glance_shim.db.identity import application_credentials as rows
from glance_shim.db.identity import roles as role_rows
from glance_shim.db.identity.application_credentials import CredentialRow

log = logging.getLogger(__name__)


def create(
    context: Context,
    user_id: str,
    project_id: str | None,
    name: str,
    *,
    secret: str | None = None,
    description: str = "",
    roles: list[str] | None = None,
    unrestricted: bool = False,
    expires_at: float | None = None,
) -> tuple[CredentialRow, str]:
    """A credential and its secret, which is known to nobody afterwards.

    ``roles`` are names or ids; without them it gets all that the user has in
    the project. It never has more than the user.
    """
    project_id = _require_maker(context, user_id, project_id)
    if expires_at is not None and expires_at <= clock.now():
        raise errors.Invalid(reason="expires_at lies in the past")
    if secret is None:
        secret = identity.random_text(32)
    with passwords.one_of_few(context):
        kept = passwords.hashed(secret)
    credential = rows.add(
        identity.new_id(),
        user_id,
        project_id,
        identity.usable_name(name, "application credential"),
        description=description,
        secret_hash=kept,
        roles=",".join(_delegated(user_id, project_id, roles)),
        unrestricted=unrestricted,
        expires_at=expires_at,
    )
    log.info("User %s has application credential %s (%s)", user_id, credential.id, name)
    return credential, secret


def _require_maker(context: Context, user_id: str, project_id: str | None) -> str:
    """The project; raises `errors.Forbidden` unless the caller acts for it as that user."""
    if identity.is_operator(context) and project_id is not None:
        return project_id
    if context.user_id != user_id:
        raise errors.Forbidden(reason="an application credential can only be made for oneself")
    if project_id is None or context.project_id != project_id:
        raise errors.Forbidden(reason="an application credential needs a token for a project")
    if context.token is not None and not context.token.unrestricted:
        raise errors.Forbidden(
            reason="a restricted application credential cannot manage application credentials"
        )
    return project_id


def _delegated(user_id: str, project_id: str, wanted: list[str] | None) -> list[str]:
    """The names of the wanted roles, all of which the user must have."""
    assigned = role_rows.names(user_id, "project", project_id)
    names = assigned if wanted is None else [known_roles.get(role).name for role in wanted]
    missing = set(names) - with_implied(assigned)
    if missing or not names:
        lacking = ", ".join(sorted(missing)) or "any"
        raise errors.Invalid(reason=f"The user does not have in the project: role {lacking}")
    return sorted(names)


def get(context: Context, user_id: str, credential_id: str) -> CredentialRow:
    """One credential of the user."""
    identity.require_self(context, user_id, "application credentials")
    credential = rows.find(credential_id)
    if credential is None or credential.user_id != user_id:
        raise errors.ApplicationCredentialNotFound(credential=credential_id)
    return credential


def get_all(context: Context, user_id: str, name: str | None = None) -> list[CredentialRow]:
    """All credentials of the user, or the one of that name."""
    identity.require_self(context, user_id, "application credentials")
    return rows.select(user_id, name)


def delete(context: Context, user_id: str, credential_id: str) -> None:
    """Remove the credential and end the tokens that it got."""
    credential = get(context, user_id, credential_id)
    if context.token is not None and not context.token.unrestricted:
        raise errors.Forbidden(
            reason="a restricted application credential cannot manage application credentials"
        )
    rows.remove(credential.id)
    log.info("Application credential %s of user %s was deleted", credential.id, user_id)
