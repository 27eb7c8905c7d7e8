"""The catalog of metadata definitions: namespaces and what they hold.

``updated_at`` is empty as long as nobody changed what was loaded from a file.
"""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base, JSONField, TimeField


class MetadefNamespace(Base):
    """What belongs together; visibility, owner and protection are kept here only.

    There are few namespaces, so lists need no index but that of the name.
    """

    id = peewee.BigAutoField()
    namespace = peewee.CharField(max_length=80, unique=True)
    display_name = peewee.CharField(max_length=80, null=True)
    description = peewee.CharField(max_length=500, null=True)
    visibility = peewee.CharField(max_length=7)
    protected = peewee.BooleanField()
    owner = peewee.CharField(max_length=255, null=True)
    created_at = TimeField()
    updated_at = TimeField(null=True)

    class Meta:
        table_name = "metadef_namespaces"


class MetadefPart(Base):
    """An object, property, tag or association of a namespace, as ``kind`` says.

    ``definition`` is everything but its name, as a JSON document.
    """

    id = peewee.BigAutoField()
    namespace = peewee.ForeignKeyField(MetadefNamespace, on_delete="CASCADE", index=False)
    kind = peewee.CharField(max_length=11)
    name = peewee.CharField(max_length=80)
    definition = JSONField()
    created_at = TimeField()
    updated_at = TimeField(null=True)

    class Meta:
        table_name = "metadef_parts"
        indexes = (
            (("namespace", "kind", "name"), True),
            (("kind", "name", "namespace"), False),
        )


class MetadefResourceType(Base):
    """A kind of resource that some namespace is, or was, associated with."""

    id = peewee.BigAutoField()
    name = peewee.CharField(max_length=80, unique=True)
    protected = peewee.BooleanField()
    created_at = TimeField()
    updated_at = TimeField(null=True)

    class Meta:
        table_name = "metadef_resource_types"
