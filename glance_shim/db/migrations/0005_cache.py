"""The cache of images."""

import peewee


def up(migrator, db):
    class Base(peewee.Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Image(Base):
        id = peewee.FixedCharField(max_length=36, primary_key=True)

        class Meta:
            table_name = "images"

    class CachedImage(Base):
        id = peewee.BigAutoField()
        node = peewee.CharField(max_length=255)
        image = peewee.ForeignKeyField(Image, on_delete="CASCADE")
        status = peewee.CharField(max_length=8)
        blob_id = peewee.CharField(max_length=64, null=True)
        size = peewee.BigIntegerField()
        hits = peewee.IntegerField()
        last_accessed = peewee.DoubleField()
        last_modified = peewee.DoubleField()
        due = peewee.DoubleField()
        attempts = peewee.IntegerField()

        class Meta:
            table_name = "cached_images"
            indexes = (
                (("node", "image"), True),
                (("node", "status", "due"), False),
            )

    db.create_tables([CachedImage])
