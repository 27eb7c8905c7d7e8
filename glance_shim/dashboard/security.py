"""What protects the people who use the dashboard: headers, and checks of forms."""

from __future__ import annotations

import hmac
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar

import flask

from glance_shim import errors
from glance_shim.api import at_hand, body, urls
from glance_shim.dashboard import session

View = TypeVar("View", bound=Callable[..., Any])

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"

PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": PAGE,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# All else is data, which is not to be read here.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

FOREVER = "public, max-age=31536000, immutable"


class FormNotOurs(errors.Forbidden):
    message = "This form does not come from your session here; go back, load the page again"


def checks_itself(view: View) -> View:
    """Leave it to the view to call `require_token` once it has read the token."""
    view.checks_itself = True  # type: ignore[attr-defined]
    return view


def for_strangers(view: View) -> View:
    """Let the view be called by people whom nobody knows yet, with a short form."""
    view.for_strangers = True  # type: ignore[attr-defined]
    return view


def protect() -> None:
    """Refuse what another site makes the browser send; raises `FormNotOurs`."""
    request = at_hand.request()
    if request.method in ("GET", "HEAD"):
        return
    _require_own_origin()
    view = at_hand.app().view_functions.get(request.endpoint or "")
    if getattr(view, "checks_itself", False):
        return
    if getattr(view, "for_strangers", False):
        body.require_short()
    request.max_content_length = at_hand.deployment().config.max_json_body
    with body.arriving():
        given = request.headers.get(HEADER) or request.form.get(FIELD, "")
        fields = list(request.form.items(multi=True)) if request.mimetype in FORMS else []
    require_token(given)
    _require_text(fields)


def _require_text(fields: list[tuple[str, str]]) -> None:
    """Raise `errors.Invalid` where a field holds U+0000, which PostgreSQL does not take."""
    for name, value in fields:
        if "\0" in name + value:
            raise errors.Invalid(reason="a field of the form contains U+0000; leave it out")


def require_token(given: str) -> None:
    """Raise `FormNotOurs` unless this is what the session's forms have in them."""
    if not hmac.compare_digest(given.encode(), session.current().csrf.encode()):
        raise FormNotOurs()


def _require_own_origin() -> None:
    """Scripts and forms of other sites say where they are from; ours say nothing else."""
    request = at_hand.request()
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise FormNotOurs()
    origin = request.headers.get("Origin")
    if origin is None:
        return
    public = at_hand.deployment().config.public_endpoint or ""
    if urllib.parse.urlsplit(origin).netloc not in (
        urls.host_of(request),
        urllib.parse.urlsplit(public).netloc or urls.host_of(request),
    ):
        raise FormNotOurs()


def stamp(response: flask.Response) -> flask.Response:
    """The headers of every answer below ``/dashboard``, whatever it is."""
    if not is_dashboard():
        return response
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    lasting = at_hand.request().endpoint == "dashboard.static" and response.status_code == 200
    response.headers["Cache-Control"] = FOREVER if lasting else "no-store"
    if at_hand.request().is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def is_dashboard() -> bool:
    """Is this a request to the dashboard?"""
    path = at_hand.request().path
    return path == "/dashboard" or path.startswith("/dashboard/")


def own_path(text: str | None) -> str | None:
    """``text`` if it leads to a page of the dashboard, and nowhere else."""
    root = f"{at_hand.request().script_root}/dashboard"
    if not text or not text.isprintable() or "\\" in text:
        return None
    parts = urllib.parse.urlsplit(text)
    if parts.scheme or parts.netloc or not parts.path.startswith(f"{root}/"):
        return None
    # Browsers take dots for dots also where they are written as %2e.
    return None if ".." in urllib.parse.unquote(parts.path).split("/") else text
