"""The id by which a request is found in logs, ours and those of others."""

from __future__ import annotations

import random
import re
import uuid

import flask

from glance_shim import errors, logs
from glance_shim.api import at_hand

HEADER = "X-Openstack-Request-Id"
SAFE = re.compile(r"[A-Za-z0-9._:-]+")


def accept() -> None:
    """Take the client's id, with the usual prefix, or make one.

    Raises `errors.RequestIdTooLong`; an id with odd characters is replaced,
    because it ends up in headers and logs.
    """
    request = at_hand.request()
    given = request.headers.get(HEADER)
    logs.address.set(request.remote_addr)
    _is_known_as(_new())
    if given is None:
        return
    limit = at_hand.deployment().config.max_request_id_length
    if len(given) > limit:
        raise errors.RequestIdTooLong(limit=limit)
    if SAFE.fullmatch(given):
        _is_known_as(given if given.startswith("req-") else f"req-{given}")


def _new() -> str:
    """An id that no other request has. It is no secret, so the kernel is not asked for it."""
    return f"req-{uuid.UUID(int=random.getrandbits(128), version=4)}"


def _is_known_as(request_id: str) -> None:
    at_hand.g().request_id = request_id
    logs.request_id.set(request_id)


def stamp(response: flask.Response) -> flask.Response:
    """Put the id on every answer."""
    request_id = at_hand.g().get("request_id")
    if request_id is not None:
        response.headers[HEADER] = request_id
    return response
