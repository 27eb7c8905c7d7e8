"""What a service marks the directories of its stores with, and what it knows to be in them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable

import peewee

from glance_shim.db import connection
from glance_shim.db.models.images import Image, Removal
from glance_shim.db.models.marks import ServiceId

NUMBER = 1
IMAGE_ID = 36


def find_service_id() -> str | None:
    """The id of this service, if it has one."""
    found = ServiceId.select(ServiceId.value).where(ServiceId.number == NUMBER).tuples().first()
    return str(found[0]) if found else None


def service_id() -> str:
    """The id of this service, made if need be; of several that ask at once all get the same."""
    found = find_service_id()
    if found is None:
        insert = ServiceId.insert(number=NUMBER, value=str(uuid.uuid4()))
        connection.engine().unless_there(insert, ServiceId.number).execute()
        found = find_service_id()
    return found or ""


def expects_blobs(store_id: str) -> bool:
    """Is there an image with data in this store, or data in it that is to be removed?

    It reads all images where there is none.
    """
    beginning = re.sub("[!%_]", r"!\g<0>", f"[{json.dumps(store_id, ensure_ascii=False)}, ")
    value = peewee.Value(f"%{beginning}%", converter=False)
    pattern = peewee.NodeList((value, peewee.SQL("ESCAPE '!'")))
    images = Image.select().where(peewee.Expression(Image.locations, peewee.OP.ILIKE, pattern))
    return images.exists() or Removal.select().where(Removal.store_id == store_id).exists()


def has_any(store_id: str, blob_ids: Iterable[str]) -> bool:
    """Is one of the blobs the data of an image in this store, or to be removed from it?"""
    wanted = set(blob_ids)
    to_go = (Removal.store_id == store_id) & Removal.blob_id.in_(wanted)
    if Removal.select().where(to_go).exists():
        return True
    owners = {blob_id[:IMAGE_ID] for blob_id in wanted}
    query = Image.select(Image.locations).where(Image.id.in_(owners)).tuples()
    return any(
        each[0] == store_id and each[1] in wanted for (places,) in query for each in places
    )
