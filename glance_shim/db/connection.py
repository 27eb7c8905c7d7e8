"""The database of a deployment, and when a thread holds a connection to it."""

from __future__ import annotations

import contextlib
import contextvars
import os
from collections.abc import Callable, Iterator
from typing import Any

import peewee

from glance_shim import errors
from glance_shim.db import urls
from glance_shim.db.engines import Engine
from glance_shim.db.urls import open_database

__all__ = ["open_database"]

# What the database raises when it cannot be used; a broken rule is none of these.
FAILURES = (peewee.OperationalError, peewee.InterfaceError, peewee.InternalError)

Token = contextvars.Token[Any]

_current: contextvars.ContextVar[Any] = contextvars.ContextVar("database", default=None)

# What is to be done once the transaction at hand has committed.
_after_commit: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar(
    "after_commit", default=None
)


class CurrentDatabase(peewee.DatabaseProxy):
    """Stands for the database of the deployment at work in this context.

    The models are classes of the program, the database belongs to a
    deployment; this is the joint. It lets several deployments live in one
    process, as they do in tests.
    """

    __slots__ = ()

    def __init__(self) -> None:
        object.__setattr__(self, "_callbacks", [])

    @property
    def obj(self) -> peewee.Database | None:
        return _current.get()


database = CurrentDatabase()


def create_private(url: str) -> None:
    """Make sure that a new SQLite file can be read by its owner only.

    Raises `errors.ConfigurationError` where there can be none.
    """
    path = urls.path_of(url)
    if path is None:
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"the database {path} cannot be made: {exc.strerror}"
        ) from exc


def words_of(failure: Exception) -> str:
    """What a failure says, in one line; drivers never repeat a password."""
    # PyMySQL puts a number before the words.
    said = failure.args[-1] if failure.args else ""
    words = words_of(said) if isinstance(said, Exception) else " ".join(str(said).split())
    return words or "the connection has been closed"


def refuses_changes(failure: Exception) -> bool:
    """Is the database one that is only read, a replica for example?"""
    words = words_of(failure).lower()
    return any(each in words for each in ("read-only", "readonly", "read only"))


def engine() -> Engine:
    """The database at work in this context."""
    return _current.get()


@contextlib.contextmanager
def connected(db: Engine) -> Iterator[None]:
    """Use ``db`` in the block, with a connection of this thread's own."""
    token = begin(db)
    try:
        yield
    finally:
        end(db, token)


def begin(db: Engine) -> Token:
    """Use ``db`` from now on, with a connection of this thread's own, until `end`."""
    token = _current.set(db)
    try:
        db.connect(reuse_if_open=True)
    except BaseException:
        end(db, token)
        raise
    return token


def end(db: Engine, token: Token) -> None:
    """Give the connection back; what was used before `begin` gave the token is used again."""
    try:
        if not db.is_closed():
            db.close()
    finally:
        _current.reset(token)


@contextlib.contextmanager
def released() -> Iterator[None]:
    """Give the connection back for the block, in which no query is made.

    Used around transfers: they last long, connections are few. Entering
    inside a transaction raises, so no transaction can span a transfer.
    """
    db = _current.get()
    db.close()
    try:
        yield
    finally:
        db.connect(reuse_if_open=True)


@contextlib.contextmanager
def borrowed() -> Iterator[None]:
    """Take a connection again for the block, within `released`."""
    db = _current.get()
    db.connect()
    try:
        yield
    finally:
        db.close()


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """A transaction that will write.

    Locks are taken in one order, so that no two wait for each other: the image
    (``images.find_for_change``, or its INSERT), then its project (``quotas.hold``), then
    whatever hangs on the image.
    """
    outer, mine = _after_commit.get(), list[Callable[[], None]]()
    token = _after_commit.set(mine)
    try:
        with engine().write_transaction():
            yield
    finally:
        _after_commit.reset(token)
    if outer is not None:
        outer.extend(mine)
        return
    for action in mine:
        action()


def after_commit(action: Callable[[], None]) -> None:
    """Do something once the transaction at hand has committed; at once if there is none.

    It is not done at all if the transaction is rolled back.
    """
    pending = _after_commit.get()
    if pending is None:
        action()
    else:
        pending.append(action)
