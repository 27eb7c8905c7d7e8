"""``glance-shim identity application-credential``."""

from __future__ import annotations

import datetime

import click

from glance_shim.cli.common import (
    at_the_machine,
    chosen,
    print_list,
    print_one,
    with_format,
)
from glance_shim.context import Context
from glance_shim.core.identity import application_credentials, projects, users

CREDENTIAL_COLUMNS = ("id", "name", "project_id", "roles", "expires_at", "unrestricted")


@click.group("application-credential")
def application_credential() -> None:
    """Secrets for programs that act for a user in one project."""


@application_credential.command("create")
@click.argument("name")
@click.option("--user", required=True, help="The user, by id or name.")
@click.option("--project", required=True, help="The project, by id or name.")
@click.option("--role", "wanted", multiple=True, help="Role; may be repeated. [default: all]")
@click.option("--description", default="", help="What it is for.")
@click.option("--expires-at", type=click.DateTime(), help="When it ends, in UTC.")
@click.option("--unrestricted", is_flag=True, help="Let it make application credentials.")
@with_format
@at_the_machine
def create_credential(
    context: Context,
    name: str,
    user: str,
    project: str,
    wanted: tuple[str, ...],
    description: str,
    expires_at: datetime.datetime | None,
    unrestricted: bool,
    kind: str,
) -> None:
    """Make an application credential; its secret is printed once."""
    created, secret = application_credentials.create(
        context,
        users.find(context, user).id,
        projects.find(context, project).id,
        name,
        description=description,
        roles=list(wanted) or None,
        unrestricted=unrestricted,
        expires_at=_seconds(expires_at),
    )
    print_one(chosen(created, CREDENTIAL_COLUMNS) | {"secret": secret}, kind)


@application_credential.command("list")
@click.option("--user", required=True, help="The user, by id or name.")
@with_format
@at_the_machine
def list_credentials(context: Context, user: str, kind: str) -> None:
    """List a user's application credentials."""
    found = application_credentials.get_all(context, users.find(context, user).id)
    print_list(found, CREDENTIAL_COLUMNS, kind)


@application_credential.command("delete")
@click.argument("credential")
@click.option("--user", required=True, help="The user, by id or name.")
@at_the_machine
def delete_credential(context: Context, credential: str, user: str) -> None:
    """Delete the application credential of that id or name; its tokens end at once."""
    user_id = users.find(context, user).id
    named = application_credentials.get_all(context, user_id, credential)
    credential_id = named[0].id if named else credential
    application_credentials.delete(context, user_id, credential_id)


def _seconds(moment: datetime.datetime | None) -> float | None:
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp() if moment else None
