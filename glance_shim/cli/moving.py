"""``glance-shim adopt`` and ``leave``: a whole catalogue from another service, and to one."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from glance_shim.cli.common import at_the_machine, with_format
from glance_shim.context import Context
from glance_shim.core import marks
from glance_shim.moving import login, report
from glance_shim.moving.copying import Catalog, Copy
from glance_shim.moving.own import Own
from glance_shim.moving.service import Service

OPTIONS = (
    click.option("--os-cloud", help="The other cloud in clouds.yaml; default: OS_* variables."),
    click.option("--dry-run", is_flag=True, help="Change nothing; say what would be done."),
    click.option(
        "--update", is_flag=True, help="Also change what is there and differs; else it is told."
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, 64),
        default=4,
        show_default=True,
        help="How many images at a time.",
    ),
    click.option(
        "--projects",
        "projects_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="YAML file of project ids at the source and their ids at the target.",
    ),
    with_format,
)


def _moving(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command()
@_moving
@at_the_machine
def adopt(context: Context, os_cloud: str | None, **options: Any) -> None:
    """Bring the whole catalogue of another image service here.

    Images keep their ids, owners, times, members and answers; data is compared
    with its hash on the way. Run it first with --dry-run. It may be killed and
    run again at any time, while both services run; what is here already is left
    as it is. The exit code is 1 if something could not be brought or differs.

    \b
    glance-shim adopt --os-cloud old --dry-run
    glance-shim adopt --os-cloud old --jobs 8
    """
    other = Service(login.log_in(os_cloud))
    marks.claim(context.deployment)
    _run(context, other, Own(context), other, **options)


@click.command()
@_moving
@at_the_machine
def leave(context: Context, os_cloud: str | None, **options: Any) -> None:
    """Bring the whole catalogue of this service into another one.

    As `adopt`, the other way. Nothing here is changed or removed.

    \b
    glance-shim leave --os-cloud new --dry-run
    """
    other = Service(login.log_in(os_cloud))
    marks.claim(context.deployment)
    _run(context, Own(context), other, other, **options)


def _run(
    context: Context,
    source: Catalog,
    target: Catalog,
    other: Service,
    dry_run: bool,
    update: bool,
    jobs: int,
    projects_file: Path | None,
    kind: str,
) -> None:
    if not other.is_admin():
        click.echo(
            "warning: the login has not the role admin there and sees only a part", err=True
        )
    progress = Progress(dry_run, kind)
    copy = Copy(
        source=source,
        target=target,
        database=context.deployment.database,
        projects=login.projects(projects_file),
        update=update,
        dry_run=dry_run,
        jobs=jobs,
        on_bytes=progress.add_bytes,
    )
    with _ended_as_interrupted():
        done = copy.run(progress.tell)
    progress.end()
    if kind == "json":
        click.echo(json.dumps(done.as_document(), indent=2))
    else:
        _print_sum(done, dry_run)
    if not done.is_clean:
        sys.exit(1)


@contextlib.contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, so that what has come in part is let go at once."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Progress:
    """A line for each result that is not ``same``, and on a terminal one that moves."""

    def __init__(self, dry_run: bool, kind: str) -> None:
        self._would = "would be " if dry_run else ""
        self._lines = kind == "table"
        self._moves = sys.stderr.isatty()
        self._count = 0
        self._bytes = 0

    def add_bytes(self, count: int) -> None:
        """Count bytes that have come; several threads may, since it is only shown."""
        self._bytes += count

    def tell(self, result: report.Result | None) -> None:
        """Show a result, or only that time has passed."""
        if result is not None:
            self._count += 1
            if self._lines and result.outcome != report.SAME:
                self.end()
                click.echo(self._line(result))
        if self._moves:
            text = f"{self._count} looked at, {self._bytes >> 20} MiB came"
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    def _line(self, result: report.Result) -> str:
        would = self._would if result.outcome not in report.OPEN else ""
        words = f"{result.kind} {result.id} {would}{result.outcome}"
        named = f"{words} ({result.name})" if result.name else words
        if result.outcome == report.DIFFERS:
            return f"{named}: {', '.join(sorted(result.different))}"
        return f"{named}: {result.reason}" if result.reason else named

    def end(self) -> None:
        """Leave the line that moves empty."""
        if self._moves:
            click.echo("\r\x1b[K", err=True, nl=False)


def _print_sum(done: report.Report, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    for kind in done.kinds:
        counts = [
            f"{done.counts[kind, each]} {would if each not in report.OPEN else ''}{each}"
            for each in report.OUTCOMES
            if done.counts[kind, each]
        ]
        click.echo(f"{kind}s: {', '.join(counts)}")
    for name, each in done.as_document()["kept_otherwise"].items():
        click.echo(f"{name} is different on {each['images']} images: {each['why']}")
