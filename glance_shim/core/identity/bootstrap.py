"""A few users and projects to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from glance_shim.context import Context
from glance_shim.core.identity import passwords, projects, roles, users


class Person(NamedTuple):
    """A user of the demonstration: the role and the project it is for."""

    name: str
    role: str
    project: str


PEOPLE = (
    Person("admin", "admin", "admin"),
    Person("platform", "member", "platform"),
    Person("platform-reader", "reader", "platform"),
    Person("app-team", "member", "app-team"),
)


def demo(context: Context) -> list[dict[str, str | None]]:
    """Create projects, users and roles to try things with; what exists stays as it is.

    Each user comes with a cloud of the same name for ``clouds.yaml``. The
    password is generated and known only here; it is ``None`` where the user
    existed before.
    """
    return [_welcome(context, person) for person in PEOPLE]


def _welcome(context: Context, person: Person) -> dict[str, str | None]:
    project = next(iter(projects.get_all(context, person.project)), None)
    if project is None:
        project = projects.create(context, person.project)
    user = next(iter(users.get_all(context, person.name)), None)
    password = None
    if user is None:
        password = passwords.generated()
        user = users.create(context, person.name, password, default_project_id=project.id)
        roles.grant(context, user.id, person.role, ("project", project.id))
    return {
        "cloud": person.name,
        "user": user.name,
        "password": password,
        "project": project.name,
        "project_id": project.id,
        "role": person.role,
    }


def cloud_entry(person: Mapping[str, Any], auth_url: str, region: str) -> dict[str, Any]:
    """What ``clouds.yaml`` says of somebody whose password is known, as `demo` has it."""
    return {
        "auth_type": "password",
        "auth": {
            "auth_url": auth_url,
            "username": person["user"],
            "password": person["password"],
            "project_name": person["project"],
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": region,
        "identity_api_version": "3",
    }
