"""What projects may use."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base


class Limit(Base):
    """A limit of one project; the empty project stands for all others."""

    project_id = peewee.CharField(max_length=64)
    name = peewee.CharField(max_length=64)
    value = peewee.BigIntegerField()

    class Meta:
        table_name = "limits"
        primary_key = peewee.CompositeKey("project_id", "name")


class QuotaHold(Base):
    """A row for each project, locked by whoever counts what it uses and takes more.

    The empty project stands for images without an owner.
    """

    project_id = peewee.CharField(max_length=255, primary_key=True)

    class Meta:
        table_name = "quota_holds"
