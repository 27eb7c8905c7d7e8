"""``glance-shim identity project``."""

from __future__ import annotations

import click

from glance_shim.cli.common import (
    at_the_machine,
    chosen,
    print_list,
    print_one,
    with_format,
)
from glance_shim.context import Context
from glance_shim.core.identity import projects

PROJECT_COLUMNS = ("id", "name", "enabled", "description")


@click.group()
def project() -> None:
    """What images belong to."""


@project.command("create")
@click.argument("name")
@click.option("--description", default="", help="What it is for.")
@with_format
@at_the_machine
def create_project(context: Context, name: str, description: str, kind: str) -> None:
    """Create a project."""
    created = projects.create(context, name, description)
    print_one(chosen(created, PROJECT_COLUMNS), kind)


@project.command("list")
@with_format
@at_the_machine
def list_projects(context: Context, kind: str) -> None:
    """List all projects."""
    print_list(projects.get_all(context), PROJECT_COLUMNS, kind)


@project.command("show")
@click.argument("project")
@with_format
@at_the_machine
def show_project(context: Context, project: str, kind: str) -> None:
    """Show the project of that id or name."""
    print_one(chosen(projects.find(context, project), PROJECT_COLUMNS), kind)


@project.command("enable")
@click.argument("project")
@at_the_machine
def enable_project(context: Context, project: str) -> None:
    """Let tokens be made for a project again."""
    projects.set_enabled(context, projects.find(context, project).id, True)


@project.command("disable")
@click.argument("project")
@at_the_machine
def disable_project(context: Context, project: str) -> None:
    """Let nobody act for a project; its tokens end at once."""
    projects.set_enabled(context, projects.find(context, project).id, False)


@project.command("delete")
@click.argument("project")
@at_the_machine
def delete_project(context: Context, project: str) -> None:
    """Delete a project with the roles in it; its images stay."""
    projects.delete(context, projects.find(context, project).id)
