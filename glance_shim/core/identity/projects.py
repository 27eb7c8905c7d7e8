"""Projects: what images belong to."""

from __future__ import annotations

import logging
import re

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.db import connection
from glance_shim.db.identity import projects as rows
from glance_shim.db.identity import roles as role_rows
from glance_shim.db.identity import tokens as token_rows
from glance_shim.db.identity.projects import ProjectRow

log = logging.getLogger(__name__)

ID = re.compile("[0-9a-f]{32}")


def create(context: Context, name: str, description: str = "") -> ProjectRow:
    """An enabled project, in which nobody has a role yet."""
    identity.require_admin(context, "create projects")
    usable = identity.usable_name(name, "project")
    project = rows.add(identity.new_id(), usable, description)
    log.info("Project %s (%s) was created", project.id, project.name)
    return project


def get(context: Context, project_id: str) -> ProjectRow:
    """The project of that id, if it is one of the caller's, or for an administrator.

    Any other id is refused, whether it exists or not; what is no id at all is
    not found, upon which clients look for a name (`get_all`).
    """
    if identity.is_admin(context):
        return _found(rows.find(project_id), project_id)
    for project in _own(context):
        if project.id == project_id:
            return project
    if ID.fullmatch(project_id):
        raise errors.Forbidden(reason=f"you have no role in a project {project_id}")
    raise errors.ProjectNotFound(project=project_id)


def get_own_or_any(context: Context, id_or_name: str) -> ProjectRow:
    """The project of that id or name, among the caller's own, or all for an administrator.

    Anything else is refused to who is no administrator.
    """
    if identity.is_admin(context):
        return find(context, id_or_name)
    for project in _own(context):
        if id_or_name in (project.id, project.name):
            return project
    raise errors.Forbidden(reason=f"you have no role in a project {id_or_name}")


def find(context: Context, id_or_name: str) -> ProjectRow:
    """The project of that id, or else of that name."""
    identity.require_admin(context, "look for projects")
    return _found(rows.find(id_or_name) or rows.find_by_name(id_or_name), id_or_name)


def find_by_name(context: Context, name: str) -> ProjectRow | None:
    """The project of that name, if there is one."""
    identity.require_admin(context, "look for projects")
    return rows.find_by_name(name)


def get_all(context: Context, name: str | None = None) -> list[ProjectRow]:
    """All projects, or the one of that name; everybody finds their own by name.

    Anything else is refused to who is no administrator: the clients then take
    what was typed as an id.
    """
    if identity.is_admin(context):
        return rows.select(name)
    own = [project for project in _own(context) if project.name == name]
    if not own:
        identity.require_admin(context, "list projects that are not their own")
    return own


def get_own(context: Context) -> list[ProjectRow]:
    """The enabled projects in which the caller has a role."""
    return _own(context)


def get_of_user(context: Context, user_id: str) -> list[ProjectRow]:
    """The enabled projects in which that user has a role."""
    identity.require_self(context, user_id, "the projects")
    return rows.select_of_user(user_id)


def _own(context: Context) -> list[ProjectRow]:
    return rows.select_of_user(context.user_id) if context.user_id else []


def standalone(context: Context) -> tuple[str, str]:
    """Id and name of the project that callers act for where nobody logs in.

    It need not exist here: its name is its id then.
    """
    name = context.config.standalone_project
    project = rows.find_by_name(name)
    return (project.id, project.name) if project else (name, name)


def set_enabled(context: Context, project_id: str, enabled: bool) -> None:
    """Let tokens be made for the project, or not; disabling ends those there are."""
    identity.require_admin(context, "enable or disable projects")
    with connection.writing():
        project = _found(rows.find(project_id), project_id)
        rows.set_enabled(project_id, enabled)
        if not enabled:
            token_rows.remove_of_scope("project", project_id)
    state = "enabled" if enabled else "disabled"
    log.info("Project %s (%s) is %s", project.id, project.name, state)


def delete(context: Context, project_id: str) -> None:
    """Remove the project with the roles in it, and end the tokens for it.

    Its images stay; they belong to an id that nobody can act for any more.
    """
    identity.require_admin(context, "delete projects")
    with connection.writing():
        project = _found(rows.find(project_id), project_id)
        token_rows.remove_of_scope("project", project_id)
        role_rows.remove_of_scope("project", project_id)
        rows.remove(project_id)
    log.info("Project %s (%s) was deleted", project.id, project.name)


def _found(project: ProjectRow | None, wanted: str) -> ProjectRow:
    if project is None:
        raise errors.ProjectNotFound(project=wanted)
    return project
