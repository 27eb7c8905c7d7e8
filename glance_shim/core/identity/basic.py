"""Who asks with a user name and a password on every request (HTTP Basic)."""

from __future__ import annotations

import collections
import hashlib
import hmac
import secrets
import threading

from glance_shim import clock, errors
from glance_shim.audit import REFUSED
from glance_shim.context import Context, Deployment, with_implied
from glance_shim.core.identity import logins
from glance_shim.db.identity import projects as project_rows
from glance_shim.db.identity import roles as role_rows
from glance_shim.db.identity import users as user_rows
from glance_shim.db.identity.users import UserRow

TRUSTED_FOR = 60.0
MOST = 1024


class Remembered:
    """Passwords that were right a moment ago, so that not every request hashes one.

    Kept is an HMAC, under a key of this process, of the password and of the
    hash that it matched: after a change of the password nothing is found.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._until: collections.OrderedDict[bytes, float] = collections.OrderedDict()
        self._lock = threading.Lock()

    def holds(self, user: UserRow, password: str) -> bool:
        """Was this the user's password less than a minute ago, and is it still?"""
        with self._lock:
            return self._until.get(self._mark(user, password), 0.0) > clock.now()

    def add(self, user: UserRow, password: str) -> None:
        """Remember a password that was right; the oldest of too many is forgotten."""
        mark = self._mark(user, password)
        with self._lock:
            self._until[mark] = clock.now() + TRUSTED_FOR
            self._until.move_to_end(mark)
            if len(self._until) > MOST:
                self._until.popitem(last=False)

    def _mark(self, user: UserRow, password: str) -> bytes:
        text = f"{user.id}\0{user.password_hash}\0{password}"
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


_remembered = Remembered()


def context_of(
    deployment: Deployment,
    name: str,
    password: str,
    address: str | None,
    request_id: str | None = None,
) -> Context:
    """The context of that user in the user's default project, if there is one.

    Raises `errors.LoginRefused`.
    """
    user = user_rows.find_by_name(name)
    if user is None or not user.enabled or not _remembered.holds(user, password):
        nobody = Context(deployment=deployment, request_id=request_id)
        user = _checked(nobody, user, name, password, address)
        _remembered.add(user, password)
    project = project_rows.find(user.default_project_id) if user.default_project_id else None
    roles: frozenset[str] = frozenset()
    if project is not None and project.enabled:
        roles = with_implied(role_rows.names(user.id, "project", project.id))
    return Context(
        deployment=deployment,
        user_id=user.id,
        user_name=user.name,
        project_id=project.id if project and roles else None,
        project_name=project.name if project and roles else None,
        scope="project" if roles else None,
        roles=roles,
        request_id=request_id,
    )


def _checked(
    context: Context, user: UserRow | None, name: str, password: str, address: str | None
) -> UserRow:
    """As `logins.check_password`; the audit log tells how it ended."""
    facts: dict[str, str | None] = {"method": "http_basic"}
    facts |= {"user_id": user.id, "user_name": user.name} if user else {}
    trail = context.deployment.audit
    try:
        found = logins.check_password(context, user, name, password, address)
    except errors.LoginRefused:
        trail.write(context, "login", REFUSED, **facts)
        raise
    trail.write(context, "login", **facts)
    return found
