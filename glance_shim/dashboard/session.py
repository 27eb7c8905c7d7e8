"""Who is looking: the session of a browser.

A session holds the token that the person got at the login, the one for the
project chosen since, and a random text that forms must bring back. It is kept
in the database, sealed, where every process finds it; the browser keeps a
random text that stands for it. Visitors who have not logged in leave nothing
behind: what forms of theirs must bring back is in their cookie. A session ends
with its token, after a time without a page, and after a longer one whatever happens.
"""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

import flask

from glance_shim import errors
from glance_shim.api import at_hand, credentials
from glance_shim.context import Context
from glance_shim.core.identity import browser_sessions, sessions, tokens
from glance_shim.dashboard import sealing

NAME = "glance_shim_session"
VISITOR = "glance_shim_visitor"
NOTES = "glance_shim_notes"
NOTE_SECONDS = 120
MOST_NOTES = 1500

# Where the front, or nobody, says who is asking, there is no login here.
WITHOUT_LOGIN = ("front", "none")


@dataclasses.dataclass(frozen=True)
class Session:
    """``first`` is the token of the login, ``token`` the one for the project at hand.

    ``key`` is the text that the browser keeps for it, if somebody is logged in.
    """

    csrf: str
    token: str | None = None
    first: str | None = None
    key: str | None = None


def _anonymous() -> Session:
    return Session(secrets.token_urlsafe(24))


def current() -> Session:
    """The session of the request; a fresh one, which the answer hands out, if it has none."""
    g = at_hand.g()
    if "session" not in g:
        known = _known()
        if known is None:
            _hand_out(_anonymous())
        else:
            g.session = known
    session: Session = g.session
    return session


def _known() -> Session | None:
    """The session that the browser names, or the one it brings if nobody is logged in."""
    text = at_hand.request().cookies.get(_name(NAME))
    content = sealing.unseal(_config(), NAME, browser_sessions.find(_config(), text))
    if isinstance(content, list) and len(content) == 3:
        csrf, token, first = content
        return Session(csrf, token, first, text)
    anonymous = sealing.unseal(_config(), VISITOR, text)
    return Session(anonymous) if isinstance(anonymous, str) else None


def begin(token: str, first: str | None = None) -> None:
    """Start a session of whoever has the token; nothing of an earlier one goes on."""
    _forget()
    csrf, first = secrets.token_urlsafe(24), first or token
    user_id = at_hand.deployment().tokens.validate(token).user_id
    sealed = sealing.seal(_config(), NAME, [csrf, token, first])
    key = browser_sessions.begin(_config(), user_id, sealed)
    _hand_out(Session(csrf, token, first, key))


def has_ended() -> bool:
    """Asked where nobody is logged in: did the browser bring what once was a session?"""
    text = at_hand.request().cookies.get(_name(NAME)) or ""
    return bool(current().token or browser_sessions.TEXT.fullmatch(text))


def _forget() -> None:
    key = current().key
    if key:
        browser_sessions.end(key)


def end() -> None:
    """End the session, and the tokens in it."""
    session = current()
    if session.token:
        context = credentials.nobody(at_hand.deployment())
        sessions.log_out(context, dict.fromkeys(filter(None, (session.token, session.first))))
    _forget()
    _hand_out(_anonymous())


def _hand_out(session: Session) -> None:
    g = at_hand.g()
    g.session, g.session_is_new = session, True


def has_login() -> bool:
    """Do people log in here?"""
    return _config().auth_strategy not in WITHOUT_LOGIN


def context() -> Context:
    """Who is looking; raises `errors.Unauthorized` unless somebody is logged in."""
    deployment = at_hand.deployment()
    if not has_login():
        found = credentials.STRATEGIES[deployment.config.auth_strategy].read(deployment)
        if found is None:
            raise errors.Unauthorized()
        return found
    text = current().token
    if not text:
        raise errors.Unauthorized()
    token = deployment.tokens.validate(text)
    return tokens.as_context(deployment, token, at_hand.g().get("request_id"))


def own_projects() -> dict[str, str]:
    """The projects in which the visitor has a role, names by id, where that is known."""
    text = current().token if has_login() else None
    if not text:
        return {}
    found = sessions.projects_of(at_hand.g().context, text)
    return {project.id: project.name for project in found}


def note(text: str, kind: str = "good") -> None:
    """Show a sentence on the next page; ``kind`` is ``good`` or ``bad``."""
    at_hand.g().setdefault("notes", []).append([kind, text])


def notes() -> list[tuple[str, str]]:
    """The sentences to show, those of the request before included; each is shown once."""
    kept, g = _kept(NOTES, NOTE_SECONDS), at_hand.g()
    shown = [*(kept if isinstance(kept, list) else []), *g.pop("notes", [])]
    g.notes_shown = bool(kept)
    return [(str(kind), str(text)) for kind, text in shown]


def keep(response: flask.Response) -> flask.Response:
    """Give the browser what it is to keep."""
    g = at_hand.g()
    if g.get("session_is_new"):
        session = g.session
        text = session.key or sealing.seal(_config(), VISITOR, session.csrf)
        response.set_cookie(_name(NAME), text, **_attributes())
    pending = g.pop("notes", None)
    if pending:
        _set(response, NOTES, [[kind, text[:MOST_NOTES]] for kind, text in pending[:3]])
    elif g.get("notes_shown"):
        response.delete_cookie(_name(NOTES), **_attributes())
    return response


def _set(response: flask.Response, name: str, content: Any) -> None:
    sealed = sealing.seal(_config(), name, content)
    response.set_cookie(_name(name), sealed, **_attributes())


def _kept(name: str, seconds: int | None = None) -> Any:
    """What the browser brings back of what it was given under that name."""
    return sealing.unseal(_config(), name, at_hand.request().cookies.get(_name(name)), seconds)


def _name(name: str) -> str:
    """Over TLS the browser itself makes sure that nobody else has set the cookie."""
    return f"__Secure-{name}" if at_hand.request().is_secure else name


def _attributes() -> dict[str, Any]:
    request = at_hand.request()
    return {
        "path": f"{request.script_root}/dashboard",
        "secure": request.is_secure,
        "httponly": True,
        "samesite": "Lax",
    }


def _config() -> Any:
    return at_hand.deployment().config
