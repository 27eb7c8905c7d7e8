"""What was done to an image, by whom and when."""

from __future__ import annotations

from typing import Any

import flask

from glance_shim.api.authentication import current_context
from glance_shim.core import activity, images
from glance_shim.dashboard import image as image_pages

blp = flask.Blueprint("activity", __name__, url_prefix="/images/<image_id>/activity")

# How an entry reads; {member} is the project an offer is made to.
SENTENCES = {
    "created": "made the image",
    "uploaded": "uploaded the data",
    "imported": "imported the data by {became}",
    "located": "said where the data is",
    "shared": "offered it to {member}",
    "unshared": "took the offer to {member} back",
    "accepted": "accepted the offer to {member}",
    "rejected": "rejected the offer to {member}",
    "pending": "took the answer of {member} back",
    "visibility": "changed the visibility from {was} to {became}",
    "renamed": "changed the name from {was} to {became}",
    "given": "gave it from project {was} to project {became}",
    "protected": "protected it from deletion",
    "unprotected": "ended its protection from deletion",
    "hidden": "hid it from lists",
    "unhidden": "showed it in lists again",
    "deactivated": "deactivated it",
    "reactivated": "reactivated it",
    "edited": "changed {became}",
}


@blp.get("")
def index(image_id: str) -> Any:
    """What was done, newest first, as far as it is the visitor's business."""
    context = current_context()
    image = images.get(context, image_id)
    entries = [(entry, said(entry)) for entry in activity.get_all(context, image_id)]
    return image_pages.render("activity.html", image, entries=entries)


def said(entry: Any) -> str:
    """The entry as the rest of a sentence that begins with who did it."""
    sentence = SENTENCES.get(entry.action, entry.action).format(
        member=f"project {entry.member_id}",
        was=entry.was or "nothing",
        became=entry.became or "nothing",
    )
    return f"{sentence}, on behalf of that project" if activity.on_behalf(entry) else sentence
