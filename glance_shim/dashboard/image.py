"""One image: what it is, changing that, its data, and its end."""

from __future__ import annotations

import urllib.parse
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api import image_data as api_data
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.images import load_value
from glance_shim.context import Context
from glance_shim.core import image_data, images
from glance_shim.core.changes import Change
from glance_shim.core.identity import names
from glance_shim.dashboard import presenting, session
from glance_shim.dashboard.errors import MENDABLE, status_of
from glance_shim.db.images import ImageRow

blp = flask.Blueprint("image", __name__, url_prefix="/images/<image_id>")

# Endpoint, words, and the rule without which the tab is of no use.
TABS = (
    ("image.show", "Overview", "get_image"),
    ("image.edit", "Edit", "modify_image"),
    ("properties.index", "Properties", "get_image"),
    ("members.index", "Members", "get_members"),
    ("visibility.index", "Visibility", "modify_image"),
    ("activity.index", "Activity", "get_image_activity"),
)

# Properties that belong to the service, and are nothing to people.
INNER = "os_glance"


def render(
    template: str,
    image: ImageRow,
    error: errors.Error | None = None,
    **values: Any,
) -> Any:
    """A page about an image, below its name and tabs."""
    context = current_context()
    facts = images.target(context, image)

    def may(rule: str) -> bool:
        return context.allows(rule, facts)

    known = at_hand.app().jinja_env.globals["known_pages"]
    tabs = [
        (f"dashboard.{endpoint}", words)
        for endpoint, words, rule in TABS
        if f"dashboard.{endpoint}" in known and may(rule)  # type: ignore[operator]
    ]
    page = flask.render_template(
        template,
        image=image,
        error=error,
        may=may,
        tabs=tabs,
        owners=names.of_owners(context, [image]),
        called=presenting.called(image),
        **values,
    )
    return page, status_of(error) if error else 200


@blp.get("")
def show(image_id: str) -> Any:
    """What there is to know of an image."""
    image = images.get(current_context(), image_id)
    properties = readable(current_context(), image)
    description = properties.pop("description", "")
    return render("image.html", image, properties=properties, description=description)


def readable(context: Context, image: ImageRow) -> dict[str, str]:
    """The properties that the visitor may see, by name, without those of the service."""
    seen = context.deployment.protections.readable(image.properties, context)
    return {name: value for name, value in sorted(seen.items()) if not name.startswith(INNER)}


@blp.get("/edit")
def edit(image_id: str) -> Any:
    """The form for what may be changed of an image."""
    image = images.get(current_context(), image_id)
    given = {
        "name": image.name or "",
        "description": readable(current_context(), image).get("description", ""),
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "tags": ", ".join(image.tags),
        "protected": image.protected,
        "os_hidden": image.os_hidden,
    }
    return render("image_edit.html", image, given=given)


@blp.post("/edit")
def change(image_id: str) -> Any:
    """Change what the form says."""
    context = current_context()
    image = images.get(context, image_id)
    given = at_hand.request().form
    try:
        was = readable(context, image).get("description", "")
        images.update(context, image_id, changes(image, given, was))
    except MENDABLE as exc:
        return render("image_edit.html", image, error=exc, given=given)
    session.note("The changes are saved")
    return flask.redirect(flask.url_for(".show", image_id=image_id), 303)


def changes(image: ImageRow, given: Any, was: str) -> list[Change]:
    """What the form makes different; raises `errors.Invalid` for what cannot be.

    ``was`` is the description as the visitor saw it.
    """
    values: dict[str, Any] = {
        "name": given.get("name", "").strip() or None,
        "min_disk": presenting.whole(given.get("min_disk", "")),
        "min_ram": presenting.whole(given.get("min_ram", "")),
        "tags": presenting.words(given.get("tags", "")),
        "protected": bool(given.get("protected")),
        "os_hidden": bool(given.get("os_hidden")),
    }
    found = [
        Change("replace", name, load_value(name, value))
        for name, value in values.items()
        if value != getattr(image, name)
    ]
    description = given.get("description", "").strip()
    if description and description != was:
        op = "replace" if was else "add"
        found.append(Change(op, "description", load_value("description", description)))
    elif was and not description:
        found.append(Change("remove", "description"))
    return found


@blp.post("/deactivate")
def deactivate(image_id: str) -> Any:
    """Keep the data from being downloaded."""
    images.deactivate(current_context(), image_id)
    session.note("The image is deactivated: only administrators can download its data now")
    return flask.redirect(flask.url_for(".show", image_id=image_id), 303)


@blp.post("/reactivate")
def reactivate(image_id: str) -> Any:
    """Let the data be downloaded again."""
    images.reactivate(current_context(), image_id)
    session.note("The image is active again")
    return flask.redirect(flask.url_for(".show", image_id=image_id), 303)


@blp.get("/delete")
def confirm(image_id: str) -> Any:
    """Ask before the image is deleted."""
    return render("image_delete.html", images.get(current_context(), image_id))


@blp.post("/delete")
def delete(image_id: str) -> Any:
    """Delete the image."""
    context = current_context()
    image = images.get(context, image_id)
    try:
        images.delete(context, image_id)
    except MENDABLE as exc:
        return render("image_delete.html", image, error=exc)
    session.note(f"{presenting.called(image)} is deleted")
    return flask.redirect(flask.url_for("dashboard.images.index"), 303)


@blp.get("/data")
def download(image_id: str) -> Any:
    """The data of the image, as a file."""
    context = current_context()
    found = image_data.download(context, image_id)
    if found is None:
        raise errors.Conflict(reason=f"Image {image_id} has no data yet")
    response = api_data.sent(context, found, partial=False)
    name = file_name(found.image)
    # Whatever the data is, a browser that shows it after all lets it do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers.set(
        "Content-Disposition",
        "attachment",
        filename=name.encode("ascii", "replace").decode().replace("?", "-"),
        **{"filename*": f"UTF-8''{urllib.parse.quote(name, safe='')}"},
    )
    return response


def file_name(image: ImageRow) -> str:
    """What the data of the image is called as a file, whatever the name of the image is."""
    kept = (c if c.isprintable() and c not in '/\\"' else "-" for c in image.name or image.id)
    name, suffix = "".join(kept), image.disk_format or "img"
    return name if name.lower().endswith((f".{suffix}", ".img")) else f"{name}.{suffix}"
