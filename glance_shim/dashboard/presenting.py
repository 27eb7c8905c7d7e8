"""Sizes, times and words, as people read them."""

from __future__ import annotations

import datetime
from typing import Any

NOTHING = "\u2013"

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

STATUS = {
    "queued": ("waiting for data", "waiting"),
    "saving": ("data is arriving", "waiting"),
    "uploading": ("data is arriving", "waiting"),
    "importing": ("being imported", "waiting"),
    "active": ("active", "good"),
    "deactivated": ("deactivated", "bad"),
    "killed": ("broken", "bad"),
    "deleted": ("deleted", "bad"),
    "pending_delete": ("being deleted", "bad"),
}

ANSWERS = {
    "pending": ("pending", "waiting"),
    "accepted": ("accepted", "good"),
    "rejected": ("rejected", "bad"),
}

VISIBILITY = {
    "private": "only this project",
    "shared": "this project and the members it is offered to",
    "community": "everybody who searches for it or knows its id",
    "public": "everybody, in every list",
}


def size(count: int | None) -> str:
    """``count`` bytes in the largest fitting unit."""
    if count is None:
        return NOTHING
    value, position = float(count), 0
    while value >= 1024 and position < len(UNITS) - 1:
        value, position = value / 1024, position + 1
    return f"{count} bytes" if position == 0 else f"{value:.1f} {UNITS[position]}"


def moment(text: str | None) -> str:
    """A time of the database, such as ``2026-11-24T15:03:00Z``, without seconds."""
    if not text:
        return NOTHING
    try:
        parsed = datetime.datetime.fromisoformat(text.strip().removesuffix("Z"))
    except ValueError:
        return text
    return f"{parsed.day} {parsed:%b %Y, %H:%M} UTC"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def called(image: Any) -> str:
    """What people call the image; one without a name goes by its id."""
    return image.name or f"image {image.id}"


def whole(text: str) -> int | str:
    """The number that ``text`` is, 0 for none; anything else is left to be refused."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text or 0


def words(text: str) -> list[str]:
    """What commas separate."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
