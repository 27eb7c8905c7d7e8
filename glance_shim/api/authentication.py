"""Who is asking: from a credential on the request to a context.

An identity is granted here and nowhere else. It comes from one credential,
chosen by ``auth_strategy`` (``credentials.py``); headers that speak of users,
roles or projects are never read, but for those of a trusted front.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from glance_shim import errors
from glance_shim.api import at_hand, body, credentials
from glance_shim.context import Context, Deployment

# Everything below these needs a credential, also what does not exist.
GUARDED = ("/v2/", "/identity/", "/tenants")

# Except that anybody may see which versions there are, and log in.
DOCUMENTS = frozenset({"/identity/", "/identity/v3", "/identity/v3/"})
LOGIN = ("POST", "/identity/v3/auth/tokens")


def current_context() -> Context:
    """The context of the request at hand."""
    context: Context = at_hand.g().context
    return context


def authenticate() -> None:
    """Set the context of the request, before anything else looks at it.

    Raises `errors.Unauthorized` without a valid credential where one is needed.
    """
    deployment, path = at_hand.deployment(), at_hand.request().path
    if not path.startswith(GUARDED) or path in DOCUMENTS:
        return
    if path.startswith("/identity/") and _is_for_anybody(path):
        body.require_short()
        at_hand.g().context = credentials.nobody(deployment)
        return
    with challenging():
        context = credentials.STRATEGIES[deployment.config.auth_strategy].read(deployment)
        at_hand.g().context = context or _anonymous(deployment)


@contextlib.contextmanager
def challenging() -> Iterator[None]:
    """Let a refusal in the block say with what to authenticate."""
    try:
        yield
    except errors.Unauthorized as exc:
        deployment = at_hand.deployment()
        challenge = credentials.STRATEGIES[deployment.config.auth_strategy].challenge(
            deployment
        )
        exc.headers = {"WWW-Authenticate": challenge}  # type: ignore[attr-defined]
        raise


def is_standalone(deployment: Deployment) -> bool:
    """Do callers come in without a token of the identity service?"""
    return credentials.STRATEGIES[deployment.config.auth_strategy].standalone


def _is_for_anybody(path: str) -> bool:
    """Is this the login, or a path below ``/identity`` that does not exist, no secret?"""
    request = at_hand.request()
    return (request.method, path) == LOGIN or request.routing_exception is not None


def _anonymous(deployment: Deployment) -> Context:
    """Nobody, who may read images where ``allow_anonymous_access`` says so."""
    request = at_hand.request()
    if not deployment.config.allow_anonymous_access or not request.path.startswith("/v2/"):
        raise errors.Unauthorized()
    if request.method not in ("GET", "HEAD"):
        raise errors.Forbidden(reason="without a token images can only be read")
    return dataclasses.replace(
        credentials.nobody(deployment),
        project_id="",
        scope="anonymous",
        roles=frozenset({"reader"}),
    )
