"""``glance-shim db``: the schema of the database, and moving to another."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from glance_shim.cli.common import with_format
from glance_shim.context import Deployment
from glance_shim.db import connection, copying, schema


@click.group()
def db() -> None:
    """Make or upgrade the database, or move to another."""


@db.command()
@click.pass_obj
def upgrade(deployment: Callable[[], Deployment]) -> None:
    """Bring the database to the schema of this program."""
    built = deployment()
    connection.create_private(built.config.database.connection)
    done = schema.upgrade(built.database)
    click.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")


@db.command()
@with_format
@click.pass_obj
def current(deployment: Callable[[], Deployment], kind: str) -> None:
    """Show the last migration that the database has seen, and what the program knows."""
    seen = schema.applied(deployment().database)
    missing = [name for name in schema.known() if name not in seen]
    unknown = [name for name in seen if name not in schema.known()]
    if kind == "json":
        answer = {"applied": seen, "not_applied": missing, "newer": unknown}
        click.echo(json.dumps(answer, indent=2))
        return
    click.echo((seen or ["none"])[-1])
    for name in missing:
        click.echo(f"not applied: {name}")
    for name in unknown:
        click.echo(f"newer than this program: {name}")


@db.command()
@click.option("--to", "url", required=True, help="URL of an empty database.")
@click.pass_obj
def copy(deployment: Callable[[], Deployment], url: str) -> None:
    """Copy the whole catalogue to another database, of whatever kind.

    Stop every server and worker first. Both sides are compared afterwards; then
    set [database] connection to the new one.
    """
    built, target = deployment(), connection.open_database(url)
    connection.create_private(url)
    schema.upgrade(target)
    copying.copy(built.database, target, click.echo)
    click.echo("both databases say the same")
