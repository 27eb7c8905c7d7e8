"""Users, projects, roles and tokens: an identity service of our own.

It has one domain, ``default``, and a fixed set of roles. Its rules are few and
stand here: an administrator (role admin, in whatever scope) may see and change
everything, everybody else sees what is their own.
"""

from __future__ import annotations

import secrets
import unicodedata
import uuid

from glance_shim import errors
from glance_shim.context import Context, Deployment, with_implied

DOMAIN_ID = "default"
DOMAIN_NAME = "Default"

# What a role is assigned for: a kind, and the id of one thing of this kind.
Scope = tuple[str, str]

DOMAIN: Scope = ("domain", DOMAIN_ID)
SYSTEM: Scope = ("system", "all")

LONGEST_NAME = 255


def system_context(deployment: Deployment) -> Context:
    """The context of whoever works at the machine itself: an administrator, but no user."""
    return Context(deployment=deployment, scope="project", roles=with_implied(["admin"]))


def is_admin(context: Context) -> bool:
    """Has the caller the role admin, in whatever scope?"""
    return "admin" in context.roles


def is_operator(context: Context) -> bool:
    """Is this somebody at the machine itself, see `system_context`?"""
    return is_admin(context) and context.user_id is None


def require_admin(context: Context, action: str) -> None:
    """Raise `errors.Forbidden` unless the caller is an administrator."""
    if not is_admin(context):
        raise errors.Forbidden(reason=f"only a user with the role admin may {action}")


def require_self(context: Context, user_id: str, what: str) -> None:
    """Raise `errors.Forbidden` unless the caller is that user, or an administrator."""
    if context.user_id != user_id:
        require_admin(context, f"see or change {what} of another user")


def is_the_domain(domain_id: str | None = None, name: str | None = None) -> bool:
    """Do these words, as far as they are given, mean the one domain there is?"""
    return domain_id in (None, DOMAIN_ID) and (
        name is None or name.casefold() == DOMAIN_NAME.casefold()
    )


def usable_name(name: str, what: str) -> str:
    """``name``; raises `errors.UnusableName` unless people can see and type it."""
    hidden = any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    if hidden or name != name.strip() or not 1 <= len(name) <= LONGEST_NAME:
        raise errors.UnusableName(what=what, limit=LONGEST_NAME)
    return name


def new_id() -> str:
    return uuid.uuid4().hex


def random_text(size: int) -> str:
    """``size`` random bytes as text that no command line takes for an option."""
    text = secrets.token_urlsafe(size)
    return random_text(size) if text.startswith("-") else text


def fixed_id(*words: str) -> str:
    """The id of something that is part of the program: the same one everywhere."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "urn:glance-shim:" + ":".join(words)).hex
