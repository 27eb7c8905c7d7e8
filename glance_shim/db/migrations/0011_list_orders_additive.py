"""Indexes for lists of everybody's images by name, size or change, and of a rare status."""

import peewee

COLUMNS = ("name", "size", "updated_at", "status")


def up(migrator, db):
    class Image(peewee.Model):
        id = peewee.FixedCharField(max_length=36, primary_key=True)
        name = peewee.CharField(max_length=255, null=True)
        status = peewee.CharField(max_length=30)
        os_hidden = peewee.BooleanField()
        size = peewee.BigIntegerField(null=True)
        created_at = peewee.FixedCharField(max_length=20)
        updated_at = peewee.FixedCharField(max_length=20)
        deleted = peewee.BooleanField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "images"

    there = {index.name for index in db.get_indexes("images")}
    for column in COLUMNS:
        name = f"images_deleted_os_hidden_{column}_created_at_id"
        if name in there:
            continue
        # Absent values lie where lists have them, below all others.
        nulls = db.nulls("asc") if getattr(Image, column).null else None
        ordered = peewee.Ordering(getattr(Image, column), "ASC", nulls=nulls)
        parts = (Image.deleted, Image.os_hidden, ordered, Image.created_at, Image.id)
        db.execute(Image.index(*parts, name=name, safe=False))
