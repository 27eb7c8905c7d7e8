"""What the tests of locations refer to, and how they ask for it."""

from __future__ import annotations

import http.server
import re
from collections.abc import Callable
from typing import Any

from people import Person, Service

from glance_shim.db import connection
from glance_shim.db import images as rows
from glance_shim.db.models.images import Image

DATA = b"0123456789"

Answer = Callable[["Source"], None]


class Source(http.server.BaseHTTPRequestHandler):
    """Serves bytes by path, with or without ranges, or what an answer makes of it."""

    server: Any

    def do_GET(self) -> None:
        web = self.server.web
        web.requests.append((self.command, self.path))
        found = web.answers.get(self.path)
        if callable(found):
            found(self)
        elif found is None:
            self.reply(404, b"")
        else:
            self.serve(found)

    do_HEAD = do_GET

    def serve(self, data: bytes, ranges: bool = False, **headers: str) -> None:
        """Send the data, or the part of it that is asked for if there are ``ranges``."""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not ranges or match is None:
            self.reply(200, data, **headers)
            return
        start = int(match[1])
        part = data[start : int(match[2]) + 1 if match[2] else None]
        span = f"bytes {start}-{start + len(part) - 1}/{len(data)}"
        self.reply(206, part, **{"Content-Range": span, **headers})

    def reply(self, status: int, data: bytes, **headers: str) -> None:
        """Send this; ``Content-Length`` is that of the data unless it is given."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


class Web:
    """A web server; ``answers`` has the bytes, or what answers, by path."""

    def __init__(self, server: http.server.ThreadingHTTPServer) -> None:
        server.web = self  # type: ignore[attr-defined]
        self.port = server.server_port
        self.answers: dict[str, bytes | Answer] = {}
        self.requests: list[tuple[str, str]] = []

    def reset(self) -> None:
        self.answers = dict.fromkeys(("/data", "/other", "/more"), DATA)
        self.requests = []

    def url(self, path: str = "/data") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def location(url: str, metadata: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A location as clients write it."""
    return {"url": url, "metadata": metadata or {}, **more}


def add(url: str, position: str | int = "-", **more: Any) -> dict[str, Any]:
    """The operation that adds a location."""
    return {"op": "add", "path": f"/locations/{position}", "value": location(url, **more)}


def replace(*locations: Any) -> dict[str, Any]:
    """The operation that replaces all locations."""
    return {"op": "replace", "path": "/locations", "value": list(locations)}


def remove(position: str | int) -> dict[str, Any]:
    """The operation that removes a location."""
    return {"op": "remove", "path": f"/locations/{position}"}


def urls(image: dict[str, Any]) -> list[str]:
    """Where an answer says that the data is."""
    return [each["url"] for each in image["locations"]]


def at(person: Person, *places: str, **values: Any) -> dict[str, Any]:
    """An image whose data is at these URLs."""
    image = person.create(**values)
    response = person.patch(image["id"], *(add(url) for url in places))
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json
    return shown


def refused(person: Person, image: dict[str, Any], code: int, *operations: Any) -> str:
    """See the patch refused and the image as it was; return what the refusal says."""
    response = person.patch(image["id"], *operations)
    assert response.status_code == code, response.text
    assert person.show(image["id"]) == image
    text: str = response.text
    return text


def put_in_status(service: Service, image_id: str, status: str) -> None:
    """Leave the image in a status that no single request leaves it in."""
    with connection.connected(service.deployment.database):
        if status in ("deleted", "pending_delete"):
            rows.mark_deleted(image_id, status)
        else:
            Image.update(status=status).where(Image.id == image_id).execute()
