"""What the directories of stores are marked with."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base


class ServiceId(Base):
    """The id of the service whose database this is: one row, whose ``number`` is 1."""

    number = peewee.IntegerField(primary_key=True)
    value = peewee.FixedCharField(max_length=36)

    class Meta:
        table_name = "service_ids"
