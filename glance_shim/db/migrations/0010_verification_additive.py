"""Whether image data still is what it was."""

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

    class Damage(Base):
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
        depth = peewee.CharField(max_length=5, primary_key=True)
        marker = peewee.FixedCharField(max_length=36, null=True)
        runner = peewee.CharField(max_length=80, null=True)
        heartbeat = peewee.DoubleField(null=True)
        started_at = peewee.DoubleField(null=True)
        completed_at = peewee.DoubleField(null=True)
        images = peewee.BigIntegerField()
        copies = peewee.BigIntegerField()
        size = peewee.BigIntegerField()
        damaged = peewee.BigIntegerField()
        repaired = peewee.BigIntegerField()
        unchecked = peewee.BigIntegerField()

        class Meta:
            table_name = "verifications"

    db.create_tables([Damage, Verification])
