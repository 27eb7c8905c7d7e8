"""Queries on image members."""

from __future__ import annotations

from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import statements
from glance_shim.db.models.base import is_false, now
from glance_shim.db.models.images import Image, ImageMember
from glance_shim.db.statements import given


class MemberRow(NamedTuple):
    """A project an image is offered to, and its answer."""

    image_id: str
    member_id: str
    status: str
    created_at: str
    updated_at: str


COLUMNS = (
    ImageMember.image,
    ImageMember.member_id,
    ImageMember.status,
    ImageMember.created_at,
    ImageMember.updated_at,
)


def add(image_id: str, member_id: str) -> MemberRow:
    """Insert a pending member; raises `errors.MemberExists`."""
    moment = now()
    row = MemberRow(image_id, member_id, "pending", moment, moment)
    try:
        _insert().run(row._asdict())
    except peewee.IntegrityError as exc:
        raise errors.MemberExists(member_id=member_id, image_id=image_id) from exc
    return row


@statements.composed
def _insert() -> Any:
    columns = zip(COLUMNS, MemberRow._fields, strict=True)
    return ImageMember.insert({column: given(name, column) for column, name in columns})


def count(image_id: str) -> int:
    """How many members the image has."""
    (found,) = _count().rows({"image_id": image_id})
    return int(found[0])


@statements.composed
def _count() -> Any:
    return ImageMember.select(peewee.fn.COUNT(peewee.SQL("1"))).where(_OF_IMAGE)


_OF_IMAGE = ImageMember.image == given("image_id")
_THE_ONE = _OF_IMAGE & (ImageMember.member_id == given("member_id"))


def find(image_id: str, member_id: str) -> MemberRow | None:
    """The member, if it is one."""
    found = _find().first({"image_id": image_id, "member_id": member_id})
    return MemberRow._make(found) if found else None


@statements.composed
def _find() -> Any:
    return ImageMember.select(*COLUMNS).where(_THE_ONE)


def select(image_id: str) -> list[MemberRow]:
    """All members of the image, oldest first."""
    return [MemberRow._make(found) for found in _select().rows({"image_id": image_id})]


@statements.composed
def _select() -> Any:
    oldest_first = (ImageMember.created_at, ImageMember.member_id)
    return ImageMember.select(*COLUMNS).where(_OF_IMAGE).order_by(*oldest_first)


def select_of_owner(owner: str, most: int) -> dict[str, str | None]:
    """The projects to which images of ``owner`` are offered, by id.

    With each goes one image whose offer it has answered, if there is any.
    """
    theirs = Image.select(Image.id).where((Image.owner == owner) & is_false(Image.deleted))
    answered = peewee.Case(None, [(ImageMember.status != "pending", ImageMember.image)], None)
    query = (
        ImageMember.select(ImageMember.member_id, peewee.fn.MAX(answered))
        .where(ImageMember.image.in_(theirs))
        .group_by(ImageMember.member_id)
        .order_by(ImageMember.member_id)
        .limit(most)
    )
    return dict(query.tuples())


def set_status(member: MemberRow, status: str) -> MemberRow:
    """Write the member's answer and return it anew; nobody else may change the image."""
    changed = member._replace(status=status, updated_at=now())
    _set_status().run_later(changed._asdict())
    return changed


@statements.composed
def _set_status() -> Any:
    columns = statements.given_row(ImageMember, ("status", "updated_at"))
    return ImageMember.update(columns).where(_THE_ONE)


def set_times(image_id: str, member_id: str, created_at: str, updated_at: str) -> None:
    """Say when the offer was made and answered; for one that was kept elsewhere before."""
    ImageMember.update(created_at=created_at, updated_at=updated_at).where(
        (ImageMember.image == image_id) & (ImageMember.member_id == member_id)
    ).execute()


def delete(image_id: str, member_id: str) -> None:
    """Remove the member, if it is one."""
    _delete().run_later({"image_id": image_id, "member_id": member_id})


@statements.composed
def _delete() -> Any:
    return ImageMember.delete().where(_THE_ONE)
