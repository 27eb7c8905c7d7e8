"""Images in a fast directory in front of slow stores."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base
from glance_shim.db.models.images import Image


class CachedImage(Base):
    """An image in the cache of a node, or on its way there.

    ``status`` is ``queued``, ``fetching`` or ``cached``. Who fetches holds the
    row as long as it names his blob; from ``due`` on, which he puts off while
    data arrives, somebody else may begin. Of a queued image ``due`` is when it
    is fetched, so it orders the queue. Times are seconds of the epoch.
    """

    id = peewee.BigAutoField()
    node = peewee.CharField(max_length=255)
    image = peewee.ForeignKeyField(Image, on_delete="CASCADE")
    status = peewee.CharField(max_length=8)
    blob_id = peewee.CharField(max_length=64, null=True)
    size = peewee.BigIntegerField()
    hits = peewee.IntegerField(default=0)
    last_accessed = peewee.DoubleField()
    last_modified = peewee.DoubleField()
    due = peewee.DoubleField()
    attempts = peewee.IntegerField(default=0)

    class Meta:
        table_name = "cached_images"
        indexes = (
            (("node", "image"), True),
            (("node", "status", "due"), False),
        )
