"""Logging in and out, and choosing another project."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand, credentials
from glance_shim.api.authentication import current_context
from glance_shim.core.identity import sessions
from glance_shim.dashboard import security, session
from glance_shim.dashboard.errors import MENDABLE, status_of

blp = flask.Blueprint("logins", __name__)

DOMAIN = "Default"


@blp.route("/login", methods=["GET", "POST"])
@security.for_strangers
def login() -> Any:
    """Start a session, and lead to the page that was wanted."""
    request = at_hand.request()
    wanted = security.own_path(request.values.get("next"))
    after = wanted or flask.url_for("dashboard.images.index")
    if not session.has_login():
        return flask.redirect(after)
    if request.method == "GET":
        return _form(wanted)
    given = request.form
    context = credentials.nobody(at_hand.deployment())
    try:
        token = sessions.log_in(
            context,
            given.get("user", ""),
            given.get("password", ""),
            given.get("domain", "").strip() or DOMAIN,
            given.get("project", "").strip() or None,
            request.remote_addr,
        )
    except (errors.Unauthorized, errors.TooManyRequests, *MENDABLE) as exc:
        return _form(wanted, exc)
    session.begin(token)
    return flask.redirect(after, 303)


def _form(wanted: str | None, error: errors.Error | None = None) -> Any:
    code = status_of(error) if error else 200
    body = flask.render_template(
        "login.html", wanted=wanted, error=error, given=at_hand.request().form, domain=DOMAIN
    )
    headers = {}
    if isinstance(error, errors.TooManyRequests):
        headers["Retry-After"] = str(error.facts["seconds"])
    return body, code, headers


@blp.post("/logout")
def logout() -> Any:
    """End the session; its tokens are worth nothing any more."""
    session.end()
    session.note("You have logged out")
    return flask.redirect(flask.url_for(".login"), 303)


@blp.route("/project", methods=["GET", "POST"])
def project() -> Any:
    """Show the projects of this person, and switch to one."""
    request = at_hand.request()
    now = session.current()
    if not session.has_login() or not now.token or not now.first:
        flask.abort(404)
    context = current_context()
    if request.method == "GET":
        found = sessions.projects_of(context, now.token)
        return flask.render_template("project.html", projects=found)
    chosen = request.form.get("project", "")
    try:
        token = sessions.rescope(context, now.first, chosen)
    except errors.LoginRefused as exc:
        raise errors.Forbidden(reason="you have no role in that project") from exc
    session.begin(token, now.first)
    return flask.redirect(flask.url_for("dashboard.images.index"), 303)
