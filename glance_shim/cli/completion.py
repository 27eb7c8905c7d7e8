"""``glance-shim completion``: what lets a shell complete the commands."""

from __future__ import annotations

import click
from click import shell_completion

VARIABLE = "_GLANCE_SHIM_COMPLETE"
PROGRAM = "glance-shim"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what lets a shell complete commands and options."""
    found = shell_completion.get_completion_class(shell)
    if found is None:
        raise ValueError(shell)  # click has all three.
    # Not source(), which runs bash to look at its version, also where there is none.
    written = found(ctx.find_root().command, {}, PROGRAM, VARIABLE)
    click.echo(written.source_template % written.source_vars())
