"""Who is asking: from a credential on the request to a context.

This is the only place that grants an identity. It looks at one credential,
chosen by ``auth_strategy``; headers that speak of users, roles or projects
are never read, here or elsewhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
from collections.abc import Callable, Iterator

import flask

from glance_shim import errors
from glance_shim.api import urls
from glance_shim.context import Context, Deployment, with_implied
from glance_shim.core.identity import basic, projects, tokens

# Everything below these needs a credential, also what does not exist.
GUARDED = ("/v2/", "/identity/", "/tenants")

# Except that anybody may see which versions there are, and log in.
DOCUMENTS = frozenset({"/identity/", "/identity/v3", "/identity/v3/"})
LOGIN = ("POST", "/identity/v3/auth/tokens")


def current_context() -> Context:
    """The context of the request at hand."""
    context: Context = flask.g.context
    return context


def authenticate() -> None:
    """Set the context of the request, before anything else looks at it.

    Raises `errors.Unauthorized` without a valid credential where one is needed.
    """
    request, deployment = flask.request, flask.current_app.config["deployment"]
    if not request.path.startswith(GUARDED) or request.path in DOCUMENTS:
        return
    if (request.method, request.path) == LOGIN or _is_nothing_of_identity():
        flask.g.context = _nobody(deployment)
        return
    with challenging():
        context = STRATEGIES[deployment.config.auth_strategy].read(deployment)
        flask.g.context = context or _anonymous(deployment)


@contextlib.contextmanager
def challenging() -> Iterator[None]:
    """Let a refusal in the block say with what to authenticate."""
    try:
        yield
    except errors.Unauthorized as exc:
        deployment = flask.current_app.config["deployment"]
        challenge = STRATEGIES[deployment.config.auth_strategy].challenge(deployment)
        exc.headers = {"WWW-Authenticate": challenge}  # type: ignore[attr-defined]
        raise


def is_standalone(deployment: Deployment) -> bool:
    """Do callers come in without a token of the identity service?"""
    return STRATEGIES[deployment.config.auth_strategy].standalone


def _is_nothing_of_identity() -> bool:
    """Is this a path below ``/identity`` that does not exist? That is no secret."""
    below = flask.request.path.startswith("/identity/")
    return below and flask.request.routing_exception is not None


def _nobody(deployment: Deployment) -> Context:
    return Context(deployment=deployment, request_id=flask.g.get("request_id"))


def _anonymous(deployment: Deployment) -> Context:
    """Nobody, who may read images where ``allow_anonymous_access`` says so."""
    request = flask.request
    if not deployment.config.allow_anonymous_access or not request.path.startswith("/v2/"):
        raise errors.Unauthorized()
    if request.method not in ("GET", "HEAD"):
        raise errors.Forbidden(reason="without a token images can only be read")
    return dataclasses.replace(
        _nobody(deployment), project_id="", scope="anonymous", roles=frozenset({"reader"})
    )


def _by_token(deployment: Deployment) -> Context | None:
    """The user of ``X-Auth-Token``; ``X-Service-Token`` may speak for a service beside.

    A service may go on with a token that has expired. It never adds a role to
    the user's.
    """
    service = _header("X-Service-Token")
    service_roles = tokens.validate(service).roles if service else frozenset()
    text = _header("X-Auth-Token")
    if not text:
        return None
    token = tokens.validate(text, allow_expired="service" in service_roles)
    return tokens.as_context(deployment, token, flask.g.get("request_id"), service_roles)


def _by_password(deployment: Deployment) -> Context | None:
    """The user of HTTP Basic, in the user's default project."""
    if not _header("Authorization"):
        return None
    given = flask.request.authorization
    if given is None or given.type != "basic" or not given.username or not given.password:
        raise errors.Unauthorized()
    return basic.context_of(
        deployment,
        given.username,
        given.password,
        flask.request.remote_addr,
        flask.g.get("request_id"),
    )


def _by_fixed_token(deployment: Deployment) -> Context | None:
    """The administrator, for whoever knows ``admin_token``."""
    text, expected = _header("X-Auth-Token"), deployment.config.admin_token
    if not text:
        return None
    if not expected or not hmac.compare_digest(text.encode(), expected.encode()):
        raise errors.Unauthorized()
    return _administrator(deployment)


def _administrator(deployment: Deployment) -> Context:
    """The user ``admin``, an administrator of the project ``standalone_project``."""
    nobody = _nobody(deployment)
    project_id, project_name = projects.standalone(nobody)
    return dataclasses.replace(
        nobody,
        user_id="admin",
        user_name="admin",
        project_id=project_id,
        project_name=project_name,
        scope="project",
        roles=with_implied(["admin"]),
    )


def _header(name: str) -> str:
    return flask.request.headers.get(name, "").strip()


def _keystone_challenge(deployment: Deployment) -> str:
    base = urls.public_base(deployment.config, flask.request)
    return f'Keystone uri="{base}/identity"'


def _basic_challenge(_: Deployment) -> str:
    return 'Basic realm="glance-shim"'


@dataclasses.dataclass(frozen=True)
class Strategy:
    """A way to authenticate.

    ``read`` answers with the context, with ``None`` where the request has no
    credential, and raises `errors.Unauthorized` where it has a wrong one.
    """

    read: Callable[[Deployment], Context | None]
    challenge: Callable[[Deployment], str]
    standalone: bool


STRATEGIES = {
    "embedded": Strategy(_by_token, _keystone_challenge, standalone=False),
    "none": Strategy(_administrator, _keystone_challenge, standalone=True),
    "http_basic": Strategy(_by_password, _basic_challenge, standalone=True),
    "admin_token": Strategy(_by_fixed_token, _keystone_challenge, standalone=True),
}
