"""Queries on image members."""

from __future__ import annotations

from typing import NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db.models.base import is_false, now
from glance_shim.db.models.images import Image, ImageMember


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
    row = MemberRow(image_id, member_id, "pending", now(), now())
    try:
        ImageMember.insert(dict(zip(COLUMNS, row, strict=True))).execute()
    except peewee.IntegrityError as exc:
        raise errors.MemberExists(member_id=member_id, image_id=image_id) from exc
    return row


def count(image_id: str) -> int:
    """How many members the image has."""
    return ImageMember.select().where(ImageMember.image == image_id).count()


def find(image_id: str, member_id: str) -> MemberRow | None:
    """The member, if it is one."""
    found = (
        ImageMember.select(*COLUMNS)
        .where((ImageMember.image == image_id) & (ImageMember.member_id == member_id))
        .tuples()
        .first()
    )
    return MemberRow._make(found) if found else None


def select(image_id: str) -> list[MemberRow]:
    """All members of the image, oldest first."""
    query = (
        ImageMember.select(*COLUMNS)
        .where(ImageMember.image == image_id)
        .order_by(ImageMember.created_at, ImageMember.member_id)
    )
    return [MemberRow._make(values) for values in query.tuples()]


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
    ImageMember.update(status=status, updated_at=changed.updated_at).where(
        (ImageMember.image == member.image_id) & (ImageMember.member_id == member.member_id)
    ).execute()
    return changed


def set_times(image_id: str, member_id: str, created_at: str, updated_at: str) -> None:
    """Say when the offer was made and answered; for one that was kept elsewhere before."""
    ImageMember.update(created_at=created_at, updated_at=updated_at).where(
        (ImageMember.image == image_id) & (ImageMember.member_id == member_id)
    ).execute()


def delete(image_id: str, member_id: str) -> None:
    """Remove the member, if it is one."""
    ImageMember.delete().where(
        (ImageMember.image == image_id) & (ImageMember.member_id == member_id)
    ).execute()
