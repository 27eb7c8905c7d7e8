"""A web server with data, and importing from it."""

from __future__ import annotations

import http.server
from typing import Any

from people import Person

DATA = b"0123456789"


class Source(http.server.BaseHTTPRequestHandler):
    """Serves ``answers``: by path a status, headers and a body."""

    answers: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path.partition("?")[0], (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: Any) -> None:
        pass


def web(source: str, path: str) -> dict[str, str]:
    return {"name": "web-download", "uri": f"{source}{path}"}


def message(person: Person, image_id: str) -> str:
    return person.get(f"/v2/images/{image_id}/tasks").json["tasks"][0]["message"]
