"""What the audit log says of whole requests: refusals, and what administrators change."""

from __future__ import annotations

import flask

from glance_shim import audit
from glance_shim.api import at_hand

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

KNOWN = CHANGING | {"GET", "HEAD", "OPTIONS"}

# What administrators do with an image is theirs to do as anybody's; these lines are there
# besides those that say what was done to it.
NEVER = frozenset({"identity_auth.Tokens", "dashboard.logins.login", "dashboard.logins.logout"})


def note(response: flask.Response) -> flask.Response:
    """Write a line if the request was refused, or an administrator has changed something."""
    if response.status_code == 403:
        _write("request", audit.REFUSED, at_hand.g().get("refusal"))
    elif at_hand.request().method in CHANGING and response.status_code < 400:
        context = at_hand.g().get("context")
        if context is not None and context.is_admin and at_hand.request().endpoint not in NEVER:
            _write("admin", audit.SUCCESS, None)
    return response


def known_method() -> str:
    """The method of the request, or ``other``: clients may say anything."""
    method = at_hand.request().method
    return method if method in KNOWN else "other"


def _write(action: str, outcome: str, reason: str | None) -> None:
    request = at_hand.request()
    trail = at_hand.deployment().audit
    trail.write(
        at_hand.g().get("context"),
        action,
        outcome,
        method=known_method(),
        route=request.url_rule.rule if request.url_rule else None,
        target=" ".join(str(each) for each in (request.view_args or {}).values()) or None,
        reason=reason,
    )
