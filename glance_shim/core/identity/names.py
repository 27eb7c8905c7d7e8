"""The names of projects, as far as the people who look may know them.

Everybody knows the projects in which they have a role. Sharing makes the two
sides known to each other: who offers an image is named to whom it is offered
to, and who has answered an offer to whom made it. Others are ids. Behind a
Keystone only the projects of the person who looks have names here.
"""

from __future__ import annotations

from collections.abc import Iterable

from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.db.identity import projects as rows
from glance_shim.db.images import ImageRow
from glance_shim.db.members import MemberRow


def of_owners(context: Context, images: Iterable[ImageRow]) -> dict[str, str]:
    """The names of the projects that own the images, by id."""
    known = _known(context)
    return known | _looked_up(
        context,
        {
            image.owner
            for image in images
            if image.owner and (identity.is_admin(context) or image.visibility == "shared")
        }
        - known.keys(),
    )


def of_members(context: Context, members: Iterable[MemberRow]) -> dict[str, str]:
    """The names of members that have answered, by id."""
    known = _known(context)
    return known | _looked_up(
        context,
        {
            member.member_id
            for member in members
            if identity.is_admin(context) or member.status != "pending"
        }
        - known.keys(),
    )


def _known(context: Context) -> dict[str, str]:
    if context.project_id is None:
        return {}
    return {context.project_id: context.project_name or context.project_id}


def _looked_up(context: Context, ids: set[str]) -> dict[str, str]:
    if not ids or context.config.auth_strategy in ("keystone", "front"):
        return {}
    return rows.names(ids)
