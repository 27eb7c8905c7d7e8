"""``glance-shim identity user``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from glance_shim.cli.common import (
    at_the_machine,
    chosen,
    print_list,
    print_one,
    with_format,
)
from glance_shim.context import Context
from glance_shim.core.identity import passwords, projects, roles, users

PASSWORD_VARIABLE = "GLANCE_SHIM_PASSWORD"

USER_COLUMNS = ("id", "name", "enabled", "default_project_id")


def with_password(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say where the password comes from; never is it an argument itself."""
    for option in (
        click.option("--generate", is_flag=True, help="Make a password and print it once."),
        click.option(
            "--password-file",
            type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
            help="File with the password; - is standard input.",
        ),
    ):
        command = option(command)
    return command


def read_password(generate: bool, password_file: Path | None) -> str:
    """The password from where the options say, else the environment, else a prompt."""
    if generate:
        return passwords.generated()
    if password_file is not None:
        with click.open_file(str(password_file), encoding="utf-8") as file:
            return str(file.read()).rstrip("\r\n")
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group()
def user() -> None:
    """Who can log in."""


@user.command("create")
@click.argument("name")
@click.option("--project", help="Default project, by id or name.")
@click.option("--role", help="A role to have in the default project.")
@with_password
@with_format
@at_the_machine
def create_user(
    context: Context,
    name: str,
    project: str | None,
    role: str | None,
    generate: bool,
    password_file: Path | None,
    kind: str,
) -> None:
    """Create a user.

    The password is read from --password-file, from the environment variable
    GLANCE_SHIM_PASSWORD, or from a prompt.
    """
    if role and not project:
        raise click.UsageError("--role needs --project.")
    granted = roles.get(role).name if role else None
    default = projects.find(context, project).id if project else None
    password = read_password(generate, password_file)
    created = users.create(context, name, password, default)
    if granted and default:
        roles.grant(context, created.id, granted, ("project", default))
    printed = {"password": password} if generate else {}
    print_one(chosen(created, USER_COLUMNS) | printed, kind)


@user.command("list")
@with_format
@at_the_machine
def list_users(context: Context, kind: str) -> None:
    """List all users."""
    print_list(users.get_all(context), USER_COLUMNS, kind)


@user.command("show")
@click.argument("user")
@with_format
@at_the_machine
def show_user(context: Context, user: str, kind: str) -> None:
    """Show the user of that id or name."""
    print_one(chosen(users.find(context, user), USER_COLUMNS), kind)


@user.command("password")
@click.argument("user")
@with_password
@at_the_machine
def set_password(
    context: Context, user: str, generate: bool, password_file: Path | None
) -> None:
    """Give a user another password; all tokens of the user end.

    It is read as for 'user create'.
    """
    found = users.find(context, user)
    password = read_password(generate, password_file)
    users.set_password(context, found.id, password)
    if generate:
        click.echo(password)


@user.command("default-project")
@click.argument("user")
@click.argument("project")
@at_the_machine
def set_default_project(context: Context, user: str, project: str) -> None:
    """Set what a user acts for where the login does not say."""
    project_id = projects.find(context, project).id
    users.set_default_project(context, users.find(context, user).id, project_id)


@user.command("enable")
@click.argument("user")
@at_the_machine
def enable_user(context: Context, user: str) -> None:
    """Let a user log in again."""
    users.set_enabled(context, users.find(context, user).id, True)


@user.command("disable")
@click.argument("user")
@at_the_machine
def disable_user(context: Context, user: str) -> None:
    """Let a user not log in any more; all tokens end at once."""
    users.set_enabled(context, users.find(context, user).id, False)


@user.command("delete")
@click.argument("user")
@at_the_machine
def delete_user(context: Context, user: str) -> None:
    """Delete a user."""
    users.delete(context, users.find(context, user).id)
