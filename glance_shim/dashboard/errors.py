"""From the error tree to pages."""

from __future__ import annotations

import logging
from typing import Any

import flask
from werkzeug import exceptions

from glance_shim import errors
from glance_shim.api import at_hand, urls
from glance_shim.api import errors as api_errors
from glance_shim.dashboard import security, session
from glance_shim.db import connection

log = logging.getLogger(__name__)

# What a person can mend in a form; everything else is a page of its own.
MENDABLE = (
    errors.Invalid,
    errors.Forbidden,
    errors.NotFound,
    errors.Conflict,
    errors.TooLarge,
    errors.Unsupported,
    errors.Gone,
)

TITLES = {
    400: "This did not work",
    403: "This is not allowed",
    404: "Not found",
    409: "This is not possible now",
    413: "This is too much",
    429: "Too many attempts",
    503: "Not available at the moment",
}


def status_of(error: errors.Error) -> int:
    """The status of a page that shows the error."""
    return api_errors.status_of(error)


def handle(error: errors.Error) -> Any:
    """The page for an error; who is not logged in is led to the login and back."""
    if _wants_json():
        return api_errors.handle(error)
    if isinstance(error, errors.Unauthorized):
        return _to_login()
    answer = api_errors.handle(error)
    return _page(answer.status_code, str(error), dict(answer.headers))


def handle_http(error: exceptions.HTTPException) -> Any:
    """The page for what the router and the libraries raise."""
    answer = api_errors.handle_http(error)
    if _wants_json():
        return answer
    code = answer.status_code
    return _page(code, api_errors.MESSAGES.get(code, error.description or ""))


def handle_database(error: Exception) -> Any:
    """The page while the database cannot be used."""
    answer = api_errors.handle_database(error)
    if _wants_json():
        return answer
    message = "The database is not available at the moment; try again in a few seconds"
    return _page(503, message, {"Retry-After": answer.headers["Retry-After"]})


def handle_no_memory(error: MemoryError) -> Any:
    """The page while the process can have no more memory."""
    answer = api_errors.handle_no_memory(error)
    if _wants_json():
        return answer
    message = "The server has no memory left for this at the moment; try again in a few seconds"
    return _page(503, message, {"Retry-After": answer.headers["Retry-After"]})


def handle_unexpected(error: Exception) -> Any:
    """A defect of ours; the log says more."""
    answer = api_errors.handle_unexpected(error)
    if _wants_json():
        return answer
    return _page(500, "The server failed to process the request; its log says more")


def _page(code: int, message: str, headers: dict[str, str] | None = None) -> flask.Response:
    kept = {n: v for n, v in (headers or {}).items() if n in ("Retry-After", "Allow")}
    # What has just failed must not be asked again for the navigation.
    without: dict[str, Any] = {"waiting_offers": lambda: 0} if code >= 500 else {}
    body = flask.render_template(
        "error.html",
        title=TITLES.get(code, "This did not work"),
        message=message,
        back=_page_before(),
        request_id=at_hand.g().get("request_id"),
        **without,
    )
    return flask.Response(body, code, kept, mimetype="text/html")


def _to_login() -> Any:
    request = at_hand.request()
    if request.method == "GET":
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        wanted: str | None = f"{request.script_root}{request.path}{query}"
    else:
        wanted = _page_before()
    if session.has_login():
        if session.has_ended():
            session.note("Your session has ended; log in to go on", "bad")
        return flask.redirect(flask.url_for("dashboard.logins.login", next=wanted))
    return _page(401, "The front of this service has not said who you are")


def _page_before() -> str | None:
    """The page of the dashboard from which the request came, if the browser says so."""
    request = at_hand.request()
    referrer = request.referrer or ""
    host = f"{request.scheme}://{urls.host_of(request)}/"
    return security.own_path(f"/{referrer[len(host) :]}") if referrer.startswith(host) else None


def _wants_json() -> bool:
    accept = at_hand.request().accept_mimetypes
    return bool(accept) and accept["application/json"] > accept["text/html"]


def register(blueprint: flask.Blueprint) -> None:
    """Let the pages answer every exception as this module says."""
    blueprint.register_error_handler(errors.Error, handle)
    blueprint.register_error_handler(exceptions.HTTPException, handle_http)
    for failure in connection.FAILURES:
        blueprint.register_error_handler(failure, handle_database)
    blueprint.register_error_handler(MemoryError, handle_no_memory)
    blueprint.register_error_handler(Exception, handle_unexpected)
