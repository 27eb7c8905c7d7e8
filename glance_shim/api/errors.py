"""From the error tree to HTTP: which status, and how the body looks."""

from __future__ import annotations

import html
import logging
from http import HTTPStatus
from typing import Any

import flask
import orjson
from werkzeug import exceptions

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.db import connection

log = logging.getLogger(__name__)

STATUS: dict[type[errors.Error], int] = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.LengthRequired: 411,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.RangeNotSatisfiable: 416,
    errors.ExpectationFailed: 417,
    errors.TooManyRequests: 429,
    errors.RequestIdTooLong: 431,
    errors.Unavailable: 503,
}

RETRY_AFTER = 5

# In the order in which Allow names them; any other method is unknown to this service.
METHODS = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


MESSAGES = {
    404: "There is nothing at this path",
    405: "This path does not take this method; the header Allow names those it takes",
    501: "This service does not know the method",
}


def status_of(error: errors.Error) -> int:
    """The HTTP status of the family that ``error`` belongs to."""
    for family in type(error).__mro__:
        if family in STATUS:
            return STATUS[family]
    return 500


def answer(code: int, message: str, headers: dict[str, str] | None = None) -> flask.Response:
    """An error response: JSON, or HTML for who prefers it over everything.

    The JSON is nested, ``{"error": {...}}``: python-glanceclient fails on a
    flat object.
    """
    title = HTTPStatus(code).phrase
    if _prefers_html():
        body = (
            f"<!DOCTYPE html><html><head><title>{code} {title}</title></head>"
            f"<body><h1>{code} {title}</h1>{html.escape(message)}<br></body></html>"
        ).encode()
        mimetype = "text/html"
    else:
        body = orjson.dumps({"error": {"code": code, "title": title, "message": message}})
        mimetype = "application/json"
    return flask.Response(body, code, headers, mimetype=mimetype)


def _prefers_html() -> bool:
    accept = at_hand.request().accept_mimetypes
    return bool(accept) and accept["text/html"] > accept["application/json"]


def handle(error: errors.Error) -> flask.Response:
    """The answer to an error of the tree."""
    code = status_of(error)
    if code == 403:
        at_hand.g().refusal = str(error)
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if isinstance(error, errors.Unavailable):
        headers.setdefault("Retry-After", str(RETRY_AFTER))
        log.error("%s", error)
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.facts["seconds"])
    return answer(code, str(error), headers)


def handle_http(error: exceptions.HTTPException) -> flask.Response:
    """The answer to what the router and the libraries raise."""
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods, key=METHODS.index))
    code = error.code or 500
    if code == 404 and at_hand.request().method not in METHODS:
        code = 501
    return answer(code, MESSAGES.get(code, error.description or ""), headers)


def handle_database(error: Exception) -> flask.Response:
    """The answer while the database cannot be used."""
    log.error("The database does not answer: %s", connection.words_of(error))
    message = "The database is not available at the moment"
    if connection.refuses_changes(error):
        message = "The database takes no changes at the moment; it can be read"
    return answer(503, message, {"Retry-After": str(RETRY_AFTER)})


def handle_no_memory(error: MemoryError) -> flask.Response:
    """The answer while the process can have no more memory."""
    request = at_hand.request()
    log.error("There is no memory for %s %s", request.method, request.path)
    message = "The server has no memory left for this request at the moment"
    return answer(503, message, {"Retry-After": str(RETRY_AFTER)})


def handle_unexpected(error: Exception) -> flask.Response:
    """A defect of ours: the log has the details, the answer only the request id."""
    log.exception("Unexpected error")
    return answer(500, "The server failed to process the request; its log says more")


def register(app: Any) -> None:
    """Let ``app`` answer every exception as this module says."""
    app.register_error_handler(errors.Error, handle)
    app.register_error_handler(exceptions.HTTPException, handle_http)
    for failure in connection.FAILURES:
        app.register_error_handler(failure, handle_database)
    app.register_error_handler(MemoryError, handle_no_memory)
    app.register_error_handler(Exception, handle_unexpected)
