"""What has been done to images."""

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

    class ImageActivity(Base):
        id = peewee.BigAutoField()
        image = peewee.ForeignKeyField(Image, on_delete="CASCADE", index=False)
        created_at = peewee.FixedCharField(max_length=20)
        action = peewee.CharField(max_length=30)
        user_id = peewee.CharField(max_length=255, null=True)
        user_name = peewee.CharField(max_length=255, null=True)
        project_id = peewee.CharField(max_length=255, null=True)
        project_name = peewee.CharField(max_length=255, null=True)
        member_id = peewee.CharField(max_length=255, null=True)
        was = peewee.CharField(max_length=255, null=True)
        became = peewee.CharField(max_length=255, null=True)
        request_id = peewee.CharField(max_length=64, null=True)

        class Meta:
            table_name = "image_activity"
            indexes = ((("image", "id"), False),)

    db.create_tables([ImageActivity])
