"""The ``glance-shim`` command."""

from __future__ import annotations

import functools
import os
import sys

import click

from glance_shim import __version__, errors
from glance_shim import config as options
from glance_shim.cli import (
    check,
    completion,
    db,
    doctor,
    examples,
    identity,
    metadefs,
    moving,
    policy,
    quickstart,
    quota,
    recover,
    serve,
    verify,
    worker,
)
from glance_shim.cli import config as config_command
from glance_shim.context import Deployment
from glance_shim.db import connection
from glance_shim.deployment import build

EXIT_CODES = """\b
Exit codes:
  0  it is done
  1  it could not be done; the reason is on standard error
  2  the command line could not be understood
  3  it is done, and something was found to be wrong (doctor, verify, recover)
  4  something could not be reached, so that not all was looked at
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.option(
    "--config-file",
    "config_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="File with options; may be given more than once, later ones win.",
)
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context, config_files: tuple[str, ...]) -> None:
    """An image service that speaks OpenStack's Image API v2.

    Try it:  glance-shim quickstart
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj = functools.partial(_deployment, config_files or options.default_files())


def _deployment(files: tuple[str, ...]) -> Deployment:
    return build(options.load(files))


for command in (
    quickstart.quickstart,
    serve.serve,
    worker.do_tasks,
    db.db,
    check.check,
    doctor.examine,
    verify.verify,
    recover.recover,
    identity.identity,
    quota.quota,
    moving.adopt,
    moving.leave,
    metadefs.metadefs,
    policy.policy,
    config_command.config,
    completion.completion,
):
    cli.add_command(command)

examples.show(cli)


def main() -> None:
    """Run the command; what can be foreseen to fail ends in one line and exit code 1."""
    try:
        cli(prog_name=completion.PROGRAM, complete_var=completion.VARIABLE)
    except errors.Error as exc:
        click.echo(f"{_name()}: {exc}", err=True)
        sys.exit(1)
    except connection.FAILURES as exc:
        said = connection.words_of(exc)
        click.echo(f"{_name()}: the database cannot be used: {said}", err=True)
        sys.exit(1)


def _name() -> str:
    """The name of the program before its last words, in red where it is looked at."""
    if os.environ.get("NO_COLOR"):
        return completion.PROGRAM
    return click.style(completion.PROGRAM, fg="red")
