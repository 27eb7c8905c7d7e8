"""Work that is done after the answer."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base, JSONField, TimeField


class Task(Base):
    """A piece of work; the table is the queue.

    Whoever works on a task holds its lease: ``worker`` says who, and
    ``lease_until`` how long without another sign of life. ``image_id`` is no
    foreign key, because a task outlives its image.
    """

    id = peewee.FixedCharField(max_length=36, primary_key=True)
    type = peewee.CharField(max_length=30)
    status = peewee.CharField(max_length=10)
    owner = peewee.CharField(max_length=255, null=True)
    image_id = peewee.CharField(max_length=36, null=True, index=True)
    user_id = peewee.CharField(max_length=64, null=True)
    request_id = peewee.CharField(max_length=64, null=True)
    input = JSONField(null=True)
    result = JSONField(null=True)
    message = peewee.TextField(default="")
    caller = JSONField(default=dict)
    created_at = TimeField()
    updated_at = TimeField()
    expires_at = TimeField(null=True)
    deleted = peewee.BooleanField(default=False)
    deleted_at = TimeField(null=True)
    attempts = peewee.IntegerField(default=0)
    worker = peewee.CharField(max_length=64, null=True)
    lease_until = peewee.DoubleField(default=0)

    class Meta:
        table_name = "tasks"
        indexes = (
            (("status", "lease_until"), False),
            (("deleted", "created_at", "id"), False),
        )
