"""``glance-shim identity role``."""

from __future__ import annotations

from collections.abc import Callable

import click

from glance_shim.cli.common import at_the_machine, print_list, with_format
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import projects, roles, users

ASSIGNMENT_COLUMNS = ("user_name", "role", "scope", "project_name")


@click.group()
def role() -> None:
    """Who may do what where: admin, manager, member, reader, service."""


def with_scope(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say where a role is for."""
    for option in (
        click.option("--system", is_flag=True, help="For the whole system."),
        click.option("--domain", is_flag=True, help="For the domain."),
        click.option("--project", help="For this project, by id or name."),
        click.option("--user", required=True, help="The user, by id or name."),
    ):
        command = option(command)
    return command


def _scope(context: Context, project: str | None, domain: bool, system: bool) -> identity.Scope:
    if [project is not None, domain, system].count(True) != 1:
        raise click.UsageError("Give one of --project, --domain, --system.")
    if project is not None:
        return ("project", projects.find(context, project).id)
    return identity.DOMAIN if domain else identity.SYSTEM


@role.command("grant")
@click.argument("role")
@with_scope
@at_the_machine
def grant_role(
    context: Context, role: str, user: str, project: str | None, domain: bool, system: bool
) -> None:
    """Give a user a role."""
    scope = _scope(context, project, domain, system)
    roles.grant(context, users.find(context, user).id, role, scope)


@role.command("revoke")
@click.argument("role")
@with_scope
@at_the_machine
def revoke_role(
    context: Context, role: str, user: str, project: str | None, domain: bool, system: bool
) -> None:
    """Take a role from a user; the user's tokens there end at once."""
    scope = _scope(context, project, domain, system)
    roles.revoke(context, users.find(context, user).id, role, scope)


@role.command("list")
@click.option("--user", help="Only of this user, by id or name.")
@click.option("--project", help="Only in this project, by id or name.")
@with_format
@at_the_machine
def list_roles(context: Context, user: str | None, project: str | None, kind: str) -> None:
    """List who has which role where."""
    user_id = users.find(context, user).id if user else None
    scope = ("project", projects.find(context, project).id) if project else (None, None)
    found = roles.get_assignments(context, user_id, scope)
    print_list(found, ASSIGNMENT_COLUMNS, kind)
