"""``glance-shim quickstart``: a running service on an empty machine."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import click
import yaml

from glance_shim import config, deployment, errors, logs, memory, server
from glance_shim.api import metrics
from glance_shim.app import create_app
from glance_shim.context import Deployment
from glance_shim.core.identity import bootstrap, system_context
from glance_shim.db import connection, schema

OPTIONS = """\
# Written by 'glance-shim quickstart' when it first ran; yours to change.
[DEFAULT]
state_path = {directory}
bind_host = 127.0.0.1
bind_port = {port}
enabled_backends = local:file

[glance_store]
default_backend = local

[local]
filesystem_store_datadir = {directory}/images
store_description = Files on this machine

[database]
connection = sqlite:///{directory}/glance-shim.db
"""

NEXT_STEPS = """\
The image service runs on http://127.0.0.1:{port}. In another terminal:

  export OS_CLIENT_CONFIG_FILE={clouds}
  openstack --os-cloud platform image create --file {file} --disk-format raw golden
  openstack --os-cloud platform image add project golden {app_team}
  openstack --os-cloud app-team image list --shared --member-status pending
  openstack --os-cloud app-team image set --accept \\
    $(openstack --os-cloud platform image show -f value -c id golden)
  openstack --os-cloud app-team image list

People and projects: glance-shim --config-file {options} identity --help
Stop with Ctrl-C; the same command starts it again with its data.
"""


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("glance-shim-data"),
    show_default=True,
    help="Where everything is kept.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on. [default: 9292]"
)
def quickstart(directory: Path, port: int | None) -> None:
    """Start an image service with an identity of its own, in one directory.

    The first start makes the directory with a database, a store, three
    projects with users, and clouds.yaml for the clients; later starts find
    it all again.
    """
    directory = directory.absolute()
    options = directory / "glance-shim.conf"
    _make(directory, options, port or 9292)
    overrides = {"DEFAULT": {"bind_port": port}} if port else None
    built = deployment.build(config.load([str(options)], overrides))
    server.require_free_port(built.config)
    connection.create_private(built.config.database.connection)
    schema.upgrade(built.database)
    app_team = _people(built, directory / "clouds.yaml")
    sample = directory / "sample.raw"
    if not sample.exists():
        sample.write_bytes(os.urandom(1 << 20))
    click.echo(
        NEXT_STEPS.format(
            port=built.config.bind_port,
            clouds=shlex.quote(str(directory / "clouds.yaml")),
            options=shlex.quote(str(options)),
            file=shlex.quote(str(sample)),
            app_team=app_team,
        )
    )
    logs.set_up(built.config.debug)
    memory.set_up()
    metrics.prepare(built.config)
    server.serve(create_app(built), built)


def _make(directory: Path, options: Path, port: int) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not options.exists():
            _write(options, OPTIONS.format(directory=directory, port=port))
        if not os.access(directory, os.W_OK):
            raise PermissionError(13, os.strerror(13))
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"cannot write to {directory}: {exc.strerror}; choose another --directory"
        ) from exc


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.new")
    with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.rename(path)


def _people(built: Deployment, clouds: Path) -> str:
    """Make the demo projects and users, write clouds.yaml, return the app team's id."""
    with connection.connected(built.database):
        people = bootstrap.demo(system_context(built))
    document: dict[str, Any] = {}
    if clouds.exists():
        document = yaml.safe_load(clouds.read_text()) or {}
    known = document.setdefault("clouds", {})
    auth_url = f"http://127.0.0.1:{built.config.bind_port}/identity/v3"
    for person in people:
        if person.get("password"):
            region = built.config.identity.region
            known[person["cloud"]] = bootstrap.cloud_entry(person, auth_url, region)
        if person["cloud"] in known:
            known[person["cloud"]]["auth"]["auth_url"] = auth_url
    _write(clouds, yaml.safe_dump(document, sort_keys=False))
    return str(next(p["project_id"] for p in people if p["cloud"] == "app-team"))
