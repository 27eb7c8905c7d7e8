"""``glance-shim serve``: the production form."""

from __future__ import annotations

import logging

import click

from glance_shim import config, deployment, logs, memory, server
from glance_shim.api import metrics
from glance_shim.app import create_app
from glance_shim.context import Deployment
from glance_shim.db import schema
from glance_shim.doctor import writable
from glance_shim.options import foreign

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--config-file",
    "config_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="File with options; may be given more than once, later ones win.",
)
@click.pass_obj
def serve(obj: object, config_files: tuple[str, ...]) -> None:
    """Serve until told to stop.

    The database must have been made with 'glance-shim db upgrade'. SIGTERM
    lets running transfers finish.
    """
    built = built_from(obj, config_files)
    schema.check(built.database)
    server.require_free_port(built.config)
    metrics.prepare(built.config)
    server.serve(create_app(built), built)


def built_from(obj: object, config_files: tuple[str, ...]) -> Deployment:
    """The deployment of a process that stays, which logs from now on.

    ``obj`` makes it where the subcommand names no files of its own. Raises
    `errors.ConfigurationError` where everybody on the machine decides what it does.
    """
    built: Deployment = (
        deployment.build(config.load(config_files)) if config_files else obj()  # type: ignore[operator]
    )
    logs.set_up(built.config.debug)
    memory.set_up()
    root = click.get_current_context().find_root()
    named = config_files or root.params.get("config_files") or config.default_files()
    writable.require_closed(built, named)
    if built.config.unused:
        log.warning("Options that are not used: %s", foreign.explained(built.config.unused))
    return built
