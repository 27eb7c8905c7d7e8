"""Limits of projects that a Keystone keeps (unified limits).

The limits registered for this service's endpoint are the defaults, a project's
own go before them, and what is not registered is not allowed at all. The model
of enforcement is flat: a project's limit counts for this project alone.
"""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Mapping
from typing import Any, NamedTuple

import cachetools

from glance_shim import clock, errors
from glance_shim.core.identity.keystone import Keystone, KeystoneUnavailable, understood
from glance_shim.core.quotas import LIMITS
from glance_shim.db import connection

# Seconds that an answer is believed, and that it still counts when Keystone is away.
FRESH, STALE = 60.0, 3600.0

PROJECTS_REMEMBERED = 10_000


class Endpoint(NamedTuple):
    """Where limits are registered for."""

    service_id: str
    region_id: str | None


class Limits:
    """What a Keystone says of limits, remembered."""

    def __init__(self, keystone: Keystone, options: Any) -> None:
        if not (
            options.endpoint_id
            or options.endpoint_service_type
            or options.endpoint_service_name
        ):
            raise errors.ConfigurationError(
                reason="use_keystone_limits needs [oslo_limit] endpoint_id, or "
                "endpoint_service_type and endpoint_region_name"
            )
        self._keystone = keystone
        self._options = options
        self._access = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Know nothing of any project."""
        self._keystone.paused_until = 0.0
        with self._access:
            self._known: Any = cachetools.LRUCache(PROJECTS_REMEMBERED)

    def limits(self, project_id: str | None) -> Mapping[str, int]:
        """The limits of a project, all of them, by name.

        Must be called outside a transaction. Raises `KeystoneUnavailable` when
        Keystone has to be asked, cannot be, and was not within the last hour.
        """
        now = clock.now()
        with self._access:
            moment, limits = self._known.get(project_id, (0.0, None))
        if now < moment + FRESH:
            return limits
        try:
            with connection.released():
                limits = self._ask(project_id)
        except KeystoneUnavailable:
            if now < moment + STALE:
                return limits
            raise
        with self._access:
            self._known[project_id] = (now, limits)
        return limits

    def _ask(self, project_id: str | None) -> dict[str, int]:
        endpoint = self._endpoint()
        limits = dict.fromkeys(LIMITS, 0)
        limits |= self._values("registered_limits", "default_limit", endpoint, {})
        if project_id:
            owner = {"project_id": project_id}
            limits |= self._values("limits", "resource_limit", endpoint, owner)
        return limits

    def _values(
        self, kind: str, value: str, endpoint: Endpoint, query: Mapping[str, str]
    ) -> dict[str, int]:
        """The values of our limits; those for the region go before those for any."""
        found = self._get(kind, {"service_id": endpoint.service_id, **query})
        with understood():
            here = [
                limit
                for limit in found
                if limit["resource_name"] in LIMITS
                and limit["region_id"] in (None, endpoint.region_id)
            ]
            here.sort(key=lambda limit: limit["region_id"] is not None)
            return {limit["resource_name"]: int(limit[value]) for limit in here}

    def _endpoint(self) -> Endpoint:
        options = self._options
        if options.endpoint_id:
            found = self._get(f"endpoints/{options.endpoint_id}", {}, "endpoint")
        else:
            service = {
                "type": options.endpoint_service_type,
                "name": options.endpoint_service_name,
            }
            with understood():
                (only,) = self._get("services", service)
                endpoint = {
                    "service_id": only["id"],
                    "region_id": options.endpoint_region_name,
                    "interface": options.endpoint_interface,
                }
                found, *_ = self._get("endpoints", endpoint)
        with understood():
            return Endpoint(found["service_id"], found["region_id"])

    def _get(self, path: str, query: Mapping[str, str | None], key: str | None = None) -> Any:
        given = {name: value for name, value in query.items() if value}
        answer = self._keystone.get(f"/{path}?{urllib.parse.urlencode(given)}")
        with understood():
            return answer.json()[key or path]
