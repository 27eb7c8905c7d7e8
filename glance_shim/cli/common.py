"""What the commands share: where they work, and how they print."""

from __future__ import annotations

import datetime
import functools
import getpass
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from glance_shim.context import Deployment
from glance_shim.core import identity
from glance_shim.db import connection, schema

# Commands that change nothing, and what is told of the others.
READING = frozenset({"list", "show", "export", "verify"})
TOLD = ("name", "user", "project", "role", "credential", "limit", "store_id")


def at_the_machine(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command with the context of an administrator and an open database."""

    @functools.wraps(command)
    @click.pass_obj
    def run(deployment: Callable[[], Deployment], /, *args: Any, **kwargs: Any) -> None:
        built = deployment()
        schema.check(built.database)
        with connection.connected(built.database):
            command(identity.system_context(built), *args, **kwargs)
            _audit(built)

    return run


def _audit(deployment: Deployment) -> None:
    """Write down which command was given, by whom, if it may have changed something."""
    given = click.get_current_context()
    if given.info_name in READING:
        return
    facts = {name: given.params.get(name) for name in TOLD}
    deployment.audit.write(
        None,
        "command",
        command=given.command_path,
        user_name=getpass.getuser(),
        target=" ".join(f"{name}={value}" for name, value in facts.items() if value) or None,
    )


with_format = click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print the answer.",
)


def chosen(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    """The attributes of a row that are printed."""
    return {name: AS_PRINTED.get(name, _as_it_is)(getattr(row, name)) for name in columns}


def print_list(rows: Sequence[Any], columns: Sequence[str], kind: str) -> None:
    """Print rows, each with these attributes."""
    values = [chosen(row, columns) for row in rows]
    if kind == "json":
        click.echo(json.dumps(values, indent=2))
        return
    lines = [list(columns), *([_cell(value) for value in row.values()] for row in values)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def print_one(values: Mapping[str, Any], kind: str) -> None:
    """Print one thing, a line for each attribute."""
    if kind == "json":
        click.echo(json.dumps(values, indent=2))
        return
    width = max(map(len, values))
    for name, value in values.items():
        click.echo(f"{name.ljust(width)}  {_cell(value)}".rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _as_it_is(value: Any) -> Any:
    return value


def _moment(value: float | None) -> str | None:
    if value is None:
        return None
    moment = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


MOMENTS = ("expires_at", "started_at", "completed_at", "noted_at", "modified_at")
AS_PRINTED: dict[str, Callable[[Any], Any]] = dict.fromkeys(MOMENTS, _moment)
