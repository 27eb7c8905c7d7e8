"""Routes of image data: upload and download."""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import flask
from flask.views import MethodView
from werkzeug.wsgi import FileWrapper

from glance_shim import errors
from glance_shim.api import at_hand, body, ranges, smorest
from glance_shim.api.authentication import current_context
from glance_shim.context import Context
from glance_shim.core import events, image_data

log = logging.getLogger(__name__)

blp = smorest.Blueprint(
    "image_data", __name__, url_prefix="/v2/images", description="The bytes of images"
)

OCTETS = "application/octet-stream"
SIZE_HEADER = "X-OpenStack-Image-Size"
STORE_HEADER = "X-Image-Meta-Store"
REDIRECT_HEADER = "X-OpenStack-Image-Redirect"


class UnsupportedData(errors.Unsupported):
    message = f"The Content-Type of image data must be {OCTETS}, not '{{type}}'"


def declared_size() -> int | None:
    """The size that the client says the data has; 0 means that it does not know.

    Raises `errors.Invalid` for what is no whole number.
    """
    text = at_hand.request().headers.get(SIZE_HEADER)
    if text is None:
        return None
    if not re.fullmatch(r"[ \t]*[0-9]{1,18}[ \t]*", text):
        raise errors.Invalid(reason=f"{SIZE_HEADER} must be a whole number, not '{text}'")
    return int(text)


def require_octets() -> None:
    """Raise `UnsupportedData` for any other Content-Type."""
    request = at_hand.request()
    if request.mimetype != OCTETS:
        raise UnsupportedData(type=request.mimetype)


@blp.route("/<image_id>/file")
class ImageFile(MethodView):
    @blp.response(204)
    def put(self, image_id: str) -> None:
        """Upload the data of an image."""
        request = at_hand.request()
        require_octets()
        context = current_context()
        store_id = request.headers.get(STORE_HEADER)
        image_data.upload(
            context,
            image_id,
            body.blocks(),
            store_id=store_id if context.deployment.stores.multi else None,
            declared=declared_size(),
            expected=request.content_length,
        )

    @blp.response(200)
    @body.bodiless
    def get(self, image_id: str) -> flask.Response:
        """Download the data of an image, or one range of it."""
        span = ranges.asked_for()
        context = current_context()
        by_url = at_hand.request().headers.get(REDIRECT_HEADER, "").lower() == "allow"
        found = image_data.download(context, image_id, span, _preferred(), by_url)
        if found is None:
            return flask.Response(status=204)
        return sent(context, found, partial=span is not None)


def _preferred() -> list[str]:
    """The stores named in ``prefer``; raises `errors.Invalid` for one there is not."""
    stores = current_context().deployment.stores
    text = at_hand.request().args.get("prefer", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names and not stores.multi:
        raise errors.Invalid(reason="prefer needs several stores, and this service has one")
    for name in names:
        stores.find(name)
    return names


def sent(
    context: Context, download: image_data.Download | image_data.Handover, partial: bool
) -> flask.Response:
    """The answer with the data, or the one that lets somebody else send it."""
    if isinstance(download, image_data.Handover):
        return _handed_over(download)
    image, start, length = download.image, download.start, download.length
    response = flask.Response(
        _Leaving(context, download).chunks(),
        206 if partial else 200,
        mimetype=OCTETS,
        direct_passthrough=True,
    )
    response.content_length = length
    if image.checksum:
        response.headers["Content-MD5"] = image.checksum
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{image.size}"
    return response


def _handed_over(found: image_data.Handover) -> flask.Response:
    """Ranges are the matter of who sends the data; the checksum is that of the whole."""
    response = flask.Response(status=200 if found.internal else 307, mimetype=OCTETS)
    response.headers["X-Accel-Redirect" if found.internal else "Location"] = found.url
    response.headers["Cache-Control"] = "no-store"
    if found.image.checksum:
        response.headers["Content-MD5"] = found.image.checksum
    return response


class _Leaving:
    """The bytes of a download on their way out.

    The server gets them without Werkzeug in between, and closes what it got:
    that is the end of the download, whether it was whole or not.
    """

    def __init__(self, context: Context, download: image_data.Download) -> None:
        self._context = context
        self._download = download
        self._count = 0
        self._began = time.monotonic()

    def chunks(self) -> Iterable[bytes]:
        """A whole file leaves by sendfile where the server can; else 256 KiB at a time."""
        file = self._download.reading.file
        wrap = at_hand.request().environ.get("wsgi.file_wrapper")
        if file is None or wrap in (None, FileWrapper):
            return self
        wrapped: Any = wrap(_Followed(file, self._download.start), body.BLOCK)
        wrapped.close = functools.partial(self._close_file, wrapped.filelike)
        return wrapped

    def __iter__(self) -> Iterator[bytes]:
        length = self._download.length
        for chunk in self._download.reading:
            if self._count >= length:
                break
            part = chunk[: length - self._count]
            yield part
            self._count += len(part)

    def _close_file(self, file: _Followed) -> None:
        self._count = file.count
        self.close()

    def close(self) -> None:
        download, sent = self._download, self._count
        download.close()
        events.sent(self._context, download.image, download.length, sent)
        seconds = time.monotonic() - self._began
        log.info("Image %s: %d bytes sent in %.3f s", download.image.id, sent, seconds)


class _Followed:
    """A file that knows how far the server has come.

    Its own position does not tell: gunicorn puts it back after sendfile, of
    which only the seek at its end can be seen.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        self.count = 0
        self.fileno = file.fileno

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data

    def seek(self, position: int) -> None:
        self._file.seek(position)
        self.count = position - self._start

    def close(self) -> None:
        self._file.close()
