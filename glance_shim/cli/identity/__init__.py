"""``glance-shim identity``: users, projects and roles of the embedded identity."""

from __future__ import annotations

import click

from glance_shim.cli.identity import application_credentials, projects, roles, users


@click.group()
def identity() -> None:
    """Users, projects and roles of the embedded identity service."""


for _group in (
    projects.project,
    users.user,
    roles.role,
    application_credentials.application_credential,
):
    identity.add_command(_group)
