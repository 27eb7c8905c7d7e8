"""Tasks: work that is done after the answer."""

import peewee


def up(migrator, db):
    class Task(peewee.Model):
        id = peewee.FixedCharField(max_length=36, primary_key=True)
        type = peewee.CharField(max_length=30)
        status = peewee.CharField(max_length=10)
        owner = peewee.CharField(max_length=255, null=True)
        image_id = peewee.CharField(max_length=36, null=True, index=True)
        user_id = peewee.CharField(max_length=64, null=True)
        request_id = peewee.CharField(max_length=64, null=True)
        input = peewee.TextField(null=True)
        result = peewee.TextField(null=True)
        message = peewee.TextField()
        caller = peewee.TextField()
        created_at = peewee.FixedCharField(max_length=20)
        updated_at = peewee.FixedCharField(max_length=20)
        expires_at = peewee.FixedCharField(max_length=20, null=True)
        deleted = peewee.BooleanField()
        deleted_at = peewee.FixedCharField(max_length=20, null=True)
        attempts = peewee.IntegerField()
        worker = peewee.CharField(max_length=64, null=True)
        lease_until = peewee.DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "tasks"
            indexes = (
                (("status", "lease_until"), False),
                (("deleted", "created_at", "id"), False),
            )

    db.create_tables([Task])
