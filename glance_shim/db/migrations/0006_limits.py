"""Limits of what projects may use."""

import peewee


def up(migrator, db):
    class Limit(peewee.Model):
        project_id = peewee.CharField(max_length=64)
        name = peewee.CharField(max_length=64)
        value = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "limits"
            primary_key = peewee.CompositeKey("project_id", "name")

    db.create_tables([Limit])
