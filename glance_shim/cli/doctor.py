"""``glance-shim doctor``: what is wrong with a deployment, and how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from glance_shim import config, doctor
from glance_shim.cli.common import with_format

FOUND_PROBLEMS = 3
COLOURS = {doctor.OK: "green", doctor.WARNING: "yellow", doctor.PROBLEM: "red"}


@click.command("doctor")
@with_format
@click.pass_context
def examine(ctx: click.Context, kind: str) -> None:
    """Look at a deployment, and say what to mend.

    It looks at the options, at secrets that others can read, the database, the
    stores, Keystone, free room, clocks, limits of the system, and at an nginx
    on this machine. Nothing is changed; run it as the user of the service.

    Exit code: 0 if there is no problem, 3 if there is.
    """
    files = ctx.parent.params["config_files"] if ctx.parent else ()
    found = list(doctor.examine(files or config.default_files()))
    if kind == "json":
        click.echo(json.dumps([each._asdict() for each in found], indent=2))
    else:
        _print(found)
    broken = any(each.state == doctor.PROBLEM for each in found)
    sys.exit(FOUND_PROBLEMS if broken else 0)


def _print(found: Sequence[doctor.Finding]) -> None:
    width = max(len(each.subject) for each in found)
    for each in found:
        state = click.style(each.state.ljust(7), fg=COLOURS[each.state])
        click.echo(f"{state}  {each.subject.ljust(width)}  {each.words}")
        if each.mend:
            click.echo(f"{' ' * (width + 9)}  -> {each.mend}")
    counts = {state: sum(each.state == state for each in found) for state in COLOURS}
    click.echo(f"\n{counts[doctor.PROBLEM]} problems, {counts[doctor.WARNING]} warnings")
