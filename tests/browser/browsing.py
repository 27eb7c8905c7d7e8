"""A person at a browser, and the service that is looked at."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import yaml
from server_process import Http, Server, free_port, operate
from terminal import PATIENCE

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

OPTIONS = """\
[DEFAULT]
state_path = {data}
bind_host = 127.0.0.1
bind_port = {port}
enabled_backends = local:file

[glance_store]
default_backend = local

[local]
filesystem_store_datadir = {data}/images

[database]
connection = sqlite:///{data}/glance-shim.db

[import_filtering_opts]
allowed_networks = 127.0.0.0/8
allowed_ports = 80,443,{source_port}
"""

# Another project and its member, beside those of quickstart.
STRANGERS = "strangers"


class Place:
    """A service that was started by ``quickstart``, with three teams and an administrator."""

    def __init__(self, directory: Path, source: str) -> None:
        self.directory = directory
        self.source = source
        self.data = directory / "data"
        self.clouds = self.data / "clouds.yaml"
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.data.mkdir(mode=0o700)
        self._options = self.data / "glance-shim.conf"
        self._options.write_text(
            OPTIONS.format(
                data=self.data, port=self.port, source_port=source.rpartition(":")[2]
            )
        )
        self.server = Server(
            directory, "quickstart", "--directory", str(self.data), "--port", str(self.port)
        )
        self.server.wait_until_it_serves(self.root)
        self._passwords = {
            name: cloud["auth"]["password"]
            for name, cloud in yaml.safe_load(self.clouds.read_text())["clouds"].items()
        }
        self.operate("identity", "project", "create", STRANGERS)
        self.add_user(STRANGERS, STRANGERS)

    def operate(self, *arguments: str) -> str:
        """Run ``glance-shim`` as the operator; what it printed."""
        return operate(self.directory, "--config-file", str(self._options), *arguments)

    def add_user(self, name: str, project: str, role: str = "member") -> None:
        """Somebody new with a role in a project, known by a generated password."""
        words = f"identity user create {name} --role {role} --project {project}"
        made = self.operate(*words.split(), "--generate", "--format", "json")
        self._passwords[name] = json.loads(made)["password"]

    def password(self, name: str) -> str:
        return self._passwords[name]

    def api(self, name: str) -> Api:
        """The same person without a browser."""
        return Api(self.root, name, self.password(name), project_of(name))

    def stop(self) -> None:
        assert self.server.stop() == 0
        assert "Traceback" not in self.server.err, self.server.err


def project_of(name: str) -> str:
    """The name of the project of a user."""
    return "platform" if name.startswith("platform") else name


class Api:
    """The Image API as one person uses it, to prepare what a browser is then shown."""

    def __init__(self, root: str, name: str, password: str, project: str) -> None:
        domain = {"name": "Default"}
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": name, "password": password, "domain": domain}},
        }
        scope = {"project": {"name": project, "domain": domain}}
        login = json.dumps({"auth": {"identity": identity, "scope": scope}})
        answer = Http(root, "").answer(
            "POST", "/identity/v3/auth/tokens", login, **{"Content-Type": "application/json"}
        )
        assert answer.status == 201, answer.body
        self.http = Http(root, answer.headers["X-Subject-Token"])
        self.project_id: str = json.loads(answer.body)["token"]["project"]["id"]

    def call(self, method: str, path: str, document: Any = None) -> Any:
        """The document that a request is answered with; it must succeed."""
        body = None if document is None else json.dumps(document)
        headers = {"Content-Type": "application/json"} if body else {}
        status, answer = self.http.request(method, path, body, **headers)
        assert 200 <= status < 300, (status, answer)
        return json.loads(answer) if answer else None

    def create(self, **values: Any) -> str:
        """The id of a new image, without data."""
        document = {"disk_format": "raw", "container_format": "bare", **values}
        return str(self.call("POST", "/v2/images", document)["id"])

    def active(self, data: bytes = b"0123456789", **values: Any) -> str:
        """The id of a new image with data."""
        image_id = self.create(**values)
        assert self.http.upload(image_id, [data])[0] == 204
        return image_id

    def share(self, image_id: str, member: str) -> None:
        """Offer an image to the project with this id."""
        self.call("POST", f"/v2/images/{image_id}/members", {"member": member})

    def show(self, image_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.call("GET", f"/v2/images/{image_id}")
        return shown

    def data(self, image_id: str) -> bytes:
        status, data = self.http.request("GET", f"/v2/images/{image_id}/file")
        assert status == 200, data
        return data


class Visitor:
    """A person at a browser of her own.

    What goes wrong in a page is remembered: errors of scripts, everything the
    console calls an error, and requests to another host.
    """

    def __init__(
        self, chromium: Any, place: Place, name: str, script: bool = True, **options: Any
    ) -> None:
        self.place = place
        self.name = name
        self.troubles: list[str] = []
        self.expected: list[str] = []
        options.setdefault("locale", "en-GB")
        self.context = chromium.new_context(java_script_enabled=script, **options)
        self.context.set_default_timeout(PATIENCE * 1000)
        self.context.on("page", self._watch)
        self.page = self.context.new_page()

    def _watch(self, page: Any) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        url = urllib.parse.urlsplit(request.url)
        ours = f"{url.scheme}://{url.netloc}" == self.place.root
        if not ours and url.scheme not in ("data", "blob"):
            self.troubles.append(f"request to {request.url}")

    def expect(self, *words: str) -> None:
        """Errors with one of these words are part of the test."""
        self.expected += words

    def leave(self) -> None:
        """Close the browser; nothing unexpected may have happened in it."""
        self.context.close()
        troubles = [t for t in self.troubles if not any(word in t for word in self.expected)]
        assert not troubles, troubles

    def open(self, path: str) -> None:
        """Go to a page of the dashboard by its address."""
        self.page.goto(f"{self.place.root}/dashboard{path}")

    @property
    def path(self) -> str:
        """Where the person is, below ``/dashboard``."""
        return urllib.parse.urlsplit(self.page.url).path.removeprefix("/dashboard")

    def log_in(self, project: str | None = None) -> None:
        """Log in with name and password, from the page that asks for it."""
        self.open("/login")
        self.fill_login(project)
        self.page.wait_for_url("**/dashboard/images*")

    def fill_login(self, project: str | None = None) -> None:
        """Fill the page that asks for a login, and send it."""
        page = self.page
        page.get_by_label("User").fill(self.name)
        page.get_by_label("Password").fill(self.place.password(self.name))
        page.get_by_label("Project").fill(project or project_of(self.name))
        page.get_by_role("button", name="Log in").click()

    @property
    def text(self) -> str:
        """What the page says."""
        text: str = self.page.locator("body").inner_text()
        return text
