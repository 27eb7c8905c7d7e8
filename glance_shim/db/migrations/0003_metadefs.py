"""Metadata definitions: namespaces, and what they hold."""

import peewee


def up(migrator, db):
    class Base(peewee.Model):
        class Meta:
            database = db
            legacy_table_names = False

    def time(**kwargs):
        return peewee.FixedCharField(max_length=20, **kwargs)

    class Namespace(Base):
        id = peewee.BigAutoField()
        namespace = peewee.CharField(max_length=80, unique=True)
        display_name = peewee.CharField(max_length=80, null=True)
        description = peewee.CharField(max_length=500, null=True)
        visibility = peewee.CharField(max_length=7)
        protected = peewee.BooleanField()
        owner = peewee.CharField(max_length=255, null=True)
        created_at = time()
        updated_at = time(null=True)

        class Meta:
            table_name = "metadef_namespaces"

    class Part(Base):
        id = peewee.BigAutoField()
        namespace = peewee.ForeignKeyField(Namespace, on_delete="CASCADE", index=False)
        kind = peewee.CharField(max_length=11)
        name = peewee.CharField(max_length=80)
        definition = peewee.TextField()
        created_at = time()
        updated_at = time(null=True)

        class Meta:
            table_name = "metadef_parts"
            indexes = (
                (("namespace", "kind", "name"), True),
                (("kind", "name", "namespace"), False),
            )

    class ResourceType(Base):
        id = peewee.BigAutoField()
        name = peewee.CharField(max_length=80, unique=True)
        protected = peewee.BooleanField()
        created_at = time()
        updated_at = time(null=True)

        class Meta:
            table_name = "metadef_resource_types"

    db.create_tables([Namespace, Part, ResourceType])
