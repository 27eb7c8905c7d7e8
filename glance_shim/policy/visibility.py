"""Who sees which image, as WHERE clauses.

    visibility   by id                               in lists
    public       everybody                           everybody
    community    everybody                           its project; others when they ask for it
    shared       its project, its members            its project, members who accepted
    private      its project                         its project

Administrators see everything, but other projects' community images are in
nobody's list unless asked for. "Its project" is the owner; an image without
an owner belongs to nobody. A membership counts only while the image is
shared. ``tests/policy/test_visibility.py`` is this table again.
"""

from __future__ import annotations

from typing import Any

from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageMember
from glance_shim.db.models.metadefs import MetadefNamespace

KINDS = ("public", "community", "shared", "private")


def seen_by_id(context: Any) -> Any:
    """The clause for images that the caller may look up."""
    if context.is_admin:
        return is_false(Image.deleted)
    seen = Image.visibility.in_(("public", "community"))
    if _asks_for_a_project(context):
        seen |= (Image.owner == context.project_id) | (
            (Image.visibility == "shared") & Image.id.in_(_offers(context.project_id, "all"))
        )
    return is_false(Image.deleted) & seen


def seen_in_lists(
    context: Any, visibility: str | None = None, member_status: str = "accepted"
) -> list[Any]:
    """The clauses for images that a list may hold; each image meets at most one.

    ``visibility`` is what the caller asked for: ``None`` leaves out other
    projects' community images, ``"all"`` nothing, an unknown word everything.
    ``member_status`` says which offers count, ``"all"`` every one. Clauses
    that exclude each other let the database walk one index for each and stop
    at the end of the page.
    """
    project_id = project_of(context)
    own = Image.owner == project_id
    foreign = Image.owner.is_null() | (Image.owner != project_id)
    of_kind = {kind: Image.visibility == kind for kind in KINDS}
    if context.is_admin:
        if visibility is None:
            return [Image.visibility != "community", of_kind["community"] & own]
        return (
            [is_false(Image.deleted)]
            if visibility == "all"
            else [Image.visibility == visibility]
        )
    offered = of_kind["shared"] & foreign & Image.id.in_(_offers(project_id, member_status))
    return {
        None: [own, of_kind["public"] & foreign, offered],
        "all": [own, of_kind["public"] & foreign, of_kind["community"] & foreign, offered],
        "public": [of_kind["public"]],
        "community": [of_kind["community"]],
        "shared": [of_kind["shared"] & own, offered],
        "private": [of_kind["private"] & own],
    }.get(visibility, [])


def of_project(context: Any) -> list[Any]:
    """The clause for images of the caller's project, as a list has it."""
    return [Image.owner == project_of(context)]


def offered(context: Any, member_status: str) -> list[Any]:
    """The clause for images that others offer to the caller's project, as a list has it."""
    return [_offered_to(project_of(context), member_status)]


def waiting_for(project_id: str) -> Any:
    """The clause for images that others offer to a project, which has not answered."""
    return _offered_to(project_id, "pending")


def _offered_to(project_id: str, member_status: str) -> Any:
    foreign = Image.owner.is_null() | (Image.owner != project_id)
    offers = _offers(project_id, member_status)
    return (Image.visibility == "shared") & foreign & Image.id.in_(offers)


def project_of(context: Any) -> str:
    """The project whose images are the caller's own, empty if there is none."""
    return context.project_id if _asks_for_a_project(context) else ""


def namespaces_seen(context: Any) -> Any:
    """The clause for namespaces of metadata definitions that the caller may see."""
    if context.is_admin:
        return None
    seen = MetadefNamespace.visibility == "public"
    if _asks_for_a_project(context):
        seen |= MetadefNamespace.owner == context.project_id
    return seen


def _asks_for_a_project(context: Any) -> bool:
    return context.project_id is not None and context.scope == "project"


def _offers(project_id: str, status: str) -> Any:
    offers = ImageMember.select(ImageMember.image).where(ImageMember.member_id == project_id)
    return offers if status == "all" else offers.where(ImageMember.status == status)
