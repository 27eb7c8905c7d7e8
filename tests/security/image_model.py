"""An image as it should be: who sees it, by its id and in lists, and who may change it.

The rules are those of the Image API as written down for people, without a look at ours.
"""

from __future__ import annotations

import dataclasses

ADMIN = "admin"


def project_of(who: str) -> str:
    """``p1`` of ``p1`` and of ``p1-reader``, who may only look."""
    return who.removesuffix("-reader")


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a list is asked for; ``visibility`` may be left out, which is not ``all``."""

    visibility: str = ""
    member_status: str = ""
    hidden: bool = False
    owner: str = ""

    def query(self, owner_id: str) -> str:
        parts = ["limit=1000"]
        if self.visibility:
            parts.append(f"visibility={self.visibility}")
        if self.member_status:
            parts.append(f"member_status={self.member_status}")
        if self.hidden:
            parts.append("os_hidden=true")
        if self.owner:
            parts.append(f"owner={owner_id}")
        return "?" + "&".join(parts)


@dataclasses.dataclass
class Model:
    """``is_importing`` from the request to when the task is done."""

    id: str
    owner: str
    visibility: str
    status: str = "queued"
    hidden: bool = False
    protected: bool = False
    is_importing: bool = False
    members: dict[str, str] = dataclasses.field(default_factory=dict)

    def is_mine(self, who: str) -> bool:
        return who == ADMIN or project_of(who) == self.owner

    def is_seen(self, who: str) -> bool:
        """By its id."""
        if self.status == "deleted":
            return False
        is_offered = self.visibility == "shared" and project_of(who) in self.members
        return self.is_mine(who) or self.visibility in ("community", "public") or is_offered

    def is_listed(self, who: str, asked: Asked) -> bool:
        if self.status == "deleted" or self.hidden is not asked.hidden:
            return False
        if asked.owner not in ("", self.owner):
            return False
        is_own = project_of(who) == self.owner
        if asked.visibility in ("", "all"):
            wanted = asked.visibility == "all" or self.visibility != "community" or is_own
        else:
            wanted = asked.visibility == self.visibility
        if not wanted or is_own or who == ADMIN or self.visibility in ("community", "public"):
            return wanted
        answer = self.members.get(project_of(who)) if self.visibility == "shared" else None
        counts = asked.member_status or "accepted"
        return answer is not None and counts in ("all", answer)

    def refusal(self, who: str) -> int | None:
        """Of what only members of the owner and administrators do."""
        if not self.is_seen(who):
            return 404
        return None if self.is_mine(who) and who == project_of(who) else 403

    def shows_member(self, who: str, member: str) -> bool:
        """Others' rows are not there for a member."""
        if self.visibility != "shared" or not self.is_seen(who) or member not in self.members:
            return False
        return self.is_mine(who) or member == project_of(who)

    def refusal_about(self, who: str, member: str) -> int | None:
        """Of changes to one member."""
        if not self.is_seen(who):
            return 404
        if self.visibility != "shared":
            return 403
        return None if self.shows_member(who, member) else 404
