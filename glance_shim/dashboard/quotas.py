"""What projects use of what they may."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.context import Context
from glance_shim.core import quotas
from glance_shim.core.identity import names
from glance_shim.dashboard import session
from glance_shim.dashboard.errors import MENDABLE, status_of

blp = flask.Blueprint("quotas", __name__, url_prefix="/quotas")

WORDS = {
    "image_size_total": ("Data in the stores", "MiB"),
    "image_stage_total": ("Data that waits to be imported", "MiB"),
    "image_count_total": ("Images", ""),
    "image_count_uploading": ("Images with data on its way", ""),
}


@blp.get("")
def index() -> Any:
    """The quotas of the visitor's project; for administrators also who stores most."""
    context = current_context()
    return _page(context, context.project_id or "")


@blp.get("/<project_id>")
def show(project_id: str) -> Any:
    """The quotas of any project, for administrators."""
    context = current_context()
    _require_may(context, project_id)
    return _page(context, project_id)


@blp.post("/<project_id>")
def change(project_id: str) -> Any:
    """Set the limits of a project; an empty field takes its own limit away."""
    context = current_context()
    quotas.require_settable(context)
    own = _own(context, project_id)
    try:
        for name in WORDS:
            text = at_hand.request().form.get(name, "").strip()
            if text:
                quotas.set_limit(context, project_id, name, _number(text))
            elif name in own:
                quotas.delete_limit(context, project_id, name)
    except MENDABLE as exc:
        return _page(context, project_id, exc)
    session.note("The limits are saved")
    return flask.redirect(flask.url_for(".show", project_id=project_id), 303)


def _require_may(context: Context, project_id: str) -> None:
    if project_id != context.project_id and not context.is_admin:
        raise errors.Forbidden(reason="only administrators see the quotas of other projects")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise errors.Invalid(reason=f"a limit is a whole number, not '{text}'")
    return int(text)


def _settable(context: Context) -> bool:
    return context.is_admin and not context.config.use_keystone_limits


def _own(context: Context, project_id: str) -> dict[str, int]:
    """The limits that are set for this very project."""
    found = quotas.limits_that_are_set(context) if _settable(context) else []
    return {name: value for project, name, value in found if project == project_id}


def _page(context: Context, project_id: str, error: errors.Error | None = None) -> Any:
    largest = quotas.largest_users(context, 25) if context.is_admin else []
    ids = [project_id, *(owner for owner, _, _ in largest)]
    page = flask.render_template(
        "quotas.html",
        error=error,
        project_id=project_id,
        usage=quotas.usage(context, project_id),
        words=WORDS,
        largest=largest,
        projects=names.of_projects(context, ids),
        settable=_settable(context),
        own=_own(context, project_id),
        of_keystone=context.config.use_keystone_limits,
    )
    return page, status_of(error) if error else 200
