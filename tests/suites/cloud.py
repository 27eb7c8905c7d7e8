"""A cloud as the suites expect one: Keystone, two servers of this service, and people."""

from __future__ import annotations

import functools
import http.server
import secrets
import threading
from pathlib import Path

import disk_images
import environments
import pytest
import yaml
from real_keystone import Keystone
from server_process import Server, free_port, operate

# Their types in the catalog: the second is a further worker of the same deployment.
SERVICES = ("image", "image_remote")

# What serves Glance serves this service too. What of it means nothing here is told once.
OPTIONS = """\
[DEFAULT]
enabled_backends = fast:file,slow:file,web:http
enabled_import_methods = [glance-direct,web-download,copy-image,glance-download]
worker_self_reference_url = http://127.0.0.1:{port}
show_multiple_locations = true
show_image_direct_url = true
image_cache_dir = {directory}/cache
{options}
[database]
connection = sqlite:///{shared}/glance.db
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = {shared}/fast
store_description = Fast file store
weight = 200
[slow]
filesystem_store_datadir = {shared}/slow
store_description = Slow file store
weight = 100
[web]
store_description = Read-only http store
weight = 50
https_insecure = false
[os_glance_staging_store]
filesystem_store_datadir = {shared}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {shared}/tasks
[image_format]
require_image_format_match = false
[import_filtering_opts]
allowed_hosts = [127.0.0.1]
allowed_ports = []
[oslo_concurrency]
lock_path = {directory}/lock
[paste_deploy]
flavor = keystone+cachemanagement
{paste}
[keystone_authtoken]
{authtoken}
service_token_roles_required = true
"""

# Addresses that are not public can only be fetched from where this says so.
OURS = """\
[DEFAULT]
bind_port = {port}
state_path = {directory}
[import_filtering_opts]
allowed_networks = 127.0.0.0/8
"""


def write_options(
    directory: Path,
    keystone: Keystone,
    port: int,
    shared: Path,
    options: str = "",
    paste: str = "",
) -> Path:
    """An option file as an operator of Glance has it, in a directory of its own."""
    directory.mkdir()
    file = directory / "glance-api.conf"
    authtoken = "\n".join(f"{name} = {v}" for name, v in keystone.authtoken().items())
    file.write_text(OPTIONS.format(**locals()))
    return file


# The names that the suites have for their clouds, with the project and the scope of each.
PEOPLE = {
    "devstack-admin": "admin",
    "devstack-system-admin": None,
    "devstack": "platform",
    "devstack-alt": "app-team",
}


class Cloud:
    """Both servers have one database and the same stores; ``directory`` holds all of it.

    ``directory/clouds.yaml`` knows `PEOPLE`: the administrator, in a project
    and for the whole system, and members of two more projects. ``options``
    are further lines for the section ``[DEFAULT]``.
    """

    def __init__(self, keystone: Keystone, directory: Path, options: str = "") -> None:
        self.keystone = keystone
        self.directory = directory
        self.options = options
        self.assets, self.asset_server = _asset_server(directory / "assets")
        self.servers: list[Server] = []
        self.endpoints = {name: self._serve(directory / name) for name in SERVICES}
        for service, url in self.endpoints.items():
            keystone.endpoint(service, url)
        clouds = {name: self._person(name, project) for name, project in PEOPLE.items()}
        (directory / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}))

    def _serve(self, directory: Path) -> str:
        """Start a server; its address."""
        port = free_port()
        options = write_options(directory, self.keystone, port, self.directory, self.options)
        ours = directory / "glance-shim.conf"
        ours.write_text(OURS.format(port=port, directory=directory))
        files = ("--config-file", str(options), "--config-file", str(ours))
        for command in (("db", "upgrade"), ("metadefs", "load")):
            operate(directory, *files, *command)
        server = Server(directory, *files, "serve")
        self.servers.append(server)
        server.wait_until_it_serves(f"http://127.0.0.1:{port}")
        return f"http://127.0.0.1:{port}"

    def _person(self, name: str, project: str | None) -> dict[str, object]:
        keystone = self.keystone
        if project is None:
            admin = keystone.get("/users?name=admin")["users"][0]
            keystone.grant_system(admin["id"], "admin")
            scope = {"system_scope": "all"}
        else:
            scope = {"project_name": project, "project_domain_name": "Default"}
        user, password = "admin", keystone.admin_password
        if project not in ("admin", None):
            user, password = name, secrets.token_hex(12)
            keystone.grant(keystone.user(user, password), keystone.project(project), "member")
        login = {"auth_url": keystone.url, "username": user, "password": password}
        return {
            "auth": {**login, "user_domain_name": "Default", **scope},
            "region_name": "RegionOne",
            "identity_api_version": "3",
        }

    def stop(self) -> None:
        for server in self.servers:
            assert server.stop() == 0, server.err
        self.asset_server.shutdown()
        self.keystone.stop()


def commands_of(name: str) -> Path:
    """Where the commands of an environment are; without them the test is left out."""
    found = environments.find(name)
    if found is None:
        pytest.skip(
            f"{environments.COMMANDS[name]} is not installed; "
            f"{environments.VARIABLES[name]}=make has it installed in {environments.OURS}"
        )
    return found


def _asset_server(directory: Path) -> tuple[str, http.server.HTTPServer]:
    """What the service fetches images from; its address, and it."""
    directory.mkdir()
    (directory / "image.qcow2").write_bytes(disk_images.qcow2(virtual_size=16 << 20))
    handler = functools.partial(_Quiet, directory=str(directory))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", server


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass
