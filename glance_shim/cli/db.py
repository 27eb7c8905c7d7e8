"""``glance-shim db``: the schema of the database."""

from __future__ import annotations

from collections.abc import Callable

import click

from glance_shim.context import Deployment
from glance_shim.db import connection, schema


@click.group()
def db() -> None:
    """Make or upgrade the database."""


@db.command()
@click.pass_obj
def upgrade(deployment: Callable[[], Deployment]) -> None:
    """Bring the database to the schema of this program."""
    built = deployment()
    connection.create_private(built.config.database.connection)
    done = schema.upgrade(built.database)
    click.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")


@db.command()
@click.pass_obj
def current(deployment: Callable[[], Deployment]) -> None:
    """Show the last migration that the database has seen."""
    click.echo((schema.applied(deployment().database) or ["none"])[-1])
