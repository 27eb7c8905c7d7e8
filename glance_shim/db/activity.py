"""Queries on what has been done to images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from glance_shim.db import statements
from glance_shim.db.models.activity import ImageActivity
from glance_shim.db.models.base import now
from glance_shim.db.statements import given

LONGEST = 255


class ActivityRow(NamedTuple):
    """One thing that somebody did to an image."""

    id: int
    image_id: str
    created_at: str
    action: str
    user_id: str | None
    user_name: str | None
    project_id: str | None
    project_name: str | None
    member_id: str | None
    was: str | None
    became: str | None
    request_id: str | None


COLUMNS = (
    ImageActivity.id,
    ImageActivity.image,
    ImageActivity.created_at,
    ImageActivity.action,
    ImageActivity.user_id,
    ImageActivity.user_name,
    ImageActivity.project_id,
    ImageActivity.project_name,
    ImageActivity.member_id,
    ImageActivity.was,
    ImageActivity.became,
    ImageActivity.request_id,
)
FIELDS = ("action", "member_id", "was", "became")
CALLER = ("user_id", "user_name", "project_id", "project_name")


def add(
    image_id: str,
    caller: Mapping[str, str | None],
    entries: Sequence[Mapping[str, str | None]],
) -> None:
    """Write entries (`FIELDS`) of one caller (`CALLER`, request_id); long values are cut."""
    common = {
        "image": image_id,
        "created_at": now(),
        "request_id": (caller["request_id"] or "")[:64] or None,
        **{name: _cut(caller[name]) for name in CALLER},
    }
    rows = [{name: _cut(each.get(name)) for name in FIELDS} for each in entries]
    statements.insert_many(ImageActivity, common, rows)


def _cut(value: str | None) -> str | None:
    return value if value is None or len(value) <= LONGEST else value[: LONGEST - 1] + "…"


def select(image_id: str, limit: int) -> list[ActivityRow]:
    """The last entries of an image, newest first."""
    query = (
        ImageActivity.select(*COLUMNS)
        .where(ImageActivity.image == image_id)
        .order_by(ImageActivity.id.desc())
        .limit(limit)
    )
    return [ActivityRow._make(values) for values in query.tuples()]


def project_names(image_ids: Iterable[str]) -> dict[str, str]:
    """The names that projects had when they acted on one of the images, by id."""
    query = (
        ImageActivity.select(ImageActivity.project_id, ImageActivity.project_name)
        .where(
            ImageActivity.image.in_(list(image_ids)) & ImageActivity.project_name.is_null(False)
        )
        .distinct()
    )
    return dict(query.tuples())


def trim(image_id: str, kept: int) -> None:
    """Forget all but the last ``kept`` entries of an image."""
    oldest = _oldest_kept().first({"image_id": image_id, "newer": kept - 1})
    if oldest is not None:
        _trim().run_later({"image_id": image_id, "oldest": oldest[0]})


@statements.composed
def _oldest_kept() -> Any:
    return (
        ImageActivity.select(ImageActivity.id)
        .where(ImageActivity.image == given("image_id"))
        .order_by(ImageActivity.id.desc())
        .offset(given("newer"))
        .limit(1)
    )


@statements.composed
def _trim() -> Any:
    return ImageActivity.delete().where(
        (ImageActivity.image == given("image_id")) & (ImageActivity.id < given("oldest"))
    )
