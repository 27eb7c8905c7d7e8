"""``glance-shim verify``: is all image data still what it was?"""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from glance_shim.cli.common import at_the_machine, chosen, print_list, print_one, with_format
from glance_shim.context import Context
from glance_shim.core import marks, verification
from glance_shim.db.verification import VerificationRow

DAMAGED, UNCHECKED = 3, 4
RUN = ("depth", "started_at", "completed_at", "images", "copies", "size")
RESULT = ("damaged", "repaired", "unchecked")
DAMAGE = ("image_id", "store_id", "blob_id", "kind", "expected", "found", "noted_at")
GIB = 1 << 30


@click.command()
@click.option("--deep", is_flag=True, help="Read all data and compare its hashes.")
@click.option(
    "--repair", is_flag=True, help="Write damaged copies anew from a store with a good one."
)
@click.option(
    "--rate",
    type=click.IntRange(min=0),
    help="MiB to read in a second, 0 for as many as can be; default: [verification] rate.",
)
@click.option("--anew", is_flag=True, help="Begin with the first image also after a break.")
@with_format
@at_the_machine
def verify(
    context: Context, deep: bool, repair: bool, rate: int | None, anew: bool, kind: str
) -> None:
    """Look whether the data of every image is there, and whether it is the right data.

    Without --deep only sizes are compared. It may run beside the service. One
    that was interrupted goes on where it was; one that is running elsewhere is
    taken over. Damaged copies are noted, so that nobody is given one.

    Exit code: 0 if all is well, 3 if there is damage that was not repaired, 4
    if a store could not be asked.
    """
    marks.claim(context.deployment)
    depth = verification.DEEP if deep else verification.LIGHT
    run = verification.Run(context.deployment, depth, repair, rate)
    if sys.stderr.isatty():
        run.tell = _teller(run.total())
    row = run.go(anew)
    if sys.stderr.isatty():
        click.echo(err=True)
    _print(run, row, kind)
    sys.exit(DAMAGED if row.damaged else UNCHECKED if row.unchecked else 0)


def _teller(total: int) -> verification.Tell:
    """Shows how far it is, on one line of a terminal."""

    def tell(row: VerificationRow) -> None:
        click.echo(
            f"\r{row.images} of {total} images, {row.size / GIB:.1f} GiB read, "
            f"{row.damaged} damaged, {row.repaired} repaired",
            nl=False,
            err=True,
        )

    return tell


def _print(run: verification.Run, row: VerificationRow, kind: str) -> None:
    damaged = verification.known_damages()
    if kind == "json":
        answer: dict[str, Any] = chosen(row, (*RUN, *RESULT))
        answer["damages"] = [chosen(each, DAMAGE) for each in damaged]
        answer["repairs"] = [chosen(each, DAMAGE) for each in run.repaired]
        click.echo(json.dumps(answer, indent=2))
        return
    print_one(chosen(row, (*RUN, *RESULT)), kind)
    for title, found in (("damaged:", damaged), ("repaired:", run.repaired)):
        if found:
            click.echo(f"\n{title}")
            print_list(found, DAMAGE, kind)
