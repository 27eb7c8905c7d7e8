"""A service that listens, and whose operator brings catalogues in and out."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import werkzeug.serving
from click.testing import CliRunner, Result
from people import Person, Service
from server_process import Http

from glance_shim.cli import cli

OPTIONS = """\
[DEFAULT]
state_path = {service.directory}
upload_lease_seconds = 15
{options}
[database]
connection = {url}
[glance_store]
filesystem_store_datadir = {service.directory}/images
"""


class Place:
    """A service that listens, and what an operator does at its machine."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.admin: Person = service.person("admin", "admin")
        self._server = werkzeug.serving.make_server(
            "127.0.0.1", 0, service.app, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.http = self.login(self.admin)

    def login(self, person: Person) -> Http:
        return Http(self.url, person.token or "")

    def variables(self) -> dict[str, str]:
        """What the clients of this service have in their environment."""
        return {
            "OS_AUTH_TYPE": "token",
            "OS_AUTH_URL": f"{self.url}/identity/v3",
            "OS_TOKEN": self.admin.token or "",
            "OS_PROJECT_ID": self.admin.project_id or "",
        }

    def run(self, *words: str, other: Mapping[str, str], options: str = "") -> Result:
        """``glance-shim`` with this service's options and the login to another."""
        words = ("--config-file", self.write_options(options), *words)
        return CliRunner(env=dict(other)).invoke(cli, words)

    def write_options(self, options: str = "") -> str:
        """The name of a file with the options of this service."""
        file = self.service.directory / "glance-shim.conf"
        url = self.service.database_url.replace("$", "$$")
        file.write_text(OPTIONS.format(service=self.service, url=url, options=options))
        self.service.deployment.database.close_idle()
        return str(file)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(werkzeug.serving.WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args: Any) -> None:
        pass


def report(result: Result) -> dict[str, Any]:
    """The report in what a command with ``--format json`` has printed."""
    assert result.stdout, (result.stderr, result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found
