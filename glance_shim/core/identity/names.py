"""The names of projects, as far as the people who look may know them.

Administrators know all. Everybody else knows the projects in which they have
a role, and sharing makes its two sides known to each other: who offers an
image is named to whom it is offered to, and who has answered an offer to whom
made it, wherever that sees it again. Others are ids. Where others than this
service know the projects, the two sides are named as they were when they
acted on an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import throttle
from glance_shim.db import activity as activity_rows
from glance_shim.db import members as member_rows
from glance_shim.db.identity import projects as rows
from glance_shim.db.images import ImageRow
from glance_shim.db.members import MemberRow

ID = re.compile("[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# So that a page with suggestions stays a page.
MOST = 500


def of_owners(context: Context, images: Iterable[ImageRow]) -> dict[str, str]:
    """The names of the projects that own the images, by id."""
    shared = [
        image for image in images if identity.is_admin(context) or image.visibility == "shared"
    ]
    return _looked_up(context, {each.owner for each in shared}, {each.id for each in shared})


def of_members(
    context: Context, members: Iterable[MemberRow], known: Mapping[str, str]
) -> dict[str, str]:
    """The names of members that have answered, and of those that are `known`, by id."""
    named = {project_id: name for project_id, name in known.items() if name != project_id}
    answered = [
        member
        for member in members
        if member.member_id not in named
        and (identity.is_admin(context) or member.status != "pending")
    ]
    projects = {member.member_id for member in answered}
    return named | _looked_up(context, projects, {member.image_id for member in answered})


def of_projects(context: Context, projects: Iterable[str | None]) -> dict[str, str]:
    """The names of any projects for an administrator; for others that of their own."""
    return _looked_up(context, projects if identity.is_admin(context) else (), ())


def _looked_up(
    context: Context, projects: Iterable[str | None], images: Iterable[str]
) -> dict[str, str]:
    """The names of the projects that are known, and always that of the caller's own."""
    known = {}
    if context.project_id is not None:
        known[context.project_id] = context.project_name or context.project_id
    wanted = {each for each in projects if each} - known.keys()
    if not wanted:
        return known
    found = rows.names(wanted) if _are_ours(context) else activity_rows.project_names(images)
    return known | {each: found[each] for each in wanted if each in found}


def _are_ours(context: Context) -> bool:
    """Are projects known here, and not only to who says who is asking?"""
    return context.config.auth_strategy not in ("keystone", "front")


def known(context: Context, own: Mapping[str, str]) -> dict[str, str]:
    """The projects that the caller knows of, names by id; a name may be the id again.

    ``own`` are those in which the caller has a role. Administrators know all
    projects, everybody else their own and those that have an offer of their
    project already. There are not many more than `MOST`.
    """
    offered = member_rows.select_of_owner(context.project_id or "", MOST)
    answered = {project: image for project, image in offered.items() if image}
    found = {each: each for each in offered}
    if _are_ours(context) and identity.is_admin(context):
        found |= {project.id: project.name for project in rows.select(most=MOST)}
    return found | _looked_up(context, answered, answered.values()) | dict(own)


def suggestions(
    context: Context, known: Mapping[str, str], members: Iterable[MemberRow]
) -> dict[str, str]:
    """Those of the `known` projects that an image can still be offered to, by name."""
    offered = {context.project_id, *(member.member_id for member in members)}
    found = [pair for pair in known.items() if pair[0] not in offered]
    return dict(sorted(found, key=lambda pair: pair[1].casefold()))


def resolve(context: Context, typed: str, known: Mapping[str, str]) -> str:
    """The id of the project that was typed: an id, or the exact name of a project.

    Names of `known` projects are understood wherever projects are kept.

    Whether a name exists can be found out by typing it, so that whoever is no
    administrator has to wait after some that do not. Raises `errors.Invalid`
    and `errors.TooManyRequests`.
    """
    typed = typed.strip()
    named = [project_id for project_id, name in known.items() if typed in (project_id, name)]
    if ID.fullmatch(typed) or len(named) == 1:
        return named[0] if named else typed
    if not _are_ours(context):
        raise errors.Invalid(
            reason=f"'{typed}' is no project id and not the name of a project that you know; "
            "give the id of the project"
        )
    tried = throttle.attempt(f"projects:{typed}", f"user {context.user_id}")
    slowed = not identity.is_admin(context)
    if slowed:
        throttle.check(context, tried)
    project = rows.find_by_name(typed) or rows.find(typed)
    if slowed:
        throttle.note(tried, project is not None)
    if project is None:
        raise errors.Invalid(
            reason=f"there is no project named '{typed}'; give its exact name, or its id"
        )
    return project.id
