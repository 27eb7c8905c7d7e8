"""``glance-shim claim``: saying whose the directory of a store is."""

from __future__ import annotations

import click

from glance_shim.cli.common import at_the_machine
from glance_shim.context import Context
from glance_shim.core import marks


@click.command()
@click.argument("store_id", metavar="STORE")
@at_the_machine
def claim(context: Context, store_id: str) -> None:
    """Mark the directory of a store as this service's.

    Servers do so by themselves, unless the store has images and their data is not there:
    then its disk may not be mounted. Say this where it is the right directory all the
    same, such as a new disk in the place of a broken one; 'verify' then tells what is lost.

    A directory with the mark of another service stays that service's.
    """
    root = marks.claim_as_it_is(context.deployment, store_id)
    click.echo(f"{root} is marked as store {store_id} of this service")
