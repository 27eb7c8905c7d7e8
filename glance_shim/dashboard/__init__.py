"""Pages for people, at ``/dashboard``: the functions of ``core``, as a browser shows them.

There are no rules and no queries here. A page asks ``policy`` only to know
which buttons to show; whether something may be done is decided where it is
done, as for every other client.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import flask

from glance_shim.api import at_hand, versions
from glance_shim.api.authentication import current_context
from glance_shim.context import Deployment
from glance_shim.core import images as core_images
from glance_shim.dashboard import (
    activity,
    bulk,
    errors,
    image,
    images,
    logins,
    members,
    offers,
    presenting,
    properties,
    quotas,
    security,
    session,
    upload,
    visibility,
)

BLUEPRINTS = (
    logins.blp,
    images.blp,
    bulk.blp,
    upload.blp,
    image.blp,
    properties.blp,
    members.blp,
    visibility.blp,
    activity.blp,
    offers.blp,
    quotas.blp,
)

# What is to be seen before somebody has logged in.
OPEN = ("dashboard.static", "dashboard.logins.login")

STATIC = Path(__file__).parent / "static"


def register(app: flask.Flask, deployment: Deployment) -> None:
    """Let ``app`` serve the dashboard, if the deployment has one."""
    if not versions.has_dashboard(deployment):
        return
    pages = flask.Blueprint(
        "dashboard",
        __name__,
        url_prefix="/dashboard",
        static_folder="static",
        template_folder="templates",
    )
    pages.before_request(know_the_visitor)
    pages.before_request(security.protect)
    pages.after_request(session.keep)
    errors.register(pages)
    for blueprint in BLUEPRINTS:
        pages.register_blueprint(blueprint)
    pages.add_url_rule("", view_func=start, methods=["GET"])
    pages.add_url_rule("/", endpoint="start_below", view_func=start, methods=["GET"])
    pages.add_url_rule("/<path:path>", view_func=nothing_here, methods=["GET"])
    pages.context_processor(_shared_by_all_pages)
    app.register_blueprint(pages)
    app.after_request(security.stamp)
    app.jinja_env.filters.update(
        size=presenting.size, moment=presenting.moment, plural=presenting.plural
    )
    app.jinja_env.globals.update(
        asset=_asset,
        asset_versions=_versions(),
        known_pages=frozenset(app.view_functions),
        presenting=presenting,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def know_the_visitor() -> None:
    """Set the context of the request; who is not logged in is led to the login."""
    if at_hand.request().endpoint not in OPEN:
        at_hand.g().context = session.context()


def start() -> Any:
    """Lead to the first page; also a browser that asked for ``/`` comes here."""
    response = flask.redirect(flask.url_for("dashboard.images.index"))
    response.vary.add("Accept")
    return response


def nothing_here(path: str) -> Any:
    flask.abort(404)


def _versions() -> dict[str, str]:
    """For each file in ``static``, a text that changes when the file does."""
    return {
        path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in STATIC.rglob("*")
        if path.is_file()
    }


def _asset(name: str) -> str:
    """The address of a file in ``static``; it may be kept for ever."""
    version = at_hand.app().jinja_env.globals["asset_versions"][name]  # type: ignore[index]
    return f"{at_hand.request().script_root}/dashboard/static/{name}?v={version}"


def _shared_by_all_pages() -> dict[str, Any]:
    return {
        "context": at_hand.g().get("context"),
        "csrf_token": _csrf_token,
        "notes": session.notes,
        "has_login": session.has_login,
        "waiting_offers": _waiting_offers,
    }


def _csrf_token() -> str:
    return session.current().csrf


def _waiting_offers() -> int:
    """How many offers wait for an answer of the visitor's project."""
    return core_images.count_offers(current_context())
