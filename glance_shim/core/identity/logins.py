"""Logging in: from a proof of who is asking to a token."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from glance_shim import clock, errors
from glance_shim.audit import REFUSED
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import passwords, throttle, tokens
from glance_shim.db.identity import application_credentials as credential_rows
from glance_shim.db.identity import projects as project_rows
from glance_shim.db.identity import users as user_rows
from glance_shim.db.identity.application_credentials import CredentialRow
from glance_shim.db.identity.users import UserRow

Given = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Proof:
    """Who is asking, as was shown, and what a token for them is made from."""

    user_id: str
    default_project_id: str | None = None
    parent: str | None = None
    credential: CredentialRow | None = None


def log_in(
    context: Context, proof: Given, scope: Given | None, address: str | None
) -> tuple[str, tokens.Token]:
    """A token for whoever ``proof`` shows to be asking.

    ``proof`` has one of `METHODS` and under its name what it needs, ``scope``
    is what the token is to be for (``{"unscoped": …}`` for nothing; without it
    the user's default project, if any). Raises `errors.LoginRefused`, whatever
    was wrong.
    """
    (method,) = proof["methods"]
    trail = context.deployment.audit
    try:
        text, token = _log_in(context, proof, scope, address)
    except errors.Unauthorized as exc:
        user = _named(method, proof[method])
        trail.write(context, "login", REFUSED, method=method, **_facts(user))
        raise errors.LoginRefused() from exc
    who = {"user_id": token.user_id, "user_name": token.user_name}
    trail.write(context, "login", method=method, **who, project_id=token.project_id)
    return text, token


def _named(method: str, given: Given) -> UserRow | None:
    """The user that a proof speaks of, if there is one.

    A name that nobody has is not repeated anywhere: people type passwords into
    the wrong field.
    """
    if method == "password":
        return _user(given["user"])
    if method == "application_credential":
        credential, _ = _credential(given)
        return user_rows.find(credential.user_id) if credential else None
    return None


def _facts(user: UserRow | None) -> dict[str, str | None]:
    return {"user_id": user.id, "user_name": user.name} if user else {}


def _log_in(
    context: Context, proof: Given, scope: Given | None, address: str | None
) -> tuple[str, tokens.Token]:
    (method,) = proof["methods"]
    shown = METHODS[method](context, proof[method], address)

    def issue(target: identity.Scope | None) -> tuple[str, tokens.Token]:
        return tokens.issue(
            context,
            user_id=shown.user_id,
            scope=target,
            methods=[method],
            parent=shown.parent,
            credential=shown.credential,
        )

    if shown.credential is not None:
        if scope is not None:
            raise errors.Invalid(reason="An application credential has its scope in itself")
        return issue(("project", shown.credential.project_id))
    if scope is not None:
        return issue(_resolved(scope))
    if shown.default_project_id is not None:
        try:
            return issue(("project", shown.default_project_id))
        except errors.Unauthorized:
            # No role there, or it is disabled: the user comes in all the same.
            return issue(None)
    return issue(None)


def check_password(
    context: Context, user: UserRow | None, typed: str, password: str, address: str | None
) -> UserRow:
    """The user, if the password is right; ``typed`` is what named a user that is not there.

    Raises `errors.LoginRefused`.
    """
    attempt = throttle.attempt(user.id if user else typed, address)
    kept, enabled = (user.password_hash, user.enabled) if user else (None, False)
    if not passwords.verify(context, attempt, password, kept, enabled) or user is None:
        raise errors.LoginRefused()
    better = passwords.renewed(context, password, user.password_hash or "")
    if better is not None:
        user_rows.set_password_hash(user.id, better, was=user.password_hash)
    return user


def _by_password(context: Context, given: Given, address: str | None) -> Proof:
    typed = given["user"]
    name = typed.get("id") or typed["name"]
    user = check_password(context, _user(typed), name, typed["password"], address)
    return Proof(user.id, default_project_id=user.default_project_id)


def _by_token(context: Context, given: Given, address: str | None) -> Proof:
    first = tokens.validate(given["id"])
    if first.application_credential_id is not None:
        raise errors.Forbidden(
            reason="a token from an application credential is for its project alone"
        )
    user = user_rows.find(first.user_id)
    default = user.default_project_id if user else None
    return Proof(first.user_id, default_project_id=default, parent=given["id"])


def _by_application_credential(context: Context, given: Given, address: str | None) -> Proof:
    credential, typed = _credential(given)
    user = user_rows.find(credential.user_id) if credential else None
    usable = user is not None and user.enabled and not _expired(credential)
    attempt = throttle.attempt(credential.id if credential else typed, address)
    kept = credential.secret_hash if credential else None
    right = passwords.verify(context, attempt, given["secret"], kept, usable)
    if not right or credential is None:
        raise errors.Unauthorized()
    better = passwords.renewed(context, given["secret"], credential.secret_hash)
    if better is not None:
        credential_rows.set_secret_hash(credential.id, better)
    return Proof(credential.user_id, credential=credential)


METHODS: dict[str, Callable[[Context, Given, str | None], Proof]] = {
    "password": _by_password,
    "token": _by_token,
    "application_credential": _by_application_credential,
}


def _user(typed: Given) -> UserRow | None:
    if typed.get("id"):
        return user_rows.find(typed["id"])
    return user_rows.find_by_name(typed["name"]) if _in_the_domain(typed) else None


def _credential(given: Given) -> tuple[CredentialRow | None, str]:
    """The credential, and the words by which it was named."""
    if given.get("id"):
        return credential_rows.find(given["id"]), given["id"]
    typed = given["user"]
    user = _user(typed)
    words = f"{typed.get('id') or typed['name']}:{given['name']}"
    return (credential_rows.find_by_name(user.id, given["name"]) if user else None), words


def _expired(credential: CredentialRow | None) -> bool:
    end = credential.expires_at if credential else None
    return end is not None and clock.now() >= end


def _in_the_domain(thing: Given) -> bool:
    domain = thing.get("domain") or {}
    return identity.is_the_domain(domain.get("id"), domain.get("name"))


def _resolved(scope: Given) -> identity.Scope | None:
    """The scope that is meant; raises `errors.Unauthorized` when there is no such thing."""
    if "project" in scope:
        return _resolved_project(scope["project"])
    if "domain" in scope:
        if not identity.is_the_domain(scope["domain"].get("id"), scope["domain"].get("name")):
            raise errors.Unauthorized()
        return identity.DOMAIN
    return identity.SYSTEM if "system" in scope else None


def _resolved_project(given: Given) -> identity.Scope:
    if given.get("id"):
        project = project_rows.find(given["id"])
    else:
        project = project_rows.find_by_name(given["name"]) if _in_the_domain(given) else None
    if project is None:
        raise errors.Unauthorized()
    return ("project", project.id)
