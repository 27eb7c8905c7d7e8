"""Who is asking (`Context`), and of what (`Deployment`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

IMPLIED_ROLES = {
    "admin": ("member", "reader"),
    "manager": ("member", "reader"),
    "member": ("reader",),
}


def with_implied(roles: Any) -> frozenset[str]:
    """The given role names in lower case, with the roles they imply.

    Keystone lists implied roles in its tokens, but not in those of every
    application credential; applying them here makes both look alike.
    """
    names = {role.lower() for role in roles}
    for role in tuple(names):
        names.update(IMPLIED_ROLES.get(role, ()))
    return frozenset(names)


@dataclasses.dataclass(frozen=True)
class Deployment:
    """The parts of one running service, built once by ``deployment.build``."""

    config: Any
    database: Any
    stores: Any
    policy: Any
    protections: Any
    extra_properties: Any
    tokens: Any
    notifier: Any
    audit: Any
    quotas: Any
    transfers: Any


@dataclasses.dataclass(frozen=True)
class Context:
    """The first argument of every function of ``core``.

    ``roles`` are lower case and complete (implied ones included). ``scope`` is
    ``project``, ``domain``, ``system``, ``anonymous`` or ``None``; image rules
    only look at the roles of a project scope, and of callers without a token
    where those may read. ``service_roles`` are those of a service
    token that came beside the user's own.
    """

    deployment: Deployment
    user_id: str | None = None
    user_name: str | None = None
    project_id: str | None = None
    project_name: str | None = None
    domain_id: str | None = None
    scope: str | None = None
    roles: frozenset[str] = frozenset()
    service_roles: frozenset[str] = frozenset()
    request_id: str | None = None
    token: Any = None

    @property
    def config(self) -> Any:
        return self.deployment.config

    @property
    def is_admin(self) -> bool:
        """Does the rule ``context_is_admin`` hold for this caller?"""
        return self.allows("context_is_admin", {})

    @property
    def effective_roles(self) -> frozenset[str]:
        """The roles that image rules look at."""
        return self.roles if self.scope in ("project", "anonymous") else frozenset()

    def allows(self, rule: str, target: Mapping[str, Any]) -> bool:
        """Does ``rule`` let this caller act on ``target``?"""
        return self.deployment.policy.allows(rule, self, target)

    def enforce(self, rule: str, target: Mapping[str, Any]) -> None:
        """Raise `errors.Forbidden`, naming the rule, unless ``rule`` holds."""
        self.deployment.policy.enforce(rule, self, target)
