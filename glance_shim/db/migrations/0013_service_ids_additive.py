"""What the directories of stores are marked with."""

import peewee


def up(migrator, db):
    class ServiceId(peewee.Model):
        number = peewee.IntegerField(primary_key=True)
        value = peewee.FixedCharField(max_length=36)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "service_ids"

    db.create_tables([ServiceId])
