"""Answers 429 to whoever calls too often, where the configuration says how often that is."""

from __future__ import annotations

import math
from collections.abc import Callable

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.context import Deployment
from glance_shim.core.identity import throttle
from glance_shim.core.rates import Rate

Hook = Callable[[], None]


def of_addresses(deployment: Deployment) -> Hook:
    """Count the calls from each address, but for health checks and files of the dashboard.

    Before anything else is done with a call, so that tokens cannot be guessed at any rate.
    """
    options = deployment.config.rate_limit
    rate = Rate(options.address_rate, options.address_burst)

    def count() -> None:
        request = at_hand.request()
        if request.endpoint != "dashboard.static" and request.blueprint != "health":
            address = throttle.network_of(request.remote_addr or "")
            _require(rate, address, options.address_rate, "[rate_limit] address_rate")

    return count


def of_projects(deployment: Deployment) -> Hook:
    """Count the calls of each project to the API, but for those with an exempt role."""
    options = deployment.config.rate_limit
    rate = Rate(options.project_rate, options.project_burst)
    exempt = frozenset(role.lower() for role in options.exempt_roles)

    def count() -> None:
        context = at_hand.g().get("context")
        if context is not None and context.project_id and exempt.isdisjoint(context.roles):
            project_id = context.project_id
            _require(rate, project_id, options.project_rate, "[rate_limit] project_rate")

    return count


def _require(rate: Rate, caller: str, limit: int, option: str) -> None:
    wait = rate.wait(caller)
    if wait > 0:
        raise errors.TooManyCalls(limit=limit, option=option, seconds=math.ceil(wait))
