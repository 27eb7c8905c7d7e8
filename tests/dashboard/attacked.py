"""What attacks on the pages have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from people import Service

from glance_shim.db import connection
from glance_shim.db.models import base

HOSTILE = "\"'><svg onload=alert(1)><script>alert(2)</script>{{7*7}}${7*7}javascript:alert(3)"
COOKIE = "glance_shim_session"


def routes(service: Service, *methods: str, **ids: str) -> list[tuple[str, str]]:
    """Every method and path below ``/dashboard``, with these ids in the place of any."""
    found = []
    for rule in service.app.url_map.iter_rules():
        if rule.endpoint.startswith("dashboard") and rule.endpoint != "dashboard.static":
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: ids.get(name[1], "x"), rule.rule)
            found += [(method, path) for method in methods if method in (rule.methods or ())]
    return sorted(set(found))


def pages_of(service: Service, scene: dict[str, str], project_id: str) -> list[str]:
    found = [path for _, path in routes(service, "GET", **scene, project_id=project_id) if path]
    lists = [
        f"/dashboard/images?tab={tab}"
        for tab in ("project", "shared", "community", "public", "all")
    ]
    offers = [f"/dashboard/offers?status={s}" for s in ("pending", "accepted", "rejected")]
    return [*found, *lists, *offers]


def rows(service: Service) -> dict[str, list[Any]]:
    """Everything the database holds."""

    def below(model: Any) -> Iterator[Any]:
        for child in model.__subclasses__():
            yield child
            yield from below(child)

    with connection.connected(service.deployment.database):
        return {m.__name__: sorted(map(repr, m.select().tuples())) for m in below(base.Base)}


def token_of(person: Any) -> str:
    token = person.browser.open("/dashboard/project").value("csrf_token")
    assert token
    return str(token)
