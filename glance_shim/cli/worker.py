"""``glance-shim worker``: imports and other tasks, done by a process of their own."""

from __future__ import annotations

import click

from glance_shim import worker
from glance_shim.cli.serve import built_from
from glance_shim.db import schema


@click.command("worker")
@click.option(
    "--config-file",
    "config_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="File with options; may be given more than once, later ones win.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Tasks done at the same time.",
)
@click.pass_obj
def do_tasks(obj: object, config_files: tuple[str, ...], threads: int) -> None:
    """Do tasks, such as imports, until told to stop.

    Any number may run, on any number of hosts over one database. With
    '[task] workers = 0' the servers leave all tasks to them. SIGTERM lets the
    tasks at hand end within graceful_timeout seconds and gives back the rest.
    """
    built = built_from(obj, config_files)
    schema.check(built.database)
    worker.run(built, threads)
