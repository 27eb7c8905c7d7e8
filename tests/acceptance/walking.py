"""A site with everything switched on, and looking at it without any client."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
from pathlib import Path
from typing import Any

import yaml
from deployments import CLOUDS
from server_process import Http, Server, free_port, operate
from terminal import Finished, Sdk, Terminal, until

DATA = b"data to walk with"

OPTIONS = """\
[DEFAULT]
state_path = {directory}
bind_port = {port}
enabled_backends = fast:file,cheap:file,web:http
enabled_import_methods = glance-direct,web-download,copy-image
image_cache_dir = {directory}/cache

[glance_store]
default_backend = fast

[fast]
filesystem_store_datadir = {directory}/fast
store_description = Quick disks
weight = 10

[cheap]
filesystem_store_datadir = {directory}/cheap

[database]
connection = sqlite:///{directory}/glance-shim.db

[import_filtering_opts]
allowed_networks = 127.0.0.0/8
allowed_ports = {source_port}
"""

# Users by what they are; each has a project of the same name, and one a second role.
PEOPLE = {"admin": "admin", "owner": "member", "other": "member"}


class Source(http.server.BaseHTTPRequestHandler):
    """Has the data at every path."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(DATA)

    do_HEAD = do_GET

    def log_message(self, *args: Any) -> None:
        pass


class Walk:
    """The site, its people, and the state of things, seen through plain requests."""

    def __init__(self, directory: Path, terminal: Terminal) -> None:
        self.directory = directory
        self.terminal = terminal
        self.source = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
        threading.Thread(target=self.source.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.source.server_port}/data"
        port = free_port()
        self.root = f"http://127.0.0.1:{port}"
        self.options = directory / "glance-shim.conf"
        self.options.write_text(
            OPTIONS.format(directory=directory, port=port, source_port=self.source.server_port)
        )
        self.clouds = directory / "clouds.yaml"
        self._make_people()
        self.server = Server(directory, "serve", "--config-file", str(self.options))
        self.server.wait_until_it_serves(self.root)
        self.sdk = Sdk(terminal, self.clouds)
        self._http = {
            name: Http(self.root, self.sdk(name, "return cloud.auth_token")) for name in PEOPLE
        }
        self.projects: dict[str, str] = {
            name: self.sdk(name, "return cloud.current_project_id") for name in PEOPLE
        }
        self._names = itertools.count()

    def _make_people(self) -> None:
        self.operate("db", "upgrade")
        clouds = {}
        for name, role in PEOPLE.items():
            self.operate("identity", "project", "create", name)
            words = f"identity user create {name} --role {role} --project {name}"
            made = self.operate(*words.split(), "--generate", "--format", "json")
            password = json.loads(made)["password"]
            clouds[name] = CLOUDS["embedded"](self.root, name, password, name)
        self.clouds.write_text(yaml.safe_dump({"clouds": clouds}))

    def operate(self, *arguments: str) -> str:
        return operate(self.directory, "--config-file", str(self.options), *arguments)

    def stop(self) -> None:
        self.sdk.stop()
        self.source.shutdown()
        assert self.server.stop() == 0
        assert "Traceback" not in self.server.err, self.server.err

    def openstack(self, who: str, words: list[str], data: bytes = b"") -> Finished:
        """Run ``openstack``; it must succeed."""
        command = ("openstack", "--os-cloud", who, *words)
        return self.terminal.run(*command, data=data, OS_CLIENT_CONFIG_FILE=str(self.clouds))

    def ask(self, method: str, path: str, body: Any = None, who: str = "admin") -> Any:
        """What a request answers with; it must succeed."""
        kind, text = "application/json", None if body is None else ""
        if isinstance(body, bytes):
            kind, text = "application/octet-stream", body.decode()
        elif body is not None:
            text = json.dumps(body)
        status, answer = self._http[who].request(method, path, text, **{"Content-Type": kind})
        assert status < 300, answer
        return json.loads(answer) if answer else None

    def get(self, path: str, who: str = "admin") -> Any:
        return self.ask("GET", path, who=who)

    def has(self, path: str) -> bool:
        """Is there something at the path?"""
        return self._http["admin"].request("GET", path)[0] != 404

    def data(self, image_id: str) -> bytes:
        return self._http["admin"].request("GET", f"/v2/images/{image_id}/file")[1]

    def name(self) -> str:
        """A name that nothing has yet."""
        return f"walk-{next(self._names)}"

    def image(self, **values: Any) -> str:
        """The id of a new image of the owner."""
        document = {"name": self.name(), "disk_format": "raw", "container_format": "bare"}
        made = self.ask("POST", "/v2/images", {**document, **values}, who="owner")
        return str(made["id"])

    def active(self, **values: Any) -> str:
        image_id = self.image(**values)
        self.ask("PUT", f"/v2/images/{image_id}/file", DATA, who="owner")
        return image_id

    def staged(self) -> str:
        image_id = self.image()
        self.ask("PUT", f"/v2/images/{image_id}/stage", DATA, who="owner")
        return image_id

    def show(self, image_id: str) -> Any:
        return self.get(f"/v2/images/{image_id}")

    def becomes(self, image_id: str, **values: Any) -> bool:
        """Wait until the image has these values."""
        return bool(
            until(
                lambda: values.items() <= self.show(image_id).items(), f"the image has {values}"
            )
        )

    def shared(self) -> str:
        """An image that is offered to the other project."""
        image_id = self.active()
        body = {"member": self.projects["other"]}
        self.ask("POST", f"/v2/images/{image_id}/members", body, who="owner")
        return image_id

    def members(self, image_id: str) -> dict[str, str]:
        found = self.get(f"/v2/images/{image_id}/members")["members"]
        return {each["member_id"]: each["status"] for each in found}

    def task(self) -> str:
        """A task that has ended, on an image that was imported."""
        image_id = self.staged()
        self.ask(
            "POST",
            f"/v2/images/{image_id}/import",
            {"method": {"name": "glance-direct"}},
            who="owner",
        )
        self.becomes(image_id, status="active")
        (task,) = self.get(f"/v2/images/{image_id}/tasks")["tasks"]
        return str(task["id"])

    def namespace(self, **values: Any) -> str:
        """A namespace, with colons in its name."""
        name = f"OS::Walk::{self.name()}"
        self.ask("POST", "/v2/metadefs/namespaces", {"namespace": name, **values})
        return name

    def in_namespace(self, name: str, what: str = "") -> Any:
        return self.get(f"/v2/metadefs/namespaces/{name}{what}")

    def cached(self) -> set[str]:
        return {each["image_id"] for each in self.get("/v2/cache")["cached_images"]}

    def in_cache(self) -> str:
        """An image that is in the cache."""
        image_id = self.active()
        self.ask("PUT", f"/v2/cache/{image_id}")
        until(lambda: image_id in self.cached(), "the image is cached")
        return image_id

    def queued(self) -> list[str]:
        return list(self.get("/v2/cache")["queued_images"])

    def settled(self) -> bool:
        """Nothing is on its way into the cache."""
        return bool(until(lambda: not self.queued(), "the queue of the cache is empty"))
