"""A row for each project, to be locked while its limits are looked at."""

import peewee


def up(migrator, db):
    class QuotaHold(peewee.Model):
        project_id = peewee.CharField(max_length=255, primary_key=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "quota_holds"

    db.create_tables([QuotaHold])
