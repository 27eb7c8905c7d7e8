"""Users, projects, role assignments, application credentials, tokens, login failures.

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

    def identifier(**kwargs):
        return peewee.FixedCharField(max_length=32, primary_key=True, **kwargs)

    class Project(Base):
        id = identifier()
        name = peewee.CharField(max_length=255, unique=True)
        description = peewee.TextField()
        enabled = peewee.BooleanField()
        created_at = time()

        class Meta:
            table_name = "projects"

    class User(Base):
        id = identifier()
        name = peewee.CharField(max_length=255, unique=True)
        password_hash = peewee.CharField(max_length=255, null=True)
        enabled = peewee.BooleanField()
        default_project = peewee.ForeignKeyField(Project, null=True, on_delete="SET NULL")
        created_at = time()

        class Meta:
            table_name = "users"

    def of_user(**kwargs):
        return peewee.ForeignKeyField(User, on_delete="CASCADE", **kwargs)

    class RoleAssignment(Base):
        user = of_user(index=False)
        scope = peewee.CharField(max_length=8)
        scope_id = peewee.CharField(max_length=32)
        role = peewee.CharField(max_length=32)

        class Meta:
            table_name = "role_assignments"
            primary_key = peewee.CompositeKey("user", "scope", "scope_id", "role")
            indexes = ((("scope", "scope_id"), False),)

    class ApplicationCredential(Base):
        id = identifier()
        user = of_user(index=False)
        project = peewee.ForeignKeyField(Project, on_delete="CASCADE")
        name = peewee.CharField(max_length=255)
        description = peewee.TextField()
        secret_hash = peewee.CharField(max_length=255)
        roles = peewee.CharField(max_length=255)
        unrestricted = peewee.BooleanField()
        expires_at = peewee.DoubleField(null=True)
        created_at = time()

        class Meta:
            table_name = "application_credentials"
            indexes = ((("user", "name"), True),)

    class Token(Base):
        hash = peewee.FixedCharField(max_length=64, primary_key=True)
        parent = peewee.ForeignKeyField("self", null=True, on_delete="CASCADE")
        user = of_user()
        application_credential = peewee.ForeignKeyField(
            ApplicationCredential, null=True, on_delete="CASCADE"
        )
        scope = peewee.CharField(max_length=8, null=True)
        scope_id = peewee.CharField(max_length=32, null=True)
        methods = peewee.CharField(max_length=64)
        audit_id = peewee.CharField(max_length=32)
        audit_chain = peewee.CharField(max_length=32)
        issued_at = peewee.DoubleField()
        expires_at = peewee.DoubleField(index=True)

        class Meta:
            table_name = "tokens"
            indexes = ((("scope", "scope_id"), False),)

    class LoginFailure(Base):
        id = peewee.BigAutoField()
        account = peewee.FixedCharField(max_length=64)
        address = peewee.CharField(max_length=64)
        at = peewee.DoubleField(index=True)

        class Meta:
            table_name = "login_failures"
            indexes = (
                (("account", "at"), False),
                (("address", "at"), False),
            )

    db.create_tables(
        [Project, User, RoleAssignment, ApplicationCredential, Token, LoginFailure]
    )
