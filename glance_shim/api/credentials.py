"""The ways to authenticate: from the headers of a request to who is asking."""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
import ipaddress
from collections.abc import Callable
from typing import Any

from glance_shim import errors
from glance_shim.api import at_hand, urls
from glance_shim.context import Context, Deployment, with_implied
from glance_shim.core.identity import basic, keystone, projects, tokens


def nobody(deployment: Deployment) -> Context:
    """The context of a request before anybody is known."""
    return Context(deployment=deployment, request_id=at_hand.g().get("request_id"))


def _by_token(deployment: Deployment) -> Context | None:
    """The user of ``X-Auth-Token``; ``X-Service-Token`` may speak for a service beside.

    A service may go on with a token that has expired. It never adds a role to
    the user's.
    """
    service_roles = _service_roles(deployment)
    text = _header("X-Auth-Token")
    if not text:
        return None
    goes_on = bool(service_roles) and not _accepted(deployment).isdisjoint(service_roles)
    token = deployment.tokens.validate(text, allow_expired=goes_on)
    return tokens.as_context(deployment, token, at_hand.g().get("request_id"), service_roles)


def _accepted(deployment: Deployment) -> set[str]:
    """The roles of which a service has one."""
    options = deployment.config.keystone_authtoken
    return {role.lower() for role in options.service_token_roles}


def _service_roles(deployment: Deployment) -> frozenset[str]:
    text = _header("X-Service-Token")
    return deployment.tokens.validate(text).roles if text else frozenset()


def _by_keystone(deployment: Deployment) -> Context | None:
    """As `_by_token`; access rules and the roles of services are minded as well."""
    context, options = _by_token(deployment), deployment.config.keystone_authtoken
    with_service = bool(_header("X-Service-Token"))
    if context is None:
        return None
    if with_service:
        is_one = not _accepted(deployment).isdisjoint(context.service_roles)
        if options.service_token_roles_required and not is_one:
            raise errors.Unauthorized()
    else:
        request = at_hand.request()
        keystone.require_access(
            context.token, options.service_type, request.method, request.path
        )
    return context


def _by_front(deployment: Deployment) -> Context | None:
    """The user of whom a front says that it has authenticated them.

    The headers are those that keystonemiddleware sets. From an address that
    is not in ``front_networks`` they are worth nothing.
    """
    if not is_from(deployment.config.front_networks):
        raise errors.Unauthorized()
    user_id = _header("X-User-Id")
    if _header("X-Identity-Status") != "Confirmed" or not user_id:
        return None
    project_id, domain_id = _header("X-Project-Id"), _header("X-Domain-Id")
    is_of_system = bool(_header("OpenStack-System-Scope"))
    is_by_service = _header("X-Service-Identity-Status") == "Confirmed"
    return Context(
        deployment=deployment,
        user_id=user_id,
        user_name=_header("X-User-Name"),
        project_id=project_id or None,
        project_name=_header("X-Project-Name") or None,
        domain_id=domain_id or None,
        scope="project"
        if project_id
        else "domain"
        if domain_id
        else "system"
        if is_of_system
        else None,
        roles=_roles("X-Roles"),
        service_roles=_roles("X-Service-Roles") if is_by_service else frozenset(),
        request_id=at_hand.g().get("request_id"),
    )


def is_from(networks: list[Any]) -> bool:
    """Does the connection, whoever was forwarded on it, come from one of the networks?"""
    environ = at_hand.request().environ
    address = environ.get("werkzeug.proxy_fix.orig", environ)["REMOTE_ADDR"]
    with contextlib.suppress(ValueError):
        peer = ipaddress.ip_address(address)
        return any(peer in network for network in networks)
    return False


def _roles(header: str) -> frozenset[str]:
    return with_implied(role.strip() for role in _header(header).split(",") if role.strip())


def _by_password(deployment: Deployment) -> Context | None:
    """The user of HTTP Basic, in the user's default project."""
    request = at_hand.request()
    if not _header("Authorization"):
        return None
    given = request.authorization
    if given is None or given.type != "basic" or not given.username or not given.password:
        raise errors.Unauthorized()
    if "\0" in given.username:  # No user has such a name, and not every database may be asked.
        raise errors.Unauthorized()
    return basic.context_of(
        deployment,
        given.username,
        given.password,
        request.remote_addr,
        at_hand.g().get("request_id"),
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
    unknown = nobody(deployment)
    project_id, project_name = projects.standalone(unknown)
    return dataclasses.replace(
        unknown,
        user_id="admin",
        user_name="admin",
        project_id=project_id,
        project_name=project_name,
        scope="project",
        roles=with_implied(["admin"]),
    )


def _header(name: str) -> str:
    return at_hand.request().headers.get(name, "").strip()


def _keystone_challenge(deployment: Deployment) -> str:
    base = urls.public_base(deployment.config, at_hand.request())
    return f'Keystone uri="{base}/identity"'


def _foreign_challenge(deployment: Deployment) -> str:
    options = deployment.config.keystone_authtoken
    login = options.login[1] if options.login else {}
    uri = options.www_authenticate_uri or login.get("auth_url") or ""
    return f'Keystone uri="{uri}"'


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
    "keystone": Strategy(_by_keystone, _foreign_challenge, standalone=False),
    "front": Strategy(_by_front, _foreign_challenge, standalone=False),
    "none": Strategy(_administrator, _keystone_challenge, standalone=True),
    "http_basic": Strategy(_by_password, _basic_challenge, standalone=True),
    "admin_token": Strategy(_by_fixed_token, _keystone_challenge, standalone=True),
}
