"""``glance-shim quota``: what projects may use."""

from __future__ import annotations

import re
from typing import NamedTuple

import click

from glance_shim import errors
from glance_shim.cli.common import at_the_machine, print_list, with_format
from glance_shim.context import Context
from glance_shim.core import quotas
from glance_shim.core.identity import projects

with_project = click.option(
    "--project", help="Id or name of a project; without it, the limit is for all projects."
)
NAME = click.argument("name", type=click.Choice(list(quotas.LIMITS)))

ID = re.compile("[0-9a-fA-F]{32}|[0-9a-fA-F-]{36}")


class SetLimit(NamedTuple):
    """A limit, as a line of a list."""

    project: str
    project_name: str
    name: str
    limit: int
    of: str


class Use(NamedTuple):
    """A limit and what is used of it, as a line of a list."""

    name: str
    limit: int
    usage: int
    of: str


@click.group()
def quota() -> None:
    """Limits of what projects may use.

    image_size_total and image_stage_total are in MiB, the others in images.
    A project's own limit goes before that for all projects; -1 is no limit.
    """


# So that -1 is taken for a number and not for an option.
@quota.command("set", context_settings={"ignore_unknown_options": True})
@NAME
@click.argument("limit", type=click.IntRange(-1, quotas.LARGEST))
@with_project
@at_the_machine
def set_(context: Context, name: str, limit: int, project: str | None) -> None:
    """Set a limit: a number of MiB or of images, or -1 for none.

    It may be below what is used: then nothing more is taken in until enough
    is deleted.
    """
    quotas.require_settable(context)
    project_id = _project_id(context, project)
    quotas.set_limit(context, project_id, name, limit)
    above = quotas.above(context, project_id, name)
    if project and above:
        used = above[project_id]
        click.echo(f"The project uses {used} already; it gets nothing more until it is below.")
    elif above:
        click.echo(f"{len(above)} of the projects use more already and get nothing more.")


@quota.command()
@click.argument("project")
@with_format
@at_the_machine
def show(context: Context, project: str, kind: str) -> None:
    """Show what a project uses, and its limits."""
    usage = quotas.usage(context, _project_id(context, project))
    rows = [
        Use(name, each["limit"], each["usage"], quotas.LIMITS[name])
        for name, each in usage.items()
    ]
    print_list(rows, Use._fields, kind)


@quota.command("list")
@with_format
@at_the_machine
def list_(context: Context, kind: str) -> None:
    """List the limits that are set; those without a project are for all."""
    limits = quotas.limits_that_are_set(context)
    names = {project.id: project.name for project in projects.get_all(context)}
    rows = [
        SetLimit(project_id, names.get(project_id, ""), name, value, quotas.LIMITS[name])
        for project_id, name, value in limits
    ]
    print_list(rows, SetLimit._fields, kind)


@quota.command()
@NAME
@with_project
@at_the_machine
def delete(context: Context, name: str, project: str | None) -> None:
    """Remove a limit; a project then has that for all projects, if there is one."""
    # A limit may be left of a project that is gone.
    left = any(project == each for each, _, _ in quotas.limits_that_are_set(context))
    project_id = project if project and left else _project_id(context, project)
    quotas.delete_limit(context, project_id, name)


def _project_id(context: Context, project: str | None) -> str:
    """The id of the project, or nothing for all; a name is looked up where it can be."""
    if project is None:
        return ""
    strategy = context.config.auth_strategy
    if strategy in ("keystone", "front"):
        if not ID.fullmatch(project):
            raise errors.Invalid(
                reason="projects are known to Keystone only; give the id of the project"
            )
        return project
    if strategy in ("none", "admin_token") and project in projects.standalone(context):
        return projects.standalone(context)[0]
    return projects.find(context, project).id
