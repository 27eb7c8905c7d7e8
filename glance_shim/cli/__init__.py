"""The ``glance-shim`` command."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections import UserDict
from typing import TYPE_CHECKING, Any

import click

from glance_shim import __version__, errors
from glance_shim.cli import completion, examples

if TYPE_CHECKING:
    from glance_shim.context import Deployment

EXIT_CODES = """\b
Exit codes:
  0  it is done
  1  it could not be done; the reason is on standard error
  2  the command line could not be understood
  3  it is done, and something was found to be wrong (doctor, verify, recover)
  4  something could not be reached, so that not all was looked at
"""


class Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is called for.

    Kept are modules with the name of the command in them. Were all imported, the version would
    be printed after 1.0 seconds of CPU, not 0.06.
    """

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = self.data[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module, __name__), attribute)
        examples.show(name, command)
        return command


COMMANDS = Commands(
    {
        "quickstart": ".quickstart:quickstart",
        "serve": ".serve:serve",
        "worker": ".worker:do_tasks",
        "db": ".db:db",
        "check": ".check:check",
        "doctor": ".doctor:examine",
        "verify": ".verify:verify",
        "recover": ".recover:recover",
        "claim": ".claim:claim",
        "identity": ".identity:identity",
        "quota": ".quota:quota",
        "adopt": ".moving:adopt",
        "leave": ".moving:leave",
        "metadefs": ".metadefs:metadefs",
        "policy": ".policy:policy",
        "config": ".config:config",
        "completion": ".completion:completion",
    }
)


@click.group(
    commands=COMMANDS,
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
    ctx.obj = functools.partial(_deployment, config_files)


def _deployment(files: tuple[str, ...]) -> Deployment:
    from glance_shim import config, deployment

    return deployment.build(config.load(files or config.default_files()))


def main() -> None:
    """Run the command; what can be foreseen to fail ends in one line and exit code 1."""
    try:
        cli(prog_name=completion.PROGRAM, complete_var=completion.VARIABLE)
    except errors.Error as exc:
        click.echo(f"{_name()}: {exc}", err=True)
        sys.exit(1)
    except Exception as exc:
        from glance_shim.db import connection

        if not isinstance(exc, connection.FAILURES):
            raise
        said = connection.words_of(exc)
        click.echo(f"{_name()}: the database cannot be used: {said}", err=True)
        sys.exit(1)


def _name() -> str:
    """The name of the program before its last words, in red where it is looked at."""
    if os.environ.get("NO_COLOR"):
        return completion.PROGRAM
    return click.style(completion.PROGRAM, fg="red")
