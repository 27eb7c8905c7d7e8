"""Users, projects, who has which role where, and what they log in with."""

from __future__ import annotations

import peewee

from glance_shim.db.models.base import Base, TimeField


class Project(Base):
    """A project; images belong to one."""

    id = peewee.FixedCharField(max_length=32, primary_key=True)
    name = peewee.CharField(max_length=255, unique=True)
    description = peewee.TextField(default="")
    enabled = peewee.BooleanField(default=True)
    created_at = TimeField()

    class Meta:
        table_name = "projects"


class User(Base):
    """Somebody who can log in; of the password only an argon2id hash is kept."""

    id = peewee.FixedCharField(max_length=32, primary_key=True)
    name = peewee.CharField(max_length=255, unique=True)
    password_hash = peewee.CharField(max_length=255, null=True)
    enabled = peewee.BooleanField(default=True)
    default_project = peewee.ForeignKeyField(Project, null=True, on_delete="SET NULL")
    created_at = TimeField()

    class Meta:
        table_name = "users"


class RoleAssignment(Base):
    """A user has a role somewhere.

    ``scope`` says what ``scope_id`` is: the id of a ``project``, of the
    ``domain``, or ``all`` for the ``system``.
    """

    user = peewee.ForeignKeyField(User, on_delete="CASCADE", index=False)
    scope = peewee.CharField(max_length=8)
    scope_id = peewee.CharField(max_length=32)
    role = peewee.CharField(max_length=32)

    class Meta:
        table_name = "role_assignments"
        primary_key = peewee.CompositeKey("user", "scope", "scope_id", "role")
        indexes = ((("scope", "scope_id"), False),)


class ApplicationCredential(Base):
    """A secret of its own, for a program that acts for a user in one project.

    ``roles`` are names between commas; a token gets those that the user still
    has.
    """

    id = peewee.FixedCharField(max_length=32, primary_key=True)
    user = peewee.ForeignKeyField(User, on_delete="CASCADE", index=False)
    project = peewee.ForeignKeyField(Project, on_delete="CASCADE")
    name = peewee.CharField(max_length=255)
    description = peewee.TextField(default="")
    secret_hash = peewee.CharField(max_length=255)
    roles = peewee.CharField(max_length=255)
    unrestricted = peewee.BooleanField(default=False)
    expires_at = peewee.DoubleField(null=True)
    created_at = TimeField()

    class Meta:
        table_name = "application_credentials"
        indexes = ((("user", "name"), True),)


class Token(Base):
    """A token that was issued; ``hash`` is the SHA-256 of its text.

    What it was derived from is its ``parent``: revoking a token revokes every
    token made from it. ``audit_chain`` is the audit id of the first of them.
    """

    hash = peewee.FixedCharField(max_length=64, primary_key=True)
    parent = peewee.ForeignKeyField("self", null=True, on_delete="CASCADE")
    user = peewee.ForeignKeyField(User, on_delete="CASCADE")
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
    """A wrong password: on which account (a hash), from which address, when."""

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


class BrowserSession(Base):
    """Somebody logged in with a browser; ``hash`` is the SHA-256 of what the browser keeps.

    ``content`` is sealed, so that who reads the database cannot go on with it.
    """

    hash = peewee.FixedCharField(max_length=64, primary_key=True)
    content = peewee.TextField()
    began_at = peewee.DoubleField(index=True)
    seen_at = peewee.DoubleField(index=True)
    user_id = peewee.CharField(max_length=255, null=True, index=True)

    class Meta:
        table_name = "browser_sessions"
