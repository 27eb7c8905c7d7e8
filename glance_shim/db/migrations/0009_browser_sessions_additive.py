"""Sessions of browsers."""

import peewee


def up(migrator, db):
    class BrowserSession(peewee.Model):
        hash = peewee.FixedCharField(max_length=64, primary_key=True)
        content = peewee.TextField()
        began_at = peewee.DoubleField(index=True)
        seen_at = peewee.DoubleField(index=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "browser_sessions"

    db.create_tables([BrowserSession])
