"""The kinds of databases, and what each wants said in its own way.

All are made to answer alike: text is compared and ordered by its code points, spaces
at its end count, an UPDATE tells how many rows it found, and a value that does not fit
is an error.
"""

from glance_shim.db.engines.base import INDEXED, Engine
from glance_shim.db.engines.mariadb import Mariadb
from glance_shim.db.engines.postgresql import Postgresql
from glance_shim.db.engines.sqlite import Sqlite

__all__ = ["INDEXED", "Engine", "Mariadb", "Postgresql", "Sqlite"]
