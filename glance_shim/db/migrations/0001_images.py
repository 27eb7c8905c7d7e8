"""Images, their properties, tags and members; uploads and removals.

The tables are a frozen copy: what ``db/models`` says today may have moved on.
"""

import peewee


def up(migrator, db):
    class Base(peewee.Model):
        class Meta:
            database = db
            legacy_table_names = False

    def time(**kwargs):
        return peewee.FixedCharField(max_length=20, **kwargs)

    class Image(Base):
        id = peewee.FixedCharField(max_length=36, primary_key=True)
        name = peewee.CharField(max_length=255, null=True)
        status = peewee.CharField(max_length=30)
        visibility = peewee.CharField(max_length=9)
        owner = peewee.CharField(max_length=255, null=True)
        protected = peewee.BooleanField()
        os_hidden = peewee.BooleanField()
        disk_format = peewee.CharField(max_length=20, null=True)
        container_format = peewee.CharField(max_length=20, null=True)
        min_disk = peewee.IntegerField()
        min_ram = peewee.IntegerField()
        size = peewee.BigIntegerField(null=True)
        virtual_size = peewee.BigIntegerField(null=True)
        checksum = peewee.CharField(max_length=32, null=True)
        os_hash_algo = peewee.CharField(max_length=64, null=True)
        os_hash_value = peewee.CharField(max_length=128, null=True)
        created_at = time()
        updated_at = time()
        deleted_at = time(null=True)
        deleted = peewee.BooleanField()
        properties = peewee.TextField()
        tags = peewee.TextField()
        locations = peewee.TextField()
        staged = peewee.CharField(max_length=64, null=True)
        staged_hash = peewee.CharField(max_length=160, null=True)

        class Meta:
            table_name = "images"
            indexes = (
                (("deleted", "os_hidden", "owner", "created_at", "id"), False),
                (("deleted", "os_hidden", "visibility", "created_at", "id"), False),
                (("deleted", "os_hidden", "created_at", "id"), False),
                (("name", "deleted"), False),
                (("checksum",), False),
                (("os_hash_value",), False),
            )

    def of_image(**kwargs):
        return peewee.ForeignKeyField(Image, on_delete="CASCADE", **kwargs)

    class ImageProperty(Base):
        image = of_image(index=False)
        name = peewee.CharField(max_length=255)
        value = peewee.TextField(null=True)

        class Meta:
            table_name = "image_properties"
            primary_key = peewee.CompositeKey("image", "name")

    value = db.beginning(ImageProperty.value)
    ImageProperty.add_index(
        ImageProperty.index(
            ImageProperty.name,
            value,
            ImageProperty.image,
            name="image_properties_name_value_image_id",
        )
    )

    class ImageTag(Base):
        image = of_image(index=False)
        value = peewee.CharField(max_length=255)

        class Meta:
            table_name = "image_tags"
            primary_key = peewee.CompositeKey("image", "value")
            indexes = ((("value", "image"), False),)

    class ImageMember(Base):
        image = of_image(index=False)
        member_id = peewee.CharField(max_length=255)
        status = peewee.CharField(max_length=20)
        created_at = time()
        updated_at = time()

        class Meta:
            table_name = "image_members"
            primary_key = peewee.CompositeKey("image", "member_id")
            indexes = ((("member_id", "status", "image"), False),)

    class Upload(Base):
        blob_id = peewee.CharField(max_length=64, primary_key=True)
        image = of_image()
        store_id = peewee.CharField(max_length=64)
        owner = peewee.CharField(max_length=255, null=True, index=True)
        reserved = peewee.BigIntegerField()
        heartbeat = peewee.DoubleField()

        class Meta:
            table_name = "uploads"

    class Removal(Base):
        id = peewee.BigAutoField()
        image_id = peewee.FixedCharField(max_length=36, index=True)
        store_id = peewee.CharField(max_length=64)
        blob_id = peewee.CharField(max_length=255)
        due = peewee.DoubleField(index=True)

        class Meta:
            table_name = "removals"

    db.create_tables([Image, ImageProperty, ImageTag, ImageMember, Upload, Removal])
