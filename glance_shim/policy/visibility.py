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

import peewee

from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageMember
from glance_shim.db.models.metadefs import MetadefNamespace
from glance_shim.db.statements import ByKey, Clause, given, only

KINDS = ("public", "community", "shared", "private")


# The project that asks, in a statement that is composed once.
A_PROJECT = given("project_id")


def seen_by_id(context: Any) -> Clause:
    """The clause for images that the caller may look up."""
    if context.is_admin:
        return Clause(_there)
    if not _asks_for_a_project(context):
        return Clause(_open_to_all)
    return Clause(_seen_by_project, values={"project_id": context.project_id})


def _there() -> Any:
    return is_false(Image.deleted)


def _open_to_all() -> Any:
    return is_false(Image.deleted) & Image.visibility.in_(("public", "community"))


def _seen_by_project() -> Any:
    return is_false(Image.deleted) & (
        Image.visibility.in_(("public", "community"))
        | (Image.owner == A_PROJECT)
        # Asked of the image, since it is one: a plan that PostgreSQL keeps for IN would be to
        # find all that the project is offered, so it would make one each time.
        | ((Image.visibility == "shared") & peewee.fn.EXISTS(_offer_of_image()))
    )


def _offer_of_image() -> Any:
    return ImageMember.select(peewee.SQL("1")).where(
        (ImageMember.image == Image.id) & (ImageMember.member_id == A_PROJECT)
    )


def seen_in_lists(
    context: Any, visibility: str | None = None, member_status: str = "accepted"
) -> Clause:
    """The clauses for images that a list may hold; an image is in it if it meets one.

    ``visibility`` is what the caller asked for: ``None`` leaves out other
    projects' community images, ``"all"`` nothing, an unknown word everything.
    ``member_status`` says which offers count, ``"all"`` every one. The database
    walks one index for each clause and stops at the end of the page. No clause takes
    out what another has: to find others' public images behind 1,000 public ones of its own,
    a project's list would read all of those first.
    """
    shape = (context.is_admin, visibility, member_status)
    return Clause(_seen_in_lists, shape, {"project_id": project_of(context)})


def _seen_in_lists(is_admin: bool, visibility: str | None, member_status: str) -> list[Any]:
    own = only(Image.owner, A_PROJECT)
    of_kind = {kind: Image.visibility == kind for kind in KINDS}
    if is_admin:
        if visibility is None:
            return [(Image.visibility != "community") | (Image.owner == A_PROJECT)]
        return (
            [is_false(Image.deleted)]
            if visibility == "all"
            else [Image.visibility == visibility]
        )
    offered = _offered_to_project(member_status)
    return {
        None: [own, of_kind["public"], offered],
        "all": [own, of_kind["public"], of_kind["community"], offered],
        "public": [of_kind["public"]],
        "community": [of_kind["community"]],
        "shared": [own & _read_as("shared"), offered],
        "private": [own & _read_as("private")],
    }.get(visibility, [])


def _read_as(kind: str) -> Any:
    """The clause for a visibility, which no index is to be read for.

    What a project has is less than everybody's images of a kind, which a database that knows
    the share of each may still prefer: it takes owner and visibility for independent.
    """
    return peewee.fn.COALESCE(Image.visibility, "") == peewee.Value(kind, converter=False)


def of_project(context: Any) -> Clause:
    """The clause for images of the caller's project, as a list has it."""
    return Clause(_of_project, values={"project_id": project_of(context)})


def _of_project() -> list[Any]:
    return [only(Image.owner, A_PROJECT)]


def offered(context: Any, member_status: str) -> Clause:
    """The clause for images that others offer to the caller's project, as a list has it."""
    return Clause(_offered, (member_status,), {"project_id": project_of(context)})


def _offered(member_status: str) -> list[Any]:
    return [_offered_to_project(member_status)]


def waiting_for(project_id: str) -> Clause:
    """The clause for images that others offer to a project, which has not answered."""
    return Clause(_offered_to_project, ("pending",), {"project_id": project_id})


def _offered_to_project(member_status: str) -> ByKey:
    foreign = Image.owner.is_null() | (Image.owner != A_PROJECT)
    return ByKey(Image.id, _offers(member_status), (Image.visibility == "shared") & foreign)


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


def _offers(status: str) -> Any:
    offers = ImageMember.select(ImageMember.image).where(only(ImageMember.member_id, A_PROJECT))
    return offers if status == "all" else offers.where(ImageMember.status == status)
