"""Queries on images, with their properties and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import peewee

from glance_shim import errors
from glance_shim.db import connection, statements
from glance_shim.db.models.activity import ImageActivity
from glance_shim.db.models.base import is_false, now
from glance_shim.db.models.images import Image, ImageMember, ImageProperty, ImageTag
from glance_shim.db.models.verification import Damage
from glance_shim.db.statements import Clause, given


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
_converted = statements.converted(COLUMNS)


def as_row(found: Sequence[Any]) -> ImageRow:
    """The image in a row of `COLUMNS`, as the driver gives it."""
    values = _converted(found)
    values[LOCATIONS] = [Location(*each) for each in values[LOCATIONS]]
    return ImageRow._make(values)


def add(
    values: Mapping[str, Any], properties: Mapping[str, str], tags: Iterable[str]
) -> ImageRow:
    """Insert an image and return it; inside `connection.writing`.

    Raises `errors.DuplicateImage` when the id is taken, by a deleted image too; the
    transaction is over then.
    """
    moment, tags = now(), sorted(set(tags))
    said = {
        "created_at": moment,
        "updated_at": moment,
        "properties": dict(properties),
        "tags": tags,
        **values,
    }
    row = ImageRow._make(
        said[field.name] if field.name in said else _default(field) for field in COLUMNS
    )
    try:
        _insert().run(row._asdict())
    except peewee.IntegrityError as exc:
        # Nothing else in this row can be refused.
        raise errors.DuplicateImage(image_id=row.id) from exc
    _index(row.id, row.properties, tags)
    return row


def _default(field: peewee.Field) -> Any:
    return field.default() if callable(field.default) else field.default


@statements.composed
def _insert() -> Any:
    return Image.insert(statements.given_row(Image, ImageRow._fields))


def find(image_id: str, scope: Clause) -> ImageRow | None:
    """The image with this very id, if ``scope`` holds for it."""
    values = {"image_id": image_id, **scope.values}
    found = _find(scope.compose, scope.shape).first(values)
    return as_row(found) if found else None


def find_for_change(image_id: str, scope: Clause) -> ImageRow | None:
    """As `find`, inside `connection.writing`: the row stays as it is until the end."""
    values = {"image_id": image_id, **scope.values}
    found = _find(scope.compose, scope.shape, True).first(values)
    return as_row(found) if found else None


@statements.composed
def _find(compose: Callable[..., Any], shape: Any, locked: bool = False) -> Any:
    query = Image.select(*COLUMNS).where((Image.id == given("image_id")) & compose(*shape))
    return connection.engine().locked(query) if locked else query


def _whatever() -> Any:
    return peewee.SQL("1 = 1")


def _not_deleted() -> Any:
    return is_false(Image.deleted)


def find_any(image_id: str, deleted_too: bool = False) -> ImageRow | None:
    """The image with this very id, whoever may see it."""
    return find(image_id, Clause(_whatever if deleted_too else _not_deleted))


def find_any_for_change(image_id: str) -> ImageRow | None:
    """As `find_for_change`, whoever may see it."""
    return find_for_change(image_id, Clause(_not_deleted))


def save(image: ImageRow, **changes: Any) -> ImageRow:
    """Write the changed columns of a row got by `find_for_change`; return it anew.

    ``properties`` and ``tags`` are whole. ``updated_at`` moves.
    """
    changes["updated_at"] = now()
    if "tags" in changes:
        changes["tags"] = sorted(set(changes["tags"]))
    _update(tuple(sorted(changes))).run_later({**changes, "image_id": image.id})
    for name, table in INDEXES.items():
        if name in changes and getattr(image, name):
            _delete_of_image(table).run_later({"image_id": image.id})
    _index(image.id, changes.get("properties", {}), changes.get("tags", ()))
    return image._replace(**changes)


INDEXES = {"properties": ImageProperty, "tags": ImageTag}


@statements.composed
def _update(names: tuple[str, ...]) -> Any:
    return Image.update(statements.given_row(Image, names)).where(Image.id == given("image_id"))


@statements.composed
def _delete_of_image(table: Any) -> Any:
    return table.delete().where(table.image == given("image_id"))


def _index(image_id: str, properties: Mapping[str, str], tags: Sequence[str]) -> None:
    if properties:
        rows = [{"name": name, "value": value} for name, value in properties.items()]
        statements.insert_many(ImageProperty, {"image": image_id}, rows)
    if tags:
        statements.insert_many(ImageTag, {"image": image_id}, [{"value": tag} for tag in tags])


def set_times(image_id: str, created_at: str, updated_at: str) -> None:
    """Say when the image was made and changed; for one that was kept elsewhere before."""
    Image.update(created_at=created_at, updated_at=updated_at).where(
        Image.id == image_id
    ).execute()


def _is_stored() -> Any:
    """The clause that an image has data in some store."""
    nowhere = peewee.Value("[]", converter=False)
    return is_false(Image.deleted) & Image.size.is_null(False) & (Image.locations != nowhere)


def select_stored(after: str | None, limit: int) -> list[ImageRow]:
    """Images with data in some store, by id, the first ``limit`` after one."""
    found = _select_stored(after is not None).rows({"after": after, "limit": limit})
    return [as_row(values) for values in found]


@statements.composed
def _select_stored(after: bool) -> Any:
    stored = _is_stored()
    if after:
        stored &= Image.id > given("after")
    return Image.select(*COLUMNS).where(stored).order_by(Image.id).limit(given("limit"))


def count_stored() -> int:
    """How many images have data in some store."""
    return int(Image.select().where(_is_stored()).count())


class EmptyRow(NamedTuple):
    """An image that has never had data."""

    id: str
    name: str | None
    owner: str | None
    created_at: str


def select_empty(created_before: str, limit: int) -> list[EmptyRow]:
    """Images that were created before a moment and are still queued, oldest first."""
    query = Image.select(Image.id, Image.name, Image.owner, Image.created_at).where(
        is_false(Image.deleted)
        & (Image.status == "queued")
        & (Image.created_at < created_before)
    )
    return [
        EmptyRow._make(values)
        for values in query.order_by(Image.created_at, Image.id).limit(limit).tuples()
    ]


def count_by_status() -> dict[str, int]:
    """How many images that are not deleted have each status."""
    query = Image.select(Image.status, peewee.fn.COUNT(peewee.SQL("1")))
    return dict(query.where(is_false(Image.deleted)).group_by(Image.status).tuples())


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
    changes = {"status": to, "updated_at": now(), **values}
    filled = {**changes, "image_id": image_id, "was": was}
    return _move(tuple(sorted(changes))).count(filled) == 1


@statements.composed
def _move(names: tuple[str, ...]) -> Any:
    return Image.update(statements.given_row(Image, names)).where(
        (Image.id == given("image_id"))
        & (Image.status == given("was"))
        & is_false(Image.deleted)
    )


def has_blob(image_id: str, blob_id: str) -> bool:
    """Does the image refer to this blob, as its data or as what waits to be imported?"""
    image = find_any(image_id)
    if image is None:
        return False
    return blob_id in (image.staged, *(each.blob_id for each in image.locations))


def mark_deleted(image_id: str, status: str) -> bool:
    """Make the image a deleted one, unless it is protected or deleted already.

    Its members, tags, properties and activity go; the id stays taken.
    """
    filled = {"image_id": image_id, "status": status, "moment": now()}
    if _mark_deleted().count(filled) != 1:
        return False
    for table in (ImageMember, ImageProperty, ImageTag, ImageActivity, Damage):
        _delete_of_image(table).run_later(filled)
    return True


@statements.composed
def _mark_deleted() -> Any:
    moment = given("moment", Image.updated_at)
    return Image.update(
        status=given("status", Image.status),
        deleted=True,
        deleted_at=moment,
        updated_at=moment,
        properties={},
        tags=[],
        locations=[],
        staged=None,
        staged_hash=None,
    ).where(
        (Image.id == given("image_id")) & is_false(Image.deleted) & is_false(Image.protected)
    )
