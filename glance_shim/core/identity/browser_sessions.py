"""Sessions of browsers: what is kept here for somebody whose browser keeps a random text."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

from glance_shim import clock
from glance_shim.db import connection
from glance_shim.db.identity import browser_sessions as rows

# A session that was seen this recently is not written again.
SEEN_SECONDS = 60

# 256 random bits.
TEXT = re.compile("[A-Za-z0-9_-]{43}")


def begin(config: Any, user_id: str, content: str) -> str:
    """Keep the content; the text with which `find` finds it again.

    Sessions that have ended go, and of the user's those seen the longest time
    ago, if there are more than ``dashboard_sessions_per_user``.
    """
    moment = clock.now()
    idle, longest = config.dashboard_session_idle, config.dashboard_session_life
    text = secrets.token_urlsafe(32)
    with connection.writing():
        rows.remove_silent(moment - idle, moment - longest)
        # One place is for the new one, which another login at the same moment must not take.
        rows.keep_latest(user_id, config.dashboard_sessions_per_user - 1)
        rows.add(_hash(text), user_id, content, moment)
    return text


def find(config: Any, text: str | None) -> str | None:
    """What is kept for the text, unless that has ended."""
    if not text or not TEXT.fullmatch(text):
        return None
    found, moment = rows.find(_hash(text)), clock.now()
    if found is None or found.began_at < moment - config.dashboard_session_life:
        return None
    if found.seen_at < moment - config.dashboard_session_idle:
        return None
    if found.seen_at < moment - SEEN_SECONDS:
        rows.set_seen(_hash(text), moment)
    return found.content


def end(text: str) -> None:
    """Forget what is kept for the text."""
    rows.remove(_hash(text))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
