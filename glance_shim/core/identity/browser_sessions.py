"""Sessions of browsers: what is kept here for somebody whose browser keeps a random text."""

from __future__ import annotations

import hashlib
import re
import secrets

from glance_shim import clock
from glance_shim.db.identity import browser_sessions as rows

# Without a page for so long, and after so long whatever happens, a session ends.
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 8 * 3600

# A session that was seen this recently is not written again.
SEEN_SECONDS = 60

# 256 random bits.
TEXT = re.compile("[A-Za-z0-9_-]{43}")


def begin(content: str) -> str:
    """Keep the content; the text with which `find` finds it again. Old sessions go."""
    moment = clock.now()
    rows.remove_silent(moment - IDLE_SECONDS, moment - LONGEST_SECONDS)
    text = secrets.token_urlsafe(32)
    rows.add(_hash(text), content, moment)
    return text


def find(text: str | None) -> str | None:
    """What is kept for the text, unless that has ended."""
    if not text or not TEXT.fullmatch(text):
        return None
    found, moment = rows.find(_hash(text)), clock.now()
    if found is None or found.began_at < moment - LONGEST_SECONDS:
        return None
    if found.seen_at < moment - IDLE_SECONDS:
        return None
    if found.seen_at < moment - SEEN_SECONDS:
        rows.set_seen(_hash(text), moment)
    return found.content


def end(text: str) -> None:
    """Forget what is kept for the text."""
    rows.remove(_hash(text))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
