"""Queries on limits, and on what projects use of them."""

from __future__ import annotations

from typing import Any

import peewee

from glance_shim.db import connection, statements
from glance_shim.db.models.base import is_false
from glance_shim.db.models.images import Image, ImageProperty, Upload
from glance_shim.db.models.quotas import Limit, QuotaHold
from glance_shim.db.statements import given

DEFAULT = ""
STAGING = "os_glance_staging_store"
BUSY = ("saving", "uploading", "importing")

# The property with the stores that an import has not come to yet.
IMPORTING = "os_glance_importing_to_stores"


def limits(project_id: str | None) -> dict[str, int]:
    """The limits of a project by name, its own before those for all."""
    return dict(_limits().rows({"project_id": project_id or DEFAULT}))


@statements.composed
def _limits() -> Any:
    return (
        Limit.select(Limit.name, Limit.value)
        .where(Limit.project_id.in_((DEFAULT, given("project_id"))))
        .order_by(Limit.project_id)
    )


def select() -> list[tuple[str, str, int]]:
    """All limits, as project (empty for all), name and value."""
    query = Limit.select(Limit.project_id, Limit.name, Limit.value)
    return list(query.order_by(Limit.project_id, Limit.name).tuples())


def set_limit(project_id: str, name: str, value: int) -> None:
    """Set a limit of a project, or of all with an empty one."""
    insert = Limit.insert(project_id=project_id, name=name, value=value)
    key = (Limit.project_id, Limit.name)
    connection.engine().or_replace(insert, key, [Limit.value]).execute()


def delete(project_id: str, name: str) -> bool:
    """Remove a limit; say whether there was one."""
    removed = Limit.delete().where((Limit.project_id == project_id) & (Limit.name == name))
    return removed.execute() == 1


def prepare(owner: str | None) -> None:
    """Make sure that there is something to `hold`; outside of any transaction."""
    if connection.engine().one_writer or _hold(False).first({"project_id": owner or ""}):
        return
    insert = QuotaHold.insert(project_id=owner or "")
    connection.engine().unless_there(insert, QuotaHold.project_id).execute()


def hold(owner: str | None) -> None:
    """Let nobody else take anything for the project until the transaction ends."""
    if not connection.engine().one_writer:
        _hold(True).run_later({"project_id": owner or ""})


@statements.composed
def _hold(locked: bool) -> Any:
    mine = QuotaHold.select(QuotaHold.project_id).where(
        QuotaHold.project_id == given("project_id")
    )
    return connection.engine().locked(mine) if locked else mine


def _of(owner: str | None) -> Any:
    # Hidden or not: said so that the index is used in which that stands before the owner.
    hidden = Image.os_hidden.in_((False, True))
    there = is_false(Image.deleted) & (Image.status != "killed")
    return there & hidden & (Image.owner == owner)


def owners() -> list[str]:
    """The projects that have images."""
    query = Image.select(Image.owner).where(
        is_false(Image.deleted) & Image.owner.is_null(False)
    )
    return [owner for (owner,) in query.distinct().tuples()]


def count_images(owner: str | None) -> int:
    """How many images a project has."""
    return Image.select().where(_of(owner)).count()


def count_busy(owner: str | None) -> int:
    """How many images of a project have data on its way, or wait for its import."""
    copying = Image.id.in_(
        ImageProperty.select(ImageProperty.image).where(
            (ImageProperty.name == IMPORTING) & (ImageProperty.value != "")
        )
    )
    return Image.select().where(_of(owner) & (Image.status.in_(BUSY) | copying)).count()


def stored_bytes(owner: str | None) -> int:
    """What the data of a project's images takes, each location counted."""
    return int(Image.select(_taken()).where(_of(owner)).scalar())


def _taken() -> Any:
    # Counted where the rows are: it is asked in the transactions of uploads, and a project
    # may have many thousand images.
    copies = connection.engine().length_of_json(Image.locations)
    return peewee.fn.COALESCE(peewee.fn.SUM(Image.size * copies), 0)


def largest_users(most: int) -> list[tuple[str, int, int]]:
    """The projects that store most: owner, images, and the bytes their data takes."""
    query = (
        Image.select(Image.owner, peewee.fn.COUNT(Image.id), _taken().alias("taken"))
        .where(
            is_false(Image.deleted) & (Image.status != "killed") & Image.owner.is_null(False)
        )
        .group_by(Image.owner)
        .order_by(peewee.SQL("taken").desc(), Image.owner)
        .limit(most)
    )
    return [(owner, count, int(taken)) for owner, count, taken in query.tuples()]


def staged_bytes(owner: str | None, except_image: str = "") -> int:
    """What a project's images, or all but one, that wait to be imported take."""
    total = peewee.fn.COALESCE(peewee.fn.SUM(Image.size), 0)
    waiting = _of(owner) & Image.staged.is_null(False) & (Image.id != except_image)
    return int(Image.select(total).where(waiting).scalar())


def reserved_bytes(owner: str | None, staging: bool, except_image: str = "") -> int:
    """What data on its way, or all but that of one image, has reserved.

    It is on its way either to staging or to the stores.
    """
    where = (Upload.owner == owner) & (Upload.image != except_image)
    where &= (Upload.store_id == STAGING) if staging else (Upload.store_id != STAGING)
    total = peewee.fn.COALESCE(peewee.fn.SUM(Upload.reserved), 0)
    return int(Upload.select(total).where(where).scalar())
