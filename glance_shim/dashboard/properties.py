"""The custom properties of an image, with the names that are known for choice."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import images as schemas
from glance_shim.context import Context
from glance_shim.core import images
from glance_shim.core.changes import Change
from glance_shim.core.metadefs import known_properties
from glance_shim.core.metadefs.known_properties import KnownProperty
from glance_shim.dashboard import image as image_pages
from glance_shim.dashboard import session
from glance_shim.dashboard.errors import MENDABLE
from glance_shim.db.images import ImageRow

blp = flask.Blueprint("properties", __name__, url_prefix="/images/<image_id>/properties")


@dataclasses.dataclass(frozen=True)
class Shown:
    """A property of the image, what is known of it, and what the visitor may do to it."""

    name: str
    value: str
    known: KnownProperty | None
    changeable: bool
    removable: bool


@blp.get("")
def index(image_id: str) -> Any:
    """The properties; ``name`` in the address is one that is to be added."""
    given = {"name": at_hand.request().args.get("name", ""), "new": True}
    return _page(current_context(), image_id, given)


@blp.post("")
def save(image_id: str) -> Any:
    """Give one property a value; a new one only if there is none of that name."""
    given = at_hand.request().form
    name, new = given.get("name", "").strip(), bool(given.get("new"))
    value = given.get("value", "").replace("\r\n", "\n")
    change = Change("add" if new else "replace", name, value, must_be_new=new)
    return _change(image_id, change, f"{name} is saved")


@blp.post("/remove")
def remove(image_id: str) -> Any:
    """Take one property away."""
    name = at_hand.request().form.get("name", "")
    return _change(image_id, Change("remove", name), f"{name} is removed")


def _change(image_id: str, change: Change, done: str) -> Any:
    context = current_context()
    try:
        _require_custom(change.name)
        if change.op != "remove":
            schemas.check_property(change.name, change.value)
        images.update(context, image_id, [change])
    except MENDABLE as exc:
        given = {"name": change.name, "value": change.value, "new": change.must_be_new}
        return _page(context, image_id, given, exc)
    session.note(done)
    return flask.redirect(flask.url_for(".index", image_id=image_id), 303)


def _require_custom(name: str) -> None:
    if not name:
        raise errors.Invalid(reason="Say the name of the property")
    if name in schemas.schema.fields or name in schemas.COMPUTED:
        raise errors.Invalid(
            reason=f"'{name}' is part of every image, not a property; it is changed elsewhere"
        )
    schemas.refuse_reserved(name)


def _page(
    context: Context, image_id: str, given: dict[str, Any], error: errors.Error | None = None
) -> Any:
    image = images.get(context, image_id)
    known = {each.name: each for each in known_properties.get_all(context)}
    shown = _shown(context, image, known)
    taken = {each.name for each in shown}
    may_create = context.deployment.protections.allows
    free = [
        each
        for each in known.values()
        if each.name not in taken and may_create("create", each.name, context)
    ]
    # By namespace, as the list of what is known comes.
    grouped = itertools.groupby(free, key=lambda each: each.namespace)
    return image_pages.render(
        "properties.html",
        image,
        error=error,
        shown=shown,
        given=given,
        chosen=known.get(given["name"]),
        free=free,
        namespaces=[(namespace, list(each)) for namespace, each in grouped],
    )


def _shown(context: Context, image: ImageRow, known: dict[str, KnownProperty]) -> list[Shown]:
    may_change = context.allows("modify_image", images.target(context, image))

    def may(operation: str, name: str) -> bool:
        return may_change and context.deployment.protections.allows(operation, name, context)

    return [
        Shown(name, value, known.get(name), may("update", name), may("delete", name))
        for name, value in image_pages.readable(context, image).items()
    ]
