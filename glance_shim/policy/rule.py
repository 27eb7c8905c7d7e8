"""What a rule is, and the checks that many rules are made of."""

from __future__ import annotations

import dataclasses

ADMIN = "rule:context_is_admin"
OWNER = "project_id:%(project_id)s"

OWNERS_ONLY = "it needs the role member in the owning project, or the role admin"
READERS = "it needs the role reader"
ADMINS_ONLY = "it needs the role admin"


@dataclasses.dataclass(frozen=True)
class Rule:
    """One line of policy.

    ``operations`` are ``METHOD /path`` of the API. ``hint`` tells a refused
    caller who may, or what is open instead.
    """

    name: str
    check: str
    sentence: str
    operations: tuple[str, ...] = ()
    hint: str = OWNERS_ONLY
