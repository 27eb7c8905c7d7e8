"""``glance-shim check``: what would keep the service from working."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import click

from glance_shim.cli.common import with_format
from glance_shim.context import Deployment
from glance_shim.core import checks


@click.command()
@with_format
@click.pass_obj
def check(deployment: Callable[[], Deployment], kind: str) -> None:
    """Name what would keep the service from working; exit code 1 if there is anything."""
    found = list(checks.problems(deployment()))
    if kind == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo("\n".join(found) or "everything is in order")
    sys.exit(bool(found))
