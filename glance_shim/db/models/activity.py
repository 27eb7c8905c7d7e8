"""What has been done to images."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base, TimeField
from glance_shim.db.models.images import Image


class ImageActivity(Base):
    """Who did what to an image, and when.

    Names are kept as they were at that time. ``member_id`` is the project
    that an entry about an offer concerns; ``was`` and ``became`` are what a
    change made different, where that is one thing.
    """

    id = peewee.BigAutoField()
    image = peewee.ForeignKeyField(Image, on_delete="CASCADE", index=False)
    created_at = TimeField()
    action = peewee.CharField(max_length=30)
    user_id = peewee.CharField(max_length=255, null=True)
    user_name = peewee.CharField(max_length=255, null=True)
    project_id = peewee.CharField(max_length=255, null=True)
    project_name = peewee.CharField(max_length=255, null=True)
    member_id = peewee.CharField(max_length=255, null=True)
    was = peewee.CharField(max_length=255, null=True)
    became = peewee.CharField(max_length=255, null=True)
    request_id = peewee.CharField(max_length=64, null=True)

    class Meta:
        table_name = "image_activity"
        indexes = ((("image", "id"), False),)
