"""The id by which a request is found in logs, ours and those of others."""

from __future__ import annotations

import re
import uuid

import flask

from glance_shim import errors, logs

HEADER = "X-Openstack-Request-Id"
SAFE = re.compile(r"[A-Za-z0-9._:-]+")


def accept() -> None:
    """Take the client's id, with the usual prefix, or make one.

    Raises `errors.RequestIdTooLong`; an id with odd characters is replaced,
    because it ends up in headers and logs.
    """
    flask.g.request_id = f"req-{uuid.uuid4()}"
    logs.request_id.set(flask.g.request_id)
    logs.address.set(flask.request.remote_addr)
    given = flask.request.headers.get(HEADER, "")
    limit = flask.current_app.config["deployment"].config.max_request_id_length
    if len(given) > limit:
        raise errors.RequestIdTooLong(limit=limit)
    if SAFE.fullmatch(given):
        flask.g.request_id = given if given.startswith("req-") else f"req-{given}"
    logs.request_id.set(flask.g.request_id)


def stamp(response: flask.Response) -> flask.Response:
    """Put the id on every answer."""
    request_id = flask.g.get("request_id")
    if request_id is not None:
        response.headers[HEADER] = request_id
    return response
