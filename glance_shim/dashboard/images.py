"""Lists of images: this project's, those offered to it, community, public, all."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import flask

from glance_shim.api import at_hand
from glance_shim.api.authentication import current_context
from glance_shim.context import Context
from glance_shim.core import images
from glance_shim.core.identity import names
from glance_shim.db.images import ImageRow

blp = flask.Blueprint("images", __name__, url_prefix="/images")

PAGE = 25

TABS: dict[str, tuple[str, dict[str, Any]]] = {
    "project": ("This project", {"among": "project"}),
    "shared": ("Shared with us", {"among": "offers", "member_status": "accepted"}),
    "community": ("Community", {"visibility": "community"}),
    "public": ("Public", {"visibility": "public"}),
    "all": ("All projects", {"visibility": "all"}),
}

SORTS = {
    "created_at:desc": "Newest first",
    "created_at:asc": "Oldest first",
    "updated_at:desc": "Changed last",
    "name:asc": "Name",
    "size:desc": "Largest first",
    "size:asc": "Smallest first",
}

STATUSES = ("active", "queued", "saving", "uploading", "importing", "deactivated")


@dataclasses.dataclass(frozen=True)
class Page:
    """A part of a list; ``before`` and ``after`` are markers, or ``None`` at its ends."""

    images: list[ImageRow]
    before: str | None
    after: str | None


@blp.get("")
def index() -> Any:
    """One tab of images, as the search form narrows it."""
    context = current_context()
    asked = at_hand.request().args
    tab = asked.get("tab", "project")
    if tab not in TABS or (tab == "all" and not context.is_admin):
        flask.abort(404)
    page = select(context, asked, TABS[tab][1])
    kept = {name: value for name, value in asked.items() if value and name in FILTERS}
    return flask.render_template(
        "images.html",
        tab=tab,
        tabs=TABS,
        page=page,
        kept=kept,
        filtered=any(name not in ("tab", "sort") for name in kept),
        owners=names.of_owners(context, page.images) if tab != "project" else {},
        sorts=SORTS,
        statuses=STATUSES,
        formats=context.config.image_format.disk_formats,
        may_create=may_create(context),
    )


FILTERS = ("tab", "q", "status", "disk_format", "tag", "owner", "hidden", "sort")


def select(context: Context, asked: Mapping[str, str], scope: Mapping[str, Any]) -> Page:
    """The part of the list that is asked for, and whether there is more on either side."""
    sort = asked.get("sort", "")
    key, _, direction = (sort if sort in SORTS else next(iter(SORTS))).partition(":")
    order = [(key, direction), *((each, "desc") for each in ("created_at", "id"))]
    order = list({name: (name, way) for name, way in reversed(order)}.values())[::-1]
    backwards = asked.get("before") or None
    if backwards:
        order = [(name, "asc" if way == "desc" else "desc") for name, way in order]
    marker = backwards or asked.get("after") or None
    found = images.get_all(
        context,
        conditions=_conditions(asked),
        tags=[asked["tag"].strip()] if asked.get("tag", "").strip() else [],
        sort=order,
        limit=PAGE + 1,
        marker=marker,
        **scope,
    )
    more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    if not found:
        return Page(found, None, None)
    return Page(
        found,
        before=found[0].id if (more if backwards else marker) else None,
        after=found[-1].id if (more or backwards) else None,
    )


def _conditions(asked: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """What the fields of the search form mean; an id is searched for as such."""
    found: list[tuple[str, str, Any]] = [("os_hidden", "eq", asked.get("hidden") == "yes")]
    text = asked.get("q", "").strip()
    if re.fullmatch(images.ID_PATTERN, text):
        found.append(("id", "eq", text.lower()))
    elif text:
        found.append(("name", "contains", text))
    for name in ("status", "disk_format", "owner"):
        value = asked.get(name, "").strip()
        if value:
            found.append((name, "eq", value))
    return found


def may_create(context: Context) -> bool:
    """May this person make images of their own?"""
    mine = {"project_id": context.project_id, "owner": context.project_id}
    return context.allows("add_image", {**mine, "visibility": "shared"})
