"""Images and what hangs on them."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base, JSONField, TimeField


class Image(Base):
    """An image record.

    ``properties`` and ``tags`` are what an answer shows; the tables
    `ImageProperty` and `ImageTag` hold the same facts row by row for filters.
    Both are written in one transaction, by ``db/images.py`` alone.
    ``locations`` lists where the data is: the store, the blob in it and
    metadata; ``staged`` is the blob that waits to be imported, ``staged_hash`` what it
    was when it came, as algorithm and value. Being part of
    the row, they change together with the status. A deleted image keeps its
    row, because its id stays taken.
    """

    id = peewee.FixedCharField(max_length=36, primary_key=True)
    name = peewee.CharField(max_length=255, null=True)
    status = peewee.CharField(max_length=30)
    visibility = peewee.CharField(max_length=9)
    owner = peewee.CharField(max_length=255, null=True)
    protected = peewee.BooleanField(default=False)
    os_hidden = peewee.BooleanField(default=False)
    disk_format = peewee.CharField(max_length=20, null=True)
    container_format = peewee.CharField(max_length=20, null=True)
    min_disk = peewee.IntegerField(default=0)
    min_ram = peewee.IntegerField(default=0)
    size = peewee.BigIntegerField(null=True)
    virtual_size = peewee.BigIntegerField(null=True)
    checksum = peewee.CharField(max_length=32, null=True)
    os_hash_algo = peewee.CharField(max_length=64, null=True)
    os_hash_value = peewee.CharField(max_length=128, null=True)
    created_at = TimeField()
    updated_at = TimeField()
    deleted_at = TimeField(null=True)
    deleted = peewee.BooleanField(default=False)
    properties = JSONField(default=dict)
    tags = JSONField(default=list)
    locations = JSONField(default=list)
    staged = peewee.CharField(max_length=64, null=True)
    staged_hash = peewee.CharField(max_length=160, null=True)

    class Meta:
        table_name = "images"
        indexes = (
            (("deleted", "os_hidden", "owner", "created_at", "id"), False),
            (("deleted", "os_hidden", "visibility", "created_at", "id"), False),
            (("deleted", "os_hidden", "created_at", "id"), False),
            (("deleted", "os_hidden", "name", "created_at", "id"), False),
            (("deleted", "os_hidden", "size", "created_at", "id"), False),
            (("deleted", "os_hidden", "updated_at", "created_at", "id"), False),
            (("deleted", "os_hidden", "status", "created_at", "id"), False),
            (("name", "deleted"), False),
            (("checksum",), False),
            (("os_hash_value",), False),
        )


class ImageProperty(Base):
    """One custom property, for filters."""

    image = peewee.ForeignKeyField(Image, on_delete="CASCADE", index=False)
    name = peewee.CharField(max_length=255)
    value = peewee.TextField(null=True)

    class Meta:
        table_name = "image_properties"
        primary_key = peewee.CompositeKey("image", "name")
        indexes = ((("name", "value", "image"), False),)


class ImageTag(Base):
    """One tag, for filters."""

    image = peewee.ForeignKeyField(Image, on_delete="CASCADE", index=False)
    value = peewee.CharField(max_length=255)

    class Meta:
        table_name = "image_tags"
        primary_key = peewee.CompositeKey("image", "value")
        indexes = ((("value", "image"), False),)


class ImageMember(Base):
    """A project an image is offered to."""

    image = peewee.ForeignKeyField(Image, on_delete="CASCADE", index=False)
    member_id = peewee.CharField(max_length=255)
    status = peewee.CharField(max_length=20)
    created_at = TimeField()
    updated_at = TimeField()

    class Meta:
        table_name = "image_members"
        primary_key = peewee.CompositeKey("image", "member_id")
        indexes = ((("member_id", "status", "image"), False),)


class Upload(Base):
    """Data on its way into a store: the lease of whoever receives it.

    ``reserved`` bytes count against the owner's quota. ``heartbeat`` is
    renewed while data arrives; a row where it stays the same was left behind
    by a process that died.
    """

    blob_id = peewee.CharField(max_length=64, primary_key=True)
    image = peewee.ForeignKeyField(Image, on_delete="CASCADE")
    store_id = peewee.CharField(max_length=64)
    owner = peewee.CharField(max_length=255, null=True, index=True)
    reserved = peewee.BigIntegerField(default=0)
    heartbeat = peewee.DoubleField()

    class Meta:
        table_name = "uploads"


class Removal(Base):
    """A blob that no image refers to any more and that is to be removed."""

    id = peewee.BigAutoField()
    image_id = peewee.FixedCharField(max_length=36, index=True)
    store_id = peewee.CharField(max_length=64)
    blob_id = peewee.CharField(max_length=255)
    due = peewee.DoubleField(index=True)

    class Meta:
        table_name = "removals"
