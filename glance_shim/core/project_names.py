"""What projects are called, as far as it is the caller's business.

The identity service of our own is asked where people log in with it. Where
others say who is asking, a project's name is known from what it did to an
image that the caller sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import throttle
from glance_shim.db import activity as activity_rows
from glance_shim.db import members as member_rows
from glance_shim.db.identity import projects as rows

ID = re.compile("[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# So that a page with suggestions stays a page.
MOST = 500


def are_ours(context: Context) -> bool:
    """Are projects known here, and not to somebody else who says who is asking?"""
    return context.config.auth_strategy not in ("keystone", "front")


def get_all(
    context: Context, project_ids: Iterable[str | None], image_ids: Iterable[str] = ()
) -> dict[str, str]:
    """The names of projects by id, without those that are not known.

    The caller must see the images, and the projects be their owners or
    members: whoever shares an image lets the other side know its name.
    """
    wanted = {each for each in project_ids if each}
    known: dict[str, str] = {}
    if context.project_id and context.project_name:
        known[context.project_id] = context.project_name
    if wanted - known.keys():
        ours = are_ours(context)
        known |= rows.names(wanted) if ours else activity_rows.project_names(image_ids)
    return {each: known[each] for each in wanted if each in known}


def suggestions(context: Context) -> dict[str, str]:
    """Projects to offer an image to, names by id; a name may be the id again.

    Administrators are told of all projects, everybody else of those in which
    they have a role and those that have an offer of their project already.
    """
    known = member_rows.select_of_owner(context.project_id or "", MOST)
    found = dict.fromkeys(known, "")
    if are_ours(context):
        found |= rows.names(known)
        every = identity.is_admin(context)
        mine = rows.select() if every else rows.select_of_user(context.user_id or "")
        found |= {project.id: project.name for project in mine[:MOST]}
    found.pop(context.project_id or "", None)
    return dict(
        sorted(
            ((key, name or key) for key, name in found.items()),
            key=lambda pair: pair[1].casefold(),
        )
    )


def resolve(context: Context, typed: str) -> str:
    """The id of the project that was typed: an id, or the exact name of a project.

    Whether a name exists can be found out by typing it, so that whoever is no
    administrator has to wait after some that do not. Raises `errors.Invalid`
    and `errors.TooManyRequests`.
    """
    typed = typed.strip()
    if ID.fullmatch(typed):
        return typed
    if not are_ours(context):
        raise errors.Invalid(
            reason=f"'{typed}' is no project id, and names are known to Keystone only; "
            "give the id of the project"
        )
    tried = throttle.attempt(f"projects:{typed}", f"user {context.user_id}")
    slowed = not identity.is_admin(context)
    if slowed:
        throttle.check(tried)
    project = rows.find_by_name(typed) or rows.find(typed)
    if slowed:
        throttle.note(tried, project is not None)
    if project is None:
        raise errors.Invalid(
            reason=f"there is no project named '{typed}'; give its exact name, or its id"
        )
    return project.id
