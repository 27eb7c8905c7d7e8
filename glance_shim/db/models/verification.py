"""What is known of whether image data still is what it was."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base
from glance_shim.db.models.images import Image


class Damage(Base):
    """One copy of an image's data that is not what it was, as found at ``noted_at``."""

    id = peewee.BigAutoField()
    image = peewee.ForeignKeyField(Image, on_delete="CASCADE")
    store_id = peewee.CharField(max_length=64)
    blob_id = peewee.TextField()
    kind = peewee.CharField(max_length=16)
    expected = peewee.CharField(max_length=160, null=True)
    found = peewee.CharField(max_length=160, null=True)
    noted_at = peewee.DoubleField()

    class Meta:
        table_name = "damages"


class Verification(Base):
    """How far the verification of one depth has come, and when the last was complete.

    ``marker`` is the last image that is done with, ``runner`` who does it and ``heartbeat``
    when that was last seen at work; both are empty while nobody does. The counters are those
    of the run at hand, or of the last one.
    """

    depth = peewee.CharField(max_length=5, primary_key=True)
    marker = peewee.FixedCharField(max_length=36, null=True)
    runner = peewee.CharField(max_length=80, null=True)
    heartbeat = peewee.DoubleField(null=True)
    started_at = peewee.DoubleField(null=True)
    completed_at = peewee.DoubleField(null=True)
    images = peewee.BigIntegerField(default=0)
    copies = peewee.BigIntegerField(default=0)
    size = peewee.BigIntegerField(default=0)
    damaged = peewee.BigIntegerField(default=0)
    repaired = peewee.BigIntegerField(default=0)
    unchecked = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "verifications"
