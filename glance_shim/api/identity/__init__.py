"""The Identity API v3, as far as clients of an image service need it."""

from __future__ import annotations

import flask

from glance_shim.api.identity import (
    application_credentials,
    auth,
    discovery,
    domains,
    projects,
    roles,
    tenants,
    users,
)

BLUEPRINTS = [
    discovery.blp,
    auth.blp,
    users.blp,
    application_credentials.blp,
    projects.blp,
    domains.blp,
    roles.blp,
    tenants.blp,
]


def _vary(response: flask.Response) -> flask.Response:
    """Let no cache give the answer for one token to another."""
    response.vary.add("X-Auth-Token")
    return response


for _blueprint in BLUEPRINTS:
    _blueprint.after_request(_vary)
