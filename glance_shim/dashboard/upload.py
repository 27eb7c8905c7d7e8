"""New images, and the way their data comes: as a file from the browser, or from the web.

A file is handed on as it arrives, to the same function that every client's
data goes to. Scripts send it by itself, with its progress shown; browsers
without them send it as the last part of the form.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand, body
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.images import load_value
from glance_shim.context import Context
from glance_shim.core import image_data, images, imports, tasks
from glance_shim.dashboard import multipart, presenting, security, session
from glance_shim.dashboard.errors import MENDABLE, status_of
from glance_shim.db import connection
from glance_shim.db.images import ImageRow
from glance_shim.db.tasks import OPEN

blp = flask.Blueprint("upload", __name__, url_prefix="/images")

WEB = "web-download"

# How long to go on listening to a browser whose data is refused.
LISTEN_SECONDS = 10.0


class NoFile(errors.Invalid):
    message = "Choose a file, or say from which address the data is to be fetched"


@blp.get("/new")
def new() -> Any:
    """The form for a new image."""
    return _form(multipart.Form({}))


@blp.post("/new")
@security.checks_itself
def create() -> Any:
    """Make an image and bring its data; with a script, only make it."""
    with _arriving() as form:
        try:
            image = _make(current_context(), form)
        except MENDABLE as exc:
            if wants_json():
                raise
            return _form(form, exc)
        if wants_json():
            return {"id": image.id, "again": _again(image.id), "send": _send(image.id)}, 201
        return _bring(image, form)


@blp.get("/<image_id>/upload")
def again(image_id: str) -> Any:
    """The form for the data of an image that has none yet."""
    context = current_context()
    image = images.get(context, image_id)
    context.enforce("upload_image", images.target(context, image))
    if image.status in ("active", "deactivated"):
        return flask.redirect(_page_of(image_id))
    if image.status == "importing" or _running(context, image_id):
        return flask.redirect(flask.url_for(".progress", image_id=image_id))
    return _form(multipart.Form({}), image=image)


@blp.post("/<image_id>/upload")
@security.checks_itself
def bring(image_id: str) -> Any:
    """Bring the data of an image that has none yet."""
    with _arriving() as form:
        return _bring(images.get(current_context(), image_id), form)


@blp.put("/<image_id>/data")
def send(image_id: str) -> Any:
    """Take the data of an image from a script; the session says whose it is."""
    blocks = body.blocks()
    with _listening_on(blocks):
        image = image_data.upload(
            current_context(), image_id, blocks, expected=at_hand.request().content_length
        )
    _note_arrival(image)
    return "", 204


@blp.get("/<image_id>/progress")
def progress(image_id: str) -> Any:
    """How far the import of an image is, or why it failed."""
    context = current_context()
    # An import puts the image back before it ends. Read the other way around, one that
    # ends in between would be shown as failed, and its image as not to be tried again.
    found = tasks.get_all_of_image(context, image_id)
    image = images.get(context, image_id)
    return flask.render_template(
        "progress.html",
        image=image,
        task=found[0] if found else None,
        running=bool(found) and found[0].status in OPEN,
        page=_page_of(image_id),
    )


def wants_json() -> bool:
    """Does a script ask, and not a person?"""
    accept = at_hand.request().accept_mimetypes
    return bool(accept) and accept["application/json"] > accept["text/html"]


@contextlib.contextmanager
def _arriving() -> Iterator[multipart.Form]:
    """The form of the request, whose file arrives while it is read.

    Raises `security.FormNotOurs` unless it is one of ours.
    """
    request = at_hand.request()
    blocks = body.blocks()
    with _listening_on(blocks):
        form = multipart.read(
            blocks,
            request.headers.get("Content-Type", ""),
            request.content_length,
        )
        token = request.headers.get(security.HEADER) or form.get(security.FIELD)
        security.require_token(token)
        yield form


@contextlib.contextmanager
def _listening_on(blocks: Iterator[bytes]) -> Iterator[None]:
    """After the block, take what the browser still has to say, for a while.

    It shows an answer only once it could say everything, and would show none
    if the connection were closed at once.
    """
    try:
        yield
    finally:
        until = time.monotonic() + LISTEN_SECONDS
        with contextlib.suppress(errors.Error), connection.released():
            while time.monotonic() < until and next(blocks, None):
                pass


def _make(context: Context, form: multipart.Form) -> ImageRow:
    """The image that the fields describe."""
    given: dict[str, Any] = {
        "visibility": form.get("visibility"),
        "protected": form.get("protected") == "yes",
        "min_disk": presenting.whole(form.get("min_disk")),
        "min_ram": presenting.whole(form.get("min_ram")),
        "tags": presenting.words(form.get("tags")),
    }
    for name in ("name", "disk_format", "container_format"):
        given[name] = form.get(name).strip() or None
    values = {name: load_value(name, value) for name, value in given.items()}
    description = form.get("description").strip()
    properties = {}
    if description:
        properties["description"] = load_value("description", description)
    context.deployment.extra_properties.require(properties)
    return images.create(context, properties, **values)


def _bring(image: ImageRow, form: multipart.Form) -> Any:
    """Upload or import the data; what goes wrong is said where it can be tried again."""
    context = current_context()
    try:
        if form.get("source") == "web":
            _fetch(context, image.id, form.get("uri").strip())
            return flask.redirect(flask.url_for(".progress", image_id=image.id), 303)
        if not form.filename:
            raise NoFile()
        arrived = image_data.upload(context, image.id, form.data, expected=form.length)
    except MENDABLE as exc:
        if wants_json():
            raise
        session.note(str(exc), "bad")
        return flask.redirect(_again(image.id), 303)
    _note_arrival(arrived)
    return flask.redirect(_page_of(image.id), 303)


def _fetch(context: Context, image_id: str, uri: str) -> None:
    if WEB not in context.config.enabled_import_methods:
        raise errors.Forbidden(reason="this service fetches nothing from the web")
    method = {"name": WEB, "uri": uri}
    imports.submit(context, image_id, imports.Request(WEB, method), {"method": method})


def _note_arrival(image: ImageRow) -> None:
    session.note(
        f"The data of {presenting.called(image)} has arrived: {presenting.size(image.size)}, "
        f"{image.os_hash_algo} {image.os_hash_value}"
    )


def _running(context: Context, image_id: str) -> bool:
    return any(task.status in OPEN for task in tasks.get_all_of_image(context, image_id))


def _form(
    form: multipart.Form, error: errors.Error | None = None, image: ImageRow | None = None
) -> Any:
    context = current_context()
    page = flask.render_template(
        "upload.html",
        form=form,
        error=error,
        image=image,
        again=_again(image.id) if image else None,
        send=_send(image.id) if image else None,
        formats=context.config.image_format,
        visibilities=_visibilities(context),
        from_web=WEB in context.config.enabled_import_methods,
    )
    return page, status_of(error) if error else 200


def _visibilities(context: Context) -> list[str]:
    """What this person may choose for a new image."""
    facts = {"project_id": context.project_id, "owner": context.project_id}
    rules = {"community": "communitize_image", "public": "publicize_image"}
    allowed = [name for name, rule in rules.items() if context.allows(rule, facts)]
    return ["private", "shared", *allowed]


def _page_of(image_id: str) -> str:
    return f"{flask.url_for('dashboard.images.index')}/{image_id}"


def _again(image_id: str) -> str:
    return flask.url_for("dashboard.upload.again", image_id=image_id)


def _send(image_id: str) -> str:
    return flask.url_for("dashboard.upload.send", image_id=image_id)
