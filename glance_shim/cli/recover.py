"""``glance-shim recover``: cleaning up at once, and finding what nobody refers to."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from glance_shim import clock, errors
from glance_shim.cli.common import at_the_machine, chosen, print_list, print_one, with_format
from glance_shim.context import Context
from glance_shim.core import orphans, recovery
from glance_shim.core.orphans import Orphan

ORPHANS, UNCHECKED = 3, 4
EMPTY = ("id", "name", "owner", "created_at")
ORPHAN = ("store_id", "blob_id", "size", "modified_at", "known")


@click.command()
@click.option(
    "--remove-orphans",
    is_flag=True,
    help="Remove data that nothing refers to, of images that this database knows.",
)
@with_format
@at_the_machine
def recover(context: Context, remove_orphans: bool, kind: str) -> None:
    """Clean up after processes that died, and list data that nothing refers to.

    Servers and workers clean up by themselves, every minute; this does it now. It
    may run beside them. An upload that looks dead is watched for
    'upload_lease_seconds' before it is given up.

    Orphans are only listed once they have been left alone for '[recovery]
    orphan_hours'; those whose image this database has never known are never
    removed: they may be somebody else's.

    Images that have had no data for '[recovery] empty_days' are listed too, and left
    alone.

    Exit code: 0 if nothing is left, 3 if there are orphans, 4 if a store did not
    answer.
    """
    deployment = context.deployment
    swept = recovery.sweep(deployment)
    seconds = deployment.config.upload_lease_seconds
    if recovery.any_looks_dead(deployment):
        click.echo(f"Watching for {seconds} s whether uploads under way have died", err=True)
        clock.sleep(seconds)
        swept = recovery.added(swept, recovery.sweep(deployment))
    away: list[str] = list(swept.away)
    removed: list[Orphan] = []
    left: list[Orphan] = []
    for orphan in list(orphans.find(deployment, away)):
        try:
            gone = remove_orphans and orphans.remove(deployment, orphan)
        except errors.Error as exc:
            click.echo(f"{orphan.blob_id} stays: {exc}", err=True)
            gone = False
        (removed if gone else left).append(orphan)
    result = {**swept._asdict(), "away": sorted(set(away))}
    lists: dict[str, tuple[Sequence[Any], Sequence[str]]] = {
        "orphans_removed": (removed, ORPHAN),
        "orphans": (left, ORPHAN),
        "empty_images": (recovery.empty_images(deployment), EMPTY),
    }
    if kind == "json":
        found = {
            name: [chosen(each, columns) for each in many]
            for name, (many, columns) in lists.items()
        }
        click.echo(json.dumps({**result, **found}, indent=2))
    else:
        print_one({**result, "away": ", ".join(result["away"])}, kind)
        for name, (many, columns) in lists.items():
            if many:
                click.echo(f"\n{name.replace('_', ' ')}:")
                print_list(many, columns, kind)
    sys.exit(UNCHECKED if away else ORPHANS if left else 0)
