"""Logging people in to a Keystone, on their behalf.

Wrong passwords are counted as for the identity of our own, so that this is no
way around; Keystone may count them too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from glance_shim import errors
from glance_shim.audit import REFUSED
from glance_shim.context import Context
from glance_shim.core.identity import keystone, throttle

log = logging.getLogger(__name__)

Given = Mapping[str, Any]


def log_in(
    context: Context, proof: Given, scope: Given | None, user: str | None, address: str | None
) -> tuple[str, bool]:
    """A token for whoever ``proof`` shows to be asking, and whether it is for a project.

    ``user`` is the name that was typed with a password. Raises
    `errors.LoginRefused`, and `errors.TooManyRequests` while too many tries
    were wrong.
    """
    auth = {"identity": proof, **({"scope": scope} if scope else {})}
    tried = throttle.attempt(user, address) if user is not None else None
    if tried is not None:
        throttle.check(context, tried)
    answer = _keystone(context).send("POST", "/auth/tokens", json={"auth": auth})
    right = answer.status_code == 201
    if tried is not None:
        throttle.note(tried, right)
    (method,) = proof["methods"]
    trail = context.deployment.audit
    if not right:
        trail.write(context, "login", REFUSED, method=method)
        raise errors.LoginRefused()
    with keystone.understood():
        token = answer.json()["token"]
        project = token.get("project") or {}
        trail.write(
            context,
            "login",
            method=method,
            user_id=token["user"]["id"],
            user_name=token["user"].get("name"),
            project_id=project.get("id"),
        )
        return answer.headers["X-Subject-Token"], bool(project)


def projects_of(context: Context, text: str) -> list[tuple[str, str]]:
    """Id and name of the enabled projects in which the user of the token has a role."""
    answer = _keystone(context).send("GET", "/auth/projects", {"X-Auth-Token": text})
    if answer.status_code != 200:
        raise errors.Unauthorized()
    with keystone.understood():
        return [
            (each["id"], each["name"])
            for each in answer.json()["projects"]
            if each.get("enabled", True)
        ]


def revoke(context: Context, text: str) -> None:
    """End the token; where Keystone does not answer, it ends by itself later."""
    headers = {"X-Auth-Token": text, "X-Subject-Token": text}
    try:
        _keystone(context).send("DELETE", "/auth/tokens", headers)
    except keystone.KeystoneUnavailable:
        log.warning("A token could not be revoked at Keystone")
    context.deployment.tokens.refuse(text)


def _keystone(context: Context) -> keystone.Keystone:
    known: keystone.Keystone = context.deployment.tokens.keystone
    return known
