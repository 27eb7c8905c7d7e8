"""Users: who can log in."""

from __future__ import annotations

import logging

from glance_shim import errors
from glance_shim.audit import REFUSED
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import passwords, throttle
from glance_shim.db import connection
from glance_shim.db.identity import tokens as token_rows
from glance_shim.db.identity import users as rows
from glance_shim.db.identity.users import UserRow

log = logging.getLogger(__name__)


def create(
    context: Context,
    name: str,
    password: str | None = None,
    default_project_id: str | None = None,
) -> UserRow:
    """An enabled user, without any role yet; without a password nobody logs in as it."""
    identity.require_admin(context, "create users")
    usable = identity.usable_name(name, "user")
    kept = passwords.hashed(password) if password is not None else None
    user = rows.add(identity.new_id(), usable, kept, default_project_id)
    log.info("User %s (%s) was created", user.id, user.name)
    return user


def get(context: Context, user_id: str) -> UserRow:
    """The user of that id: oneself, or anybody for an administrator."""
    identity.require_self(context, user_id, "the account")
    return _found(rows.find(user_id), user_id)


def find(context: Context, id_or_name: str) -> UserRow:
    """The user of that id, or else of that name."""
    identity.require_admin(context, "look for users")
    return _found(rows.find(id_or_name) or rows.find_by_name(id_or_name), id_or_name)


def get_all(context: Context, name: str | None = None) -> list[UserRow]:
    """All users, or the one of that name; everybody finds themselves by name."""
    if name is None or name != context.user_name:
        identity.require_admin(context, "list users")
    return rows.select(name)


def set_enabled(context: Context, user_id: str, enabled: bool) -> None:
    """Let the user log in, or not; disabling ends all tokens at once."""
    identity.require_admin(context, "enable or disable users")
    with connection.writing():
        user = _found(rows.find(user_id), user_id)
        rows.set_enabled(user_id, enabled)
        if not enabled:
            token_rows.remove_of_user(user_id)
    log.info("User %s (%s) is %s", user.id, user.name, "enabled" if enabled else "disabled")


def set_default_project(context: Context, user_id: str, project_id: str | None) -> None:
    """What a token is for when a login does not say, and what HTTP Basic acts for."""
    identity.require_admin(context, "change users")
    rows.set_default_project(_found(rows.find(user_id), user_id).id, project_id)


def set_password(context: Context, user_id: str, password: str) -> None:
    """Give the user another password, which ends all tokens at once."""
    identity.require_admin(context, "set passwords without the old one")
    _replace_password(_found(rows.find(user_id), user_id), passwords.hashed(password))


def change_password(
    context: Context, user_id: str, original: str, password: str, address: str | None
) -> None:
    """Change one's own password, knowing the old one; this ends all tokens at once.

    A wrong old password counts as a failed login, and is answered like one.
    """
    if context.user_id != user_id:
        raise errors.Forbidden(reason="only the user may change the password this way")
    user = _found(rows.find(user_id), user_id)
    attempt = throttle.attempt(user.id, address)
    if not passwords.verify(context, attempt, original, user.password_hash, user.enabled):
        context.deployment.audit.write(context, "password", REFUSED)
        raise errors.LoginRefused()
    with passwords.one_of_few(context):
        kept = passwords.hashed(password)
    _replace_password(user, kept)
    context.deployment.audit.write(context, "password")


def _replace_password(user: UserRow, kept: str) -> None:
    with connection.writing():
        if not rows.set_password_hash(user.id, kept, was=user.password_hash):
            raise errors.Conflict(reason="The password was changed by another request")
        token_rows.remove_of_user(user.id)
    log.info("User %s (%s) has a new password", user.id, user.name)


def delete(context: Context, user_id: str) -> None:
    """Remove the user with all roles, application credentials and tokens."""
    identity.require_admin(context, "delete users")
    user = _found(rows.find(user_id), user_id)
    rows.remove(user_id)
    log.info("User %s (%s) was deleted", user.id, user.name)


def _found(user: UserRow | None, wanted: str) -> UserRow:
    if user is None:
        raise errors.UserNotFound(user=wanted)
    return user
