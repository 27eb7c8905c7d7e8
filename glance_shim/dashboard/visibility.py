"""Who sees an image, and what a change of that means, in words, before it happens."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.images import load_value
from glance_shim.context import Context
from glance_shim.core import images, members
from glance_shim.core.changes import Change
from glance_shim.dashboard import image as image_pages
from glance_shim.dashboard import presenting, session
from glance_shim.dashboard.errors import MENDABLE
from glance_shim.db.images import ImageRow

blp = flask.Blueprint("visibility", __name__, url_prefix="/images/<image_id>/visibility")

RULES = {"community": "communitize_image", "public": "publicize_image"}
KINDS = ("private", "shared", "community", "public")
OPEN = ("community", "public")


@blp.get("")
def index(image_id: str) -> Any:
    """The choice, with the consequences of each."""
    context = current_context()
    return _page(context, images.get(context, image_id))


@blp.post("")
def change(image_id: str) -> Any:
    """Give the image another visibility."""
    context = current_context()
    image = images.get(context, image_id)
    try:
        wanted = load_value("visibility", at_hand.request().form.get("visibility", ""))
        images.update(context, image_id, [Change("replace", "visibility", wanted)])
    except MENDABLE as exc:
        return _page(context, image, exc)
    session.note(f"The image is {wanted} now: it is seen by {presenting.VISIBILITY[wanted]}")
    return flask.redirect(flask.url_for("dashboard.image.show", image_id=image_id), 303)


def _page(context: Context, image: ImageRow, error: Any = None) -> Any:
    found = members.get_all(context, image.id) if image.visibility == "shared" else []
    accepted = sum(member.status == "accepted" for member in found)
    facts = images.target(context, image)
    choices = [
        (kind, consequences(image.visibility, kind, len(found), accepted))
        for kind in KINDS
        if kind == image.visibility or kind not in RULES or context.allows(RULES[kind], facts)
    ]
    return image_pages.render("visibility.html", image, error=error, choices=choices)


def consequences(was: str, becomes: str, offered: int, accepted: int) -> list[str]:
    """Who gains and who loses sight of an image, and what becomes of its members."""
    if was == becomes:
        return ["Nothing changes."]
    found = []
    if becomes == "public":
        found.append("Every project sees it in its lists, and may use it.")
    if becomes == "community":
        found.append("Every project may use it, and finds it by searching, or by its id.")
    if was == "public" and becomes == "community":
        found.append("It goes from the lists of all other projects.")
    if was in OPEN and becomes not in OPEN:
        found.append("All other projects lose it at once; what they run from it goes on.")
    if becomes == "shared":
        found.append("You choose the projects it is offered to, under Members.")
        found.append("Members it had while it was shared before are members again.")
    if becomes == "private":
        found.append("Only this project sees it.")
    if was == "shared" and offered:
        answered = f"{presenting.plural(offered, 'member')}, of which {accepted} accepted"
        if becomes == "private":
            found.append(f"It has {answered}: they lose it at once.")
        else:
            found.append(f"It has {answered}: they keep it, as everybody has it.")
        found.append("Their answers are kept, and count again when it is shared again.")
    return found
