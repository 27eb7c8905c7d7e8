"""The members of an image: to whom it is offered, and what they say to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.context import Context
from glance_shim.core import images, members
from glance_shim.core.identity import names
from glance_shim.dashboard import image as image_pages
from glance_shim.dashboard import presenting, session
from glance_shim.dashboard.errors import MENDABLE
from glance_shim.db.images import ImageRow

blp = flask.Blueprint("members", __name__, url_prefix="/images/<image_id>/members")


@blp.get("")
def index(image_id: str) -> Any:
    """The members, for the owner; for a member its own answer."""
    context = current_context()
    return _page(context, images.get(context, image_id))


@blp.post("")
def add(image_id: str) -> Any:
    """Offer the image to the projects that are named, each on its own."""
    request = at_hand.request()
    context = current_context()
    image = images.get(context, image_id)
    context.enforce("add_member", images.target(context, image))
    wanted = list(_typed(request.form.get("projects", "")))
    wanted += request.form.getlist("known")
    known = names.known(context, session.own_projects())
    added, left = [], []
    problem: errors.Error | None = None
    for project in wanted:
        try:
            members.add(context, image_id, names.resolve(context, project, known))
            added.append(project)
        except (errors.TooManyRequests, *MENDABLE) as exc:
            problem = problem or exc
            left.append(project)
    if added:
        offered = presenting.plural(len(added), "project")
        session.note(f"The image is offered to {offered}; each accepts or rejects it")
    if not wanted:
        problem = errors.Invalid(reason="Say to which project the image is to be offered")
    if problem:
        return _page(context, image, problem, "\n".join(left))
    return flask.redirect(flask.url_for(".index", image_id=image_id), 303)


def _typed(text: str) -> Iterator[str]:
    """The projects that were typed: a name may have blanks in it, ids may be between blanks."""
    for part in re.split(r"[\r\n,;]+", text):
        words = part.split()
        if all(map(names.ID.fullmatch, words)):
            yield from words
        else:
            yield part.strip()


@blp.post("/<member_id>/remove")
def remove(image_id: str, member_id: str) -> Any:
    """Take the offer to one project back."""
    members.delete(current_context(), image_id, member_id)
    session.note("The project is no longer a member: it has lost the image at once")
    return flask.redirect(flask.url_for(".index", image_id=image_id), 303)


@blp.post("/<member_id>/answer")
def answer(image_id: str, member_id: str) -> Any:
    """Accept or reject, for one's own project, or as an administrator on behalf of one."""
    request = at_hand.request()
    context = current_context()
    status = request.form.get("status", "")
    members.set_status(context, image_id, member_id, status)
    whose = "" if member_id == context.project_id else " on behalf of the project"
    session.note(f"The offer is {status}{whose}")
    back = request.form.get("back")
    if back == "offers":
        return flask.redirect(flask.url_for("dashboard.offers.index"), 303)
    return flask.redirect(flask.url_for(".index", image_id=image_id), 303)


def _page(
    context: Context,
    image: ImageRow,
    error: errors.Error | None = None,
    given: str = "",
) -> Any:
    found = members.get_all(context, image.id) if image.visibility == "shared" else []
    may_add = context.allows("add_member", images.target(context, image))
    known = names.known(context, session.own_projects()) if found or may_add else {}
    return image_pages.render(
        "members.html",
        image,
        error=error,
        members=found,
        projects=names.of_members(context, found, known),
        given=given,
        suggestions=names.suggestions(context, known, found) if may_add else {},
    )
