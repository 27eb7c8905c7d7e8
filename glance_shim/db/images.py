"""Queries on images, with their properties and tags."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import connection, paging
from glance_shim.db.models.activity import ImageActivity
from glance_shim.db.models.base import is_false, now
from glance_shim.db.models.images import Image, ImageMember, ImageProperty, ImageTag
from glance_shim.db.models.verification import Damage


class Location(NamedTuple):
    """One place the data of an image is at."""

    store_id: str
    blob_id: str
    metadata: dict[str, Any]


class ImageRow(NamedTuple):
    """An image as it stands in the database."""

    id: str
    name: str | None
    status: str
    visibility: str
    owner: str | None
    protected: bool
    os_hidden: bool
    disk_format: str | None
    container_format: str | None
    min_disk: int
    min_ram: int
    size: int | None
    virtual_size: int | None
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    created_at: str
    updated_at: str
    properties: dict[str, str]
    tags: list[str]
    locations: list[Location]
    staged: str | None
    staged_hash: str | None


COLUMNS = tuple(getattr(Image, name) for name in ImageRow._fields)
LOCATIONS = ImageRow._fields.index("locations")


def _row(values: Sequence[Any]) -> ImageRow:
    locations = [Location(*each) for each in values[LOCATIONS]]
    return ImageRow._make((*values[:LOCATIONS], locations, *values[LOCATIONS + 1 :]))


def add(
    values: Mapping[str, Any], properties: Mapping[str, str], tags: Iterable[str]
) -> ImageRow:
    """Insert an image and return it.

    Raises `errors.DuplicateImage` when the id is taken, by a deleted image too.
    """
    moment = now()
    tags = sorted(set(tags))
    try:
        with connection.writing():
            Image.insert(
                created_at=moment,
                updated_at=moment,
                properties=dict(properties),
                tags=tags,
                **values,
            ).execute()
            _index(values["id"], properties, tags)
            return _row(Image.select(*COLUMNS).where(Image.id == values["id"]).tuples().get())
    except peewee.IntegrityError as exc:
        if not exists(values["id"], peewee.SQL("1 = 1")):
            raise
        raise errors.DuplicateImage(image_id=values["id"]) from exc


def find(image_id: str, scope: Any) -> ImageRow | None:
    """The image with this very id, if ``scope`` holds for it."""
    found = Image.select(*COLUMNS).where((Image.id == image_id) & scope).tuples().first()
    return _row(found) if found else None


def find_for_change(image_id: str, scope: Any) -> ImageRow | None:
    """As `find`, inside `connection.writing`: the row stays as it is until the end."""
    query = Image.select(*COLUMNS).where((Image.id == image_id) & scope)
    found = connection.engine().locked(query).tuples().first()
    return _row(found) if found else None


def find_any(image_id: str, deleted_too: bool = False) -> ImageRow | None:
    """The image with this very id, whoever may see it."""
    return find(image_id, peewee.SQL("1 = 1") if deleted_too else is_false(Image.deleted))


def find_any_for_change(image_id: str) -> ImageRow | None:
    """As `find_for_change`, whoever may see it."""
    return find_for_change(image_id, is_false(Image.deleted))


def exists(image_id: str, scope: Any) -> bool:
    """Does ``scope`` hold for the image?"""
    return Image.select(peewee.SQL("1")).where((Image.id == image_id) & scope).exists()


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda column, values: column.in_(values),
    "contains": lambda column, value: peewee.fn.LOWER(column).contains(value.lower()),
}


def select(
    branches: Sequence[Any],
    conditions: Iterable[tuple[str, str, Any]] = (),
    properties: Iterable[tuple[str, str]] = (),
    tags: Iterable[str] = (),
    sort: paging.Sort = (("created_at", "desc"), ("id", "desc")),
    limit: int = 25,
    marker: ImageRow | None = None,
) -> list[ImageRow]:
    """One page of images that meet one of ``branches`` and all filters.

    ``branches`` exclude each other; each is read along an index of its own
    and stops after ``limit`` rows. It is one statement whatever the page.
    """
    clauses = [is_false(Image.deleted), Image.status != "killed"]
    clauses += [OPERATORS[op](getattr(Image, name), value) for name, op, value in conditions]
    clauses += [_has_property(name, value) for name, value in properties]
    clauses += [_has_tag(tag) for tag in tags]
    if marker is not None:
        clauses.append(paging.after(Image, sort, marker))
    where = functools.reduce(operator.and_, clauses)
    if not branches or not limit:
        return []
    in_the_middle = marker is not None and sort[0][0] == "created_at"
    table = connection.engine().indexed(Image) if in_the_middle else Image
    pages = [
        Image.select(*COLUMNS)
        .from_(table)
        .where(where & branch)
        .order_by(*paging.order(Image, sort))
        .limit(limit)
        for branch in branches
    ]
    return [_row(values) for values in _joined(pages, sort, limit).tuples()]


def _joined(pages: Sequence[Any], sort: paging.Sort, limit: int) -> Any:
    if len(pages) == 1:
        return pages[0]
    parts = []
    for number, page in enumerate(pages):
        part = page.alias(f"branch{number}")
        parts.append(Image.select(peewee.SQL("*")).from_(part))
    union = functools.reduce(operator.add, parts)
    return union.order_by(*paging.order_of_union(Image, sort)).limit(limit)


def count(scope: Callable[[str], Any], project_id: str) -> int:
    """How many images the clause ``scope(project_id)`` holds for."""
    text, parameters = _count_statement(connection.engine().kind, scope)
    given = [project_id if each == A_PROJECT else each for each in parameters]
    return int(connection.database.execute_sql(text, given).fetchone()[0])


# Stands for the project in the parameters of a statement that is composed once.
A_PROJECT = "a project"


@functools.cache
def _count_statement(kind: str, scope: Callable[[str], Any]) -> tuple[str, list[Any]]:
    """The text of that query for a kind of database, and its parameters.

    Composing it takes peewee 0.4 milliseconds, answering it takes SQLite a
    fortieth of that, and every page of the dashboard asks it.
    """
    there = is_false(Image.deleted) & (Image.status != "killed") & scope(A_PROJECT)
    text, parameters = Image.select(peewee.fn.COUNT(peewee.SQL("1"))).where(there).sql()
    return text, parameters


def _has_property(name: str, value: str) -> Any:
    return peewee.fn.EXISTS(
        ImageProperty.select(peewee.SQL("1")).where(
            (ImageProperty.image == Image.id)
            & (ImageProperty.name == name)
            & connection.engine().same_text(ImageProperty.value, value)
        )
    )


def _has_tag(tag: str) -> Any:
    return peewee.fn.EXISTS(
        ImageTag.select(peewee.SQL("1")).where(
            (ImageTag.image == Image.id) & (ImageTag.value == tag)
        )
    )


def save(image: ImageRow, **changes: Any) -> ImageRow:
    """Write the changed columns of a row got by `find_for_change`; return it anew.

    ``properties`` and ``tags`` are whole. ``updated_at`` moves.
    """
    changes["updated_at"] = now()
    if "tags" in changes:
        changes["tags"] = sorted(set(changes["tags"]))
    Image.update(**changes).where(Image.id == image.id).execute()
    if "properties" in changes:
        ImageProperty.delete().where(ImageProperty.image == image.id).execute()
    if "tags" in changes:
        ImageTag.delete().where(ImageTag.image == image.id).execute()
    _index(image.id, changes.get("properties", {}), changes.get("tags", ()))
    return image._replace(**changes)


def set_times(image_id: str, created_at: str, updated_at: str) -> None:
    """Say when the image was made and changed; for one that was kept elsewhere before."""
    Image.update(created_at=created_at, updated_at=updated_at).where(
        Image.id == image_id
    ).execute()


def _index(image_id: str, properties: Mapping[str, str], tags: Iterable[str]) -> None:
    pairs = [(image_id, name, value) for name, value in properties.items()]
    if pairs:
        ImageProperty.insert_many(
            pairs, fields=[ImageProperty.image, ImageProperty.name, ImageProperty.value]
        ).execute()
    labels = [(image_id, tag) for tag in tags]
    if labels:
        ImageTag.insert_many(labels, fields=[ImageTag.image, ImageTag.value]).execute()


def _is_stored() -> Any:
    """The clause that an image has data in some store."""
    nowhere = peewee.Value("[]", converter=False)
    return is_false(Image.deleted) & Image.size.is_null(False) & (Image.locations != nowhere)


def select_stored(after: str | None, limit: int) -> list[ImageRow]:
    """Images with data in some store, by id, the first ``limit`` after one."""
    stored = _is_stored()
    if after is not None:
        stored &= Image.id > after
    query = Image.select(*COLUMNS).where(stored).order_by(Image.id).limit(limit)
    return [_row(values) for values in query.tuples()]


def count_stored() -> int:
    """How many images have data in some store."""
    return int(Image.select().where(_is_stored()).count())


def known_among(image_ids: Iterable[str]) -> dict[str, set[str]]:
    """Those of the ids that images have or had, each with the blobs the image refers to."""
    columns = (Image.id, Image.locations, Image.staged)
    query = Image.select(*columns).where(Image.id.in_(list(image_ids))).tuples()
    return {
        image_id: {each[1] for each in locations} | ({staged} if staged else set())
        for image_id, locations, staged in query
    }


def set_locations(image_id: str, locations: Sequence[Location]) -> None:
    """Say that the same data is elsewhere, which is no change that clients would see."""
    Image.update(locations=locations).where(Image.id == image_id).execute()


def move_status(image_id: str, was: str, to: str, **values: Any) -> bool:
    """Change the status if it still is ``was``; say whether it was.

    Where two callers race, the row decides.
    """
    changed = (
        Image.update(status=to, updated_at=now(), **values)
        .where((Image.id == image_id) & (Image.status == was) & is_false(Image.deleted))
        .execute()
    )
    return changed == 1


def has_blob(image_id: str, blob_id: str) -> bool:
    """Does the image refer to this blob, as its data or as what waits to be imported?"""
    image = find(image_id, is_false(Image.deleted))
    if image is None:
        return False
    return blob_id in (image.staged, *(each.blob_id for each in image.locations))


def mark_deleted(image_id: str, status: str) -> bool:
    """Make the image a deleted one, unless it is protected or deleted already.

    Its members, tags, properties and activity go; the id stays taken.
    """
    moment = now()
    changed = (
        Image.update(
            status=status,
            deleted=True,
            deleted_at=moment,
            updated_at=moment,
            properties={},
            tags=[],
            locations=[],
            staged=None,
            staged_hash=None,
        )
        .where((Image.id == image_id) & is_false(Image.deleted) & is_false(Image.protected))
        .execute()
    )
    if changed != 1:
        return False
    for table in (ImageMember, ImageProperty, ImageTag, ImageActivity, Damage):
        table.delete().where(table.image == image_id).execute()
    return True
