"""Logging in with a form: to the identity of our own, or to a Keystone, alike.

``deployment.tokens`` is whatever knows tokens here; of a Keystone it also
logs people in (`keystone_logins`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core.identity import keystone, keystone_logins, logins, projects, tokens


class Project(NamedTuple):
    """A project in which somebody has a role."""

    id: str
    name: str


class NoProject(errors.Forbidden):
    message = "This user has no role in any project; an administrator can give one"


def log_in(
    context: Context,
    user: str,
    password: str,
    domain: str,
    project: str | None,
    address: str | None,
) -> str:
    """The text of a token for the user in the project, all of them names.

    Without a project it is one for the user's default project, or else for the
    first in which the user has a role. Raises `errors.LoginRefused`, and
    `NoProject` where there is none.
    """
    proof = {
        "methods": ["password"],
        "password": {"user": {"name": user, "domain": {"name": domain}, "password": password}},
    }
    scope = {"project": {"name": project, "domain": {"name": domain}}} if project else None
    if _foreign(context):
        text, scoped = keystone_logins.log_in(context, proof, scope, user, address)
    else:
        text, token = logins.log_in(context, proof, scope, address)
        scoped = token.scope == "project"
    if scoped:
        return text
    first = next(iter(projects_of(context, text)), None)
    if first is None:
        raise NoProject()
    return rescope(context, text, first.id)


def rescope(context: Context, text: str, project_id: str) -> str:
    """A token for another project of the same user, which ends when this one does."""
    proof = {"methods": ["token"], "token": {"id": text}}
    scope = {"project": {"id": project_id}}
    if _foreign(context):
        return keystone_logins.log_in(context, proof, scope, None, None)[0]
    return logins.log_in(context, proof, scope, None)[0]


def projects_of(context: Context, text: str) -> list[Project]:
    """The enabled projects in which the user of the token has a role, by name."""
    if _foreign(context):
        found = keystone_logins.projects_of(context, text)
        return sorted((Project(*each) for each in found), key=lambda each: each.name)
    owner = tokens.as_context(context.deployment, tokens.validate(text))
    return [Project(each.id, each.name) for each in projects.get_own(owner)]


def log_out(context: Context, texts: Iterable[str]) -> None:
    """End the tokens; those that have ended already are no error."""
    for text in texts:
        if _foreign(context):
            keystone_logins.revoke(context, text)
        else:
            tokens.revoke(text)


def _foreign(context: Context) -> Any:
    return isinstance(context.deployment.tokens, keystone.Tokens)
