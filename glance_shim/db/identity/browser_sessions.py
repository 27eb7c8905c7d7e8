"""Queries on sessions of browsers."""

from __future__ import annotations

from typing import Any, NamedTuple

from glance_shim.db import statements
from glance_shim.db.models.identity import BrowserSession
from glance_shim.db.statements import given

# As many are forgotten at once as a statement may name; the next login forgets the others.
MOST_OLD = 500


class SessionRow(NamedTuple):
    """A session, when it began and when its browser last asked for a page."""

    content: str
    began_at: float
    seen_at: float


def add(session_hash: str, user_id: str, content: str, moment: float) -> None:
    BrowserSession.insert(
        hash=session_hash, user_id=user_id, content=content, began_at=moment, seen_at=moment
    ).execute()


def keep_latest(user_id: str, most: int) -> None:
    """Forget all sessions of a user but the ``most`` that were seen last."""
    mine = BrowserSession.select(BrowserSession.hash).where(BrowserSession.user_id == user_id)
    latest = mine.order_by(BrowserSession.seen_at.desc(), BrowserSession.hash)
    old = [session_hash for (session_hash,) in latest.offset(most).limit(MOST_OLD).tuples()]
    if old:
        BrowserSession.delete().where(BrowserSession.hash.in_(old)).execute()


def find(session_hash: str) -> SessionRow | None:
    """The session of this hash, however old."""
    found = _find().first({"hash": session_hash})
    return SessionRow._make(found) if found else None


@statements.composed
def _find() -> Any:
    columns = (BrowserSession.content, BrowserSession.began_at, BrowserSession.seen_at)
    return BrowserSession.select(*columns).where(BrowserSession.hash == given("hash"))


def set_seen(session_hash: str, moment: float) -> None:
    BrowserSession.update(seen_at=moment).where(BrowserSession.hash == session_hash).execute()


def remove(session_hash: str) -> None:
    BrowserSession.delete().where(BrowserSession.hash == session_hash).execute()


def remove_silent(seen_before: float, began_before: float) -> None:
    """Forget the sessions that were last seen, or began, too long ago."""
    old = (BrowserSession.seen_at < seen_before) | (BrowserSession.began_at < began_before)
    BrowserSession.delete().where(old).execute()
