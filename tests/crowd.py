"""A catalogue of any size, written straight into the database."""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Iterator
from typing import Any

from glance_shim.db import connection
from glance_shim.db.models.images import Image, ImageProperty, ImageTag

PROJECTS = 300

# Every so manieth image belongs to the project that looks, and so manieth is public.
OWN = 10
PUBLIC = 1000

BATCH = 500
BEGIN = datetime.datetime(2020, 1, 1)
SPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def image_id(number: int) -> str:
    """The id of the image of this number, the same in every catalogue."""
    return str(uuid.uuid5(SPACE, f"crowd-{number}"))


def fill(url: str, count: int, project: str, first: int = 0) -> str:
    """Add ``count`` images, the numbers from ``first`` on, each a second younger than the last.

    A tenth of them is the project's. Returns the id after which its deepest
    page of 25 begins. The database learns of its new size.
    """
    database = connection.open_database(url)
    with connection.connected(database):
        numbers = iter(range(first, first + count))
        while batch := list(itertools.islice(numbers, BATCH)):
            _add(batch, project)
        database.execute_sql("ANALYZE" if "mysql" not in url else "ANALYZE TABLE images")
    database.close_all()
    return image_id(25 * OWN)


def _add(batch: list[int], project: str) -> None:
    with connection.writing():
        Image.insert_many(_images(batch, project)).execute()
        properties = [
            {"image": image_id(number), "name": name, "value": value}
            for number in batch
            for name, value in _properties(number).items()
        ]
        ImageProperty.insert_many(properties).execute()
        tags = [{"image": image_id(number), "value": tag} for number in batch for tag in TAGS]
        ImageTag.insert_many(tags).execute()


TAGS = ("crowd", "golden")


def _properties(number: int) -> dict[str, str]:
    return {"os_distro": "debian", "rack": f"r{number % 500}"}


def _images(batch: list[int], project: str) -> Iterator[dict[str, Any]]:
    for number in batch:
        moment = (BEGIN + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield {
            "id": image_id(number),
            "name": f"crowd-{number:07d}",
            "status": "queued",
            "visibility": "public" if number % PUBLIC == 1 else "shared",
            "owner": project if number % OWN == 0 else f"project-{number % PROJECTS}",
            "disk_format": "raw",
            "container_format": "bare",
            "created_at": moment,
            "updated_at": moment,
            "properties": _properties(number),
            "tags": list(TAGS),
        }
