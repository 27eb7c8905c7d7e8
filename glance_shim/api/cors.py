"""Cross-origin requests from pages of the configured origins."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim.api import at_hand

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH")
EXPOSED = (
    "X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID"
)
ACCEPTED = (
    "content-type",
    "content-md5",
    "x-image-meta-checksum",
    "x-storage-token",
    "accept-encoding",
    "x-auth-token",
    "x-identity-status",
    "x-roles",
    "x-service-catalog",
    "x-user-id",
    "x-tenant-id",
    "x-openstack-request-id",
    "x-openstack-image-size",
    "x-image-meta-store",
)


def _config() -> Any:
    return at_hand.deployment().config.cors


def _origin() -> str | None:
    """The origin of the page that asks, if it is one of the allowed ones."""
    origin = at_hand.request().headers.get("Origin")
    if origin is None or not {origin, "*"} & set(_config().allowed_origin):
        return None
    return "*" if "*" in _config().allowed_origin else origin


def answer_options() -> flask.Response | None:
    """OPTIONS needs no token anywhere; from an allowed origin it is a preflight."""
    request = at_hand.request()
    if request.method != "OPTIONS":
        return None
    response = flask.Response("", 200)
    method = request.headers.get("Access-Control-Request-Method")
    if _origin() is None or method not in METHODS:
        return response
    asked = request.headers.get("Access-Control-Request-Headers", "")
    names = [name.strip() for name in asked.split(",") if name.strip()]
    allowed = [name for name in names if name.lower() in ACCEPTED]
    response.headers["Access-Control-Max-Age"] = str(_config().max_age)
    response.headers["Access-Control-Allow-Methods"] = method
    if allowed:
        response.headers["Access-Control-Allow-Headers"] = ",".join(allowed)
    return response


def stamp(response: flask.Response) -> flask.Response:
    """Let pages of an allowed origin read the answer, whatever it is."""
    response.vary.add("Origin")
    origin = _origin()
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        if origin != "*":
            response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
    return response
