"""The deployments that the acceptance test goes through, and what they cannot do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from server_process import Server, free_port, operate
from terminal import Sdk, Terminal

LIMIT = 32 << 20
FIXED_TOKEN = "a-token-that-never-changes"
STANDALONE = ("none", "http_basic", "admin_token")


@dataclasses.dataclass(frozen=True)
class Kind:
    """A way to deploy the service: who says who is asking, and below which path."""

    strategy: str
    mount_path: str = ""

    @property
    def name(self) -> str:
        return self.strategy + ("-below-a-path" if self.mount_path else "")


KINDS = {
    kind.name: kind
    for strategy in ("embedded", *STANDALONE)
    for kind in (Kind(strategy), Kind(strategy, "/image"))
}

# What a test can need, and where that is not to be had, with the reason: by
# strategy, or by the name of one deployment. "=embedded" is the one that is not
# below a path; it is started by `quickstart`.
LEFT_OUT: dict[str, dict[str, str]] = {
    "people": dict.fromkeys(("none", "admin_token"), "every caller is the same administrator"),
    "one administrator": dict.fromkeys(("embedded", "http_basic"), "there are several people"),
    "a login": dict.fromkeys(STANDALONE, "there is no token that could be shown or revoked"),
    "no login": {"embedded": "the clients log in"},
    "a credential": {"none": "nobody can have a wrong one"},
    "limits": {"=embedded": "quickstart has the default limits, which are far too large"},
    "a glance command": {"http_basic": "the glance command knows nothing but tokens"},
    "every command": dict.fromkeys(
        STANDALONE, "the requests are those of embedded; test_sdk.py makes such everywhere"
    ),
    "every option": dict.fromkeys(
        (*STANDALONE, "=embedded-below-a-path"),
        "the requests are those of embedded; test_sdk.py makes such everywhere",
    ),
}


def having(*needs: str) -> list[str]:
    """The names of the deployments where all that is to be had."""
    return [
        kind.name
        for kind in KINDS.values()
        if not any({kind.strategy, f"={kind.name}"} & set(LEFT_OUT[need]) for need in needs)
    ]


# Name, role and project of the users that `quickstart` makes.
PEOPLE = (
    ("admin", "admin", "admin"),
    ("platform", "member", "platform"),
    ("platform-reader", "reader", "platform"),
    ("app-team", "member", "app-team"),
)

OPTIONS = f"""\
[DEFAULT]
auth_strategy = {{strategy}}
admin_token = {FIXED_TOKEN}
mount_path = {{mount_path}}
state_path = {{directory}}
bind_port = {{port}}
enabled_backends = local:file
image_size_cap = {LIMIT}
user_storage_quota = {LIMIT}B

[glance_store]
default_backend = local

[local]
filesystem_store_datadir = {{directory}}/images

[database]
connection = sqlite:///{{directory}}/glance-shim.db
"""


class Site:
    """A deployment that runs, with the projects of ``quickstart`` and its users if any."""

    def __init__(self, kind: Kind, directory: Path, terminal: Terminal) -> None:
        self.kind = kind
        self.directory = directory
        self.terminal = terminal
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}{kind.mount_path}"
        self.data = directory / "data"
        self.clouds = self.data / "clouds.yaml"
        arguments = self._quickstart if kind.name == "embedded" else self._serve
        self.server = Server(directory, *arguments())
        self.server.wait_until_it_serves(self.root)
        self.sdk = Sdk(terminal, self.clouds)
        self._project_ids: dict[str, str] = {}

    def _quickstart(self) -> list[str]:
        return ["quickstart", "--directory", str(self.data), "--port", str(self.port)]

    def _serve(self) -> list[str]:
        """What an operator does before the first start, and how the service is started."""
        self.data.mkdir(mode=0o700)
        options = self.data / "glance-shim.conf"
        options.write_text(
            OPTIONS.format(**vars(self.kind), directory=self.data, port=self.port)
        )
        self.operate("db", "upgrade")
        for project in ("admin", "platform", "app-team"):
            self.operate("identity", "project", "create", project)
        people = PEOPLE if self.kind.name in having("people") else [("admin", "", "")]
        clouds = {name: self._cloud(name, role, project) for name, role, project in people}
        self.clouds.write_text(yaml.safe_dump({"clouds": clouds}))
        return ["serve", "--config-file", str(options)]

    def _cloud(self, name: str, role: str, project: str) -> dict[str, Any]:
        password = ""
        if role:
            words = f"identity user create {name} --role {role} --project {project}"
            made = self.operate(*words.split(), "--generate", "--format", "json")
            password = json.loads(made)["password"]
        return CLOUDS[self.kind.strategy](self.root, name, password, project)

    def operate(self, *arguments: str) -> str:
        """Run ``glance-shim`` as the operator of the site; what it printed."""
        options = str(self.data / "glance-shim.conf")
        return operate(self.directory, "--config-file", options, *arguments)

    def credentials(self, cloud: str) -> dict[str, str]:
        """What ``clouds.yaml`` has under ``auth``."""
        auth: dict[str, str] = yaml.safe_load(self.clouds.read_text())["clouds"][cloud]["auth"]
        return auth

    def project_id(self, name: str) -> str:
        if name not in self._project_ids:
            script = "return cloud.identity.find_project(name, ignore_missing=False).id"
            self._project_ids[name] = self.sdk("admin", script, name=name)
        return self._project_ids[name]

    def blobs(self) -> list[Path]:
        """Every file in the store but its mark, partial ones too."""
        found = (path for path in (self.data / "images").rglob("*") if path.is_file())
        return sorted(path for path in found if path.name != ".glance-shim-store")

    def stop(self) -> None:
        self.sdk.stop()
        assert self.server.stop() == 0
        assert "Traceback" not in self.server.err, self.server.err


def _embedded(root: str, user: str, password: str, project: str) -> dict[str, Any]:
    return {
        "auth_type": "password",
        "auth": {
            "auth_url": f"{root}/identity/v3",
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": "RegionOne",
        "identity_api_version": "3",
    }


def _none(root: str, *_: str) -> dict[str, Any]:
    return {"auth_type": "none", **_overrides(root)}


def _http_basic(root: str, user: str, password: str, _: str) -> dict[str, Any]:
    auth = {"endpoint": root, "username": user, "password": password}
    return {"auth_type": "http_basic", "auth": auth, **_overrides(root)}


def _admin_token(root: str, *_: str) -> dict[str, Any]:
    auth = {"endpoint": f"{root}/v2", "token": FIXED_TOKEN}
    return {"auth_type": "admin_token", "auth": auth, **_overrides(root)}


def _overrides(root: str) -> dict[str, Any]:
    return {
        "image_endpoint_override": root,
        "identity_api_version": "3",
        "identity_endpoint_override": f"{root}/identity",
    }


# The entry of ``clouds.yaml`` for root, user, password and project.
CLOUDS: dict[str, Callable[..., dict[str, Any]]] = {
    "embedded": _embedded,
    "none": _none,
    "http_basic": _http_basic,
    "admin_token": _admin_token,
}
