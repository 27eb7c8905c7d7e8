"""A real Keystone on a free port of this machine, with people in it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import environments

PATIENCE = 60

MISSING = (
    "Keystone is not installed; "
    f"{environments.VARIABLES['keystone']}=make has it installed in {environments.OURS}"
)

CONFIGURATION = """\
[DEFAULT]
public_endpoint = {root}
[database]
connection = sqlite:///{directory}/keystone.db
[token]
expiration = {expiration}
allow_expired_window = 600
[fernet_tokens]
key_repository = {directory}/fernet-keys
[credential]
key_repository = {directory}/credential-keys
[cache]
enabled = false
[identity]
password_hash_rounds = 4
[fernet_receipts]
key_repository = {directory}/fernet-keys
"""

SERVER = """\
wsgi_app = "keystone.wsgi.api:application"
bind = "127.0.0.1:{port}"
threads = {threads}
control_socket_disable = True
# Not to be killed on a machine where an answer takes long: Glance, which leaves it
# to later whether a token is good, answers 401 when its question is cut off.
timeout = 0
"""


class Answer:
    """What Keystone says."""

    def __init__(self, status: int, headers: Any, data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.json = json.loads(data) if data else None


class Keystone:
    """The process; `start` and `stop` may be repeated, its data stays.

    There is an administrator (user, project and role ``admin``), and the
    service user ``glance`` in the project ``service``. Tokens live for
    ``expiration`` seconds.
    """

    def __init__(
        self, commands: Path, directory: Path, expiration: int = 3600, threads: int = 8
    ) -> None:
        self.commands = commands
        self.directory = directory
        self.expiration = expiration
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/v3"
        self.admin_password = secrets.token_hex(12)
        self.service_password = secrets.token_hex(12)
        self.file = directory / "keystone.conf"
        self.file.write_text(
            CONFIGURATION.format(directory=directory, root=self.root, expiration=expiration)
        )
        server = SERVER.format(port=self.port, threads=threads)
        (directory / "gunicorn.conf.py").write_text(server)
        self.process: subprocess.Popen[bytes] | None = None
        self._log = (directory / "log").open("ab")
        self._make()
        self.start()
        self._token = self.token("admin", self.admin_password, "admin")
        self._roles = {role["name"]: role["id"] for role in self.get("/roles")["roles"]}
        self._add_service_user()

    def _make(self) -> None:
        self._manage("db_sync")
        ourselves = ("--keystone-user", _user(), "--keystone-group", _group())
        self._manage("fernet_setup", *ourselves)
        self._manage("credential_setup", *ourselves)
        urls = [
            w
            for i in ("admin", "public", "internal")
            for w in (f"--bootstrap-{i}-url", self.url)
        ]
        password = ("--bootstrap-password", self.admin_password)
        self._manage("bootstrap", *password, "--bootstrap-region-id", "RegionOne", *urls)

    def _manage(self, *words: str) -> None:
        command = [self.commands / "keystone-manage", "--config-file", self.file, *words]
        subprocess.run(command, check=True, stdout=self._log, stderr=self._log)

    def _add_service_user(self) -> None:
        project = self.project("service")
        user = self.user("glance", self.service_password)
        self.grant(user, project, "service")
        self.grant(user, project, "admin")

    def start(self) -> None:
        """Serve, and return once it answers."""
        # Keystone would read arguments as its own.
        self.process = subprocess.Popen(
            [self.commands / "gunicorn"],
            env={"PATH": str(self.commands), "OS_KEYSTONE_CONFIG_DIR": str(self.directory)},
            stdout=self._log,
            stderr=self._log,
            cwd=self.directory,
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, "Keystone has ended; see its log"
            assert time.monotonic() < deadline, "Keystone does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url, timeout=10):
            return True
        return False

    def stop(self) -> None:
        """End the process; the port refuses connections."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def request(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> Answer:
        """One request, as the administrator unless a token is given."""
        sent = {"X-Auth-Token": token if token is not None else self._token, **headers}
        data = None if body is None else json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as exc:
            return Answer(exc.code, exc.headers, exc.read())

    def get(self, path: str) -> Any:
        return self.request("GET", path).json

    def add(self, kind: str, **values: Any) -> dict[str, str]:
        """A new thing of that kind, as Keystone shows it."""
        answer = self.request("POST", f"/{kind}s", {kind: values})
        assert answer.status == 201, answer.json
        made: dict[str, str] = answer.json[kind]
        return made

    def project(self, name: str) -> str:
        """The id of a new project."""
        return self.add("project", name=name, domain_id="default")["id"]

    def user(self, name: str, password: str) -> str:
        """The id of a new user."""
        return self.add("user", name=name, password=password, domain_id="default")["id"]

    def grant(self, user: str, project: str, role: str) -> None:
        path = f"/projects/{project}/users/{user}/roles/{self._roles[role]}"
        assert self.request("PUT", path).status == 204

    def endpoint(self, service: str, url: str) -> None:
        """Let the catalog say where a service of that type is."""
        made = self.add("service", type=service, name=service)
        for interface in ("public", "internal", "admin"):
            self.add(
                "endpoint",
                service_id=made["id"],
                interface=interface,
                url=url,
                region_id="RegionOne",
            )

    def move_endpoints(self, service: str, url: str) -> None:
        """Let the catalog say that a service is somewhere else."""
        service_id = self.get(f"/services?type={service}")["services"][0]["id"]
        for endpoint in self.get(f"/endpoints?service_id={service_id}")["endpoints"]:
            path = f"/endpoints/{endpoint['id']}"
            assert self.request("PATCH", path, {"endpoint": {"url": url}}).status == 200

    def grant_system(self, user: str, role: str) -> None:
        path = f"/system/users/{user}/roles/{self._roles[role]}"
        assert self.request("PUT", path).status == 204

    def token(
        self, user: str, password: str, project: str | None = None, scope: Any = None
    ) -> str:
        """The token of a user in a project by name, or in another scope."""
        domain = {"id": "default"}
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": domain, "password": password}},
        }
        if project is not None:
            scope = {"project": {"name": project, "domain": domain}}
        return self.log_in({"identity": identity, **({"scope": scope} if scope else {})})

    def log_in(self, auth: Any) -> str:
        answer = self.request("POST", "/auth/tokens", {"auth": auth}, token="")
        assert answer.status == 201, answer.json
        return str(answer.headers["X-Subject-Token"])

    def revoke(self, token: str) -> None:
        answer = self.request("DELETE", "/auth/tokens", **{"X-Subject-Token": token})
        assert answer.status == 204

    def authtoken(self, **options: str) -> dict[str, str]:
        """The section ``[keystone_authtoken]`` of a service behind this Keystone."""
        return {
            "auth_url": self.url,
            "www_authenticate_uri": self.root,
            "auth_type": "password",
            "username": "glance",
            "password": self.service_password,
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            **options,
        }


def _user() -> str:
    import getpass

    return getpass.getuser()


def _group() -> str:
    import grp
    import os

    return grp.getgrgid(os.getgid()).gr_name


@dataclasses.dataclass(frozen=True)
class User:
    """Somebody Keystone knows, in a project of the same name."""

    id: str
    name: str
    password: str
    project_id: str


def service_token(keystone: Keystone) -> str:
    return keystone.token("glance", keystone.service_password, "service")
