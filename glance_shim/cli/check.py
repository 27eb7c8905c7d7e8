"""``glance-shim check``: what would keep the service from working."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from glance_shim.context import Deployment
from glance_shim.core import checks


@click.command()
@click.pass_obj
def check(deployment: Callable[[], Deployment]) -> None:
    """Name what would keep the service from working; exit code 1 if there is anything."""
    found = list(checks.problems(deployment()))
    click.echo("\n".join(found) or "everything is in order")
    sys.exit(bool(found))
