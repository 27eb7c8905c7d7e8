"""Routes of image data: upload and download."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator

import flask
from flask.views import MethodView
from werkzeug.wsgi import FileWrapper

from glance_shim import errors
from glance_shim.api import body, ranges, smorest
from glance_shim.api.authentication import current_context
from glance_shim.core import image_data

log = logging.getLogger(__name__)

blp = smorest.Blueprint(
    "image_data", __name__, url_prefix="/v2/images", description="The bytes of images"
)

OCTETS = "application/octet-stream"
SIZE_HEADER = "X-OpenStack-Image-Size"
STORE_HEADER = "X-Image-Meta-Store"


class UnsupportedData(errors.Unsupported):
    message = f"The Content-Type of image data must be {OCTETS}, not '{{type}}'"


def declared_size() -> int | None:
    """The size that the client says the data has; 0 means that it does not know.

    Raises `errors.Invalid` for what is no whole number.
    """
    text = flask.request.headers.get(SIZE_HEADER)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        raise errors.Invalid(reason=f"{SIZE_HEADER} must be a whole number, not '{text}'")
    return int(text)


def require_octets() -> None:
    """Raise `UnsupportedData` for any other Content-Type."""
    if flask.request.mimetype != OCTETS:
        raise UnsupportedData(type=flask.request.mimetype)


@blp.route("/<image_id>/file")
class ImageFile(MethodView):
    @blp.response(204)
    def put(self, image_id: str) -> None:
        """Upload the data of an image."""
        require_octets()
        context = current_context()
        store_id = flask.request.headers.get(STORE_HEADER)
        image_data.upload(
            context,
            image_id,
            body.blocks(),
            store_id=store_id if context.deployment.stores.multi else None,
            declared=declared_size(),
            expected=flask.request.content_length,
        )

    @blp.response(200)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """Download the data of an image, or one range of it."""
        span = ranges.asked_for()
        download = image_data.download(current_context(), image_id, span, _preferred())
        if download is None:
            return flask.Response(status=204)
        return _sent(download, partial=span is not None)


def _preferred() -> list[str]:
    """The stores named in ``prefer``; raises `errors.Invalid` for one there is not."""
    stores = current_context().deployment.stores
    text = flask.request.args.get("prefer", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names and not stores.multi:
        raise errors.Invalid(reason="prefer needs several stores, and this service has one")
    for name in names:
        stores.find(name)
    return names


def _sent(download: image_data.Download, partial: bool) -> flask.Response:
    image, start, length = download.image, download.start, download.length
    response = flask.Response(
        _chunks(download), 206 if partial else 200, mimetype=OCTETS, direct_passthrough=True
    )
    response.content_length = length
    if image.checksum:
        response.headers["Content-MD5"] = image.checksum
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{image.size}"
    began = time.monotonic()

    def done() -> None:
        download.reading.close()
        seconds = time.monotonic() - began
        log.info("Image %s: %d bytes sent in %.3f s", image.id, length, seconds)

    response.call_on_close(done)
    return response


def _chunks(download: image_data.Download) -> Iterable[bytes]:
    """A whole file leaves by sendfile where the server can; else 256 KiB at a time."""
    reading = download.reading
    wrap = flask.request.environ.get("wsgi.file_wrapper")
    if reading.file is not None and wrap not in (None, FileWrapper):
        return wrap(reading.file, body.BLOCK)
    return _cut(reading, download.length)


def _cut(reading: Iterable[bytes], length: int) -> Iterator[bytes]:
    for chunk in reading:
        yield chunk[:length]
        length -= len(chunk)
        if length <= 0:
            break
