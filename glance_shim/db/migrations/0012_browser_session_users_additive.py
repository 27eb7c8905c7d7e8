"""Whose each session of a browser is."""

import peewee
from playhouse.migrate import migrate


def up(migrator, db):
    if "user_id" not in {column.name for column in db.get_columns("browser_sessions")}:
        user_id = peewee.CharField(max_length=255, null=True)
        migrate(migrator.add_column("browser_sessions", "user_id", user_id))
    if not any(index.columns == ["user_id"] for index in db.get_indexes("browser_sessions")):
        migrate(migrator.add_index("browser_sessions", ("user_id",), False))
