"""From the URL of a database, as operators write it for Glance, to the database."""

from __future__ import annotations

import importlib.util
import urllib.parse
from collections.abc import Callable
from typing import Any

from glance_shim import errors
from glance_shim.db import engines

# Seconds that a thread waits for a connection, and a connection for its server.
POOL_PATIENCE = 10
CONNECT_PATIENCE = 5

EXAMPLES = (
    "[database] connection must be an URL like sqlite:////path/to/glance.db, "
    "postgresql://user:password@host/glance or mysql+pymysql://user:password@host/glance"
)

# What is always as it has to be, whatever the URL says.
GIVEN = ("charset", "client_encoding", "use_unicode")

MARIADB_OPTIONS: dict[str, Callable[[str], Any]] = {
    "unix_socket": str,
    "ssl_ca": str,
    "ssl_cert": str,
    "ssl_key": str,
    "ssl_verify_cert": lambda text: text.lower() in ("1", "true"),
    "ssl_verify_identity": lambda text: text.lower() in ("1", "true"),
    "connect_timeout": int,
    "read_timeout": int,
    "write_timeout": int,
}


# After so many times a connection has the server keep the plan of a statement: to show an image
# took 1.2 ms instead of 2.0. The server still plans anew where that pays for the values.
PREPARE_THRESHOLD = 5


def open_database(url: str, max_connections: int = 80) -> engines.Engine:
    """The database at ``url``; no connection is made yet.

    Raises `errors.ConfigurationError` for what cannot be one, without the
    password.
    """
    try:
        parts = urllib.parse.urlsplit(url or "")
        query = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        kind = KINDS[parts.scheme.partition("+")[0]]
        opened = kind(parts, {n: v for n, v in query.items() if n not in GIVEN})
    except (KeyError, ValueError) as exc:
        # What they say may hold the password.
        raise errors.ConfigurationError(reason=EXAMPLES) from exc
    opened.init(opened.database, max_connections=max_connections, timeout=POOL_PATIENCE)
    return opened


def path_of(url: str) -> str | None:
    """The file of an SQLite database; ``None`` for other kinds."""
    parts = urllib.parse.urlsplit(url)
    return parts.path[1:] if parts.scheme.partition("+")[0] == "sqlite" else None


def _sqlite(parts: urllib.parse.SplitResult, query: dict[str, str]) -> engines.Engine:
    return engines.Sqlite(parts.path[1:])


def _server(parts: urllib.parse.SplitResult) -> dict[str, Any]:
    """Where the server is and who logs in, as both drivers take them."""
    given = {
        "host": parts.hostname and urllib.parse.unquote(parts.hostname),
        "port": parts.port,
        "user": parts.username and urllib.parse.unquote(parts.username),
        "password": parts.password and urllib.parse.unquote(parts.password),
    }
    return {name: value for name, value in given.items() if value}


def _name(parts: urllib.parse.SplitResult) -> str:
    name = urllib.parse.unquote(parts.path[1:])
    if not name:
        raise ValueError("no database is named")
    return name


def _postgresql(parts: urllib.parse.SplitResult, query: dict[str, str]) -> engines.Engine:
    _require("psycopg", "PostgreSQL", "postgresql")
    import psycopg

    threshold = int(query.pop("prepare_threshold", PREPARE_THRESHOLD))
    if threshold < 0:
        raise ValueError("prepare_threshold is negative")
    options = {"connect_timeout": CONNECT_PATIENCE, **_server(parts), **query}
    try:
        psycopg.conninfo.make_conninfo(**options)
    except psycopg.ProgrammingError as exc:
        raise errors.ConfigurationError(
            reason=f"[database] connection: {str(exc).splitlines()[0]}"
        ) from exc
    # Behind a pool that gives each transaction another connection, 0 has nothing prepared.
    return engines.Postgresql(_name(parts), prepare_threshold=threshold or None, **options)


def _mariadb(parts: urllib.parse.SplitResult, query: dict[str, str]) -> engines.Engine:
    _require("pymysql", "MariaDB", "mysql")
    unknown = sorted(query.keys() - MARIADB_OPTIONS.keys())
    if unknown:
        raise errors.ConfigurationError(
            reason=f"[database] connection: {unknown[0]} is not known after the question mark; "
            f"what is: {', '.join(MARIADB_OPTIONS)}"
        )
    options = {name: MARIADB_OPTIONS[name](value) for name, value in query.items()}
    options.setdefault("connect_timeout", CONNECT_PATIENCE)
    return engines.Mariadb(_name(parts), **_server(parts), **options)


def _require(module: str, database: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise errors.ConfigurationError(
            reason=f"{database} needs the driver {module}: pip install 'glance-shim[{extra}]'"
        )


KINDS: dict[str, Callable[[urllib.parse.SplitResult, dict[str, str]], engines.Engine]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "postgres": _postgresql,
    "mysql": _mariadb,
    "mariadb": _mariadb,
}
