"""Writing down who did what to an image, in the transaction that does it.

What is written here is shown by ``core/activity.py``.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from glance_shim.context import Context
from glance_shim.db import activity as rows
from glance_shim.db import connection
from glance_shim.db.images import ImageRow

ACTIONS = {
    "created": "The image was created",
    "uploaded": "Its data was uploaded",
    "imported": "Its data was imported, by the method that became names",
    "located": "It was told where its data is",
    "shared": "It was offered to the project of member_id",
    "unshared": "The offer to the project of member_id was taken back",
    "accepted": "The offer to the project of member_id was accepted",
    "rejected": "The offer to the project of member_id was rejected",
    "pending": "The answer to the offer to the project of member_id was taken back",
    "visibility": "Its visibility was changed",
    "renamed": "Its name was changed",
    "given": "Its owner was changed",
    "protected": "It was protected from deletion",
    "unprotected": "Its protection from deletion was ended",
    "hidden": "It was taken out of lists",
    "unhidden": "It was put back into lists",
    "deactivated": "Its data was kept from being downloaded",
    "reactivated": "Its data was let be downloaded again",
    "edited": "The columns that became names were changed",
}

# Changes that are entries of their own; all others are named in one entry.
VALUES = {"visibility": "visibility", "name": "renamed", "owner": "given"}
SWITCHES = {
    "protected": {True: "protected", False: "unprotected"},
    "os_hidden": {True: "hidden", False: "unhidden"},
}
UNSAID = frozenset({"updated_at", "status", "size"})

# What the audit log says too.
AUDITED = frozenset(
    {
        "shared",
        "unshared",
        "accepted",
        "rejected",
        "pending",
        "visibility",
        "given",
        "protected",
        "unprotected",
        "deactivated",
        "reactivated",
    }
)

# An image is trimmed once in so many writes of a process: the bound costs next
# to nothing, and is passed by a few entries only.
TRIM_EVERY = 16
_written = itertools.count(1)


def add(context: Context, image_id: str, *entries: Mapping[str, str | None]) -> None:
    """Write entries, each with its ``action`` and what it needs of member_id, was, became.

    Only the last ``image_activity_quota`` of an image are kept.
    """
    _audit(context, image_id, entries)
    kept = context.config.image_activity_quota
    if not entries or kept == 0:
        return
    caller = {
        "user_id": context.user_id,
        "user_name": context.user_name,
        "project_id": context.project_id,
        "project_name": context.project_name,
        "request_id": context.request_id,
    }
    rows.add(image_id, caller, entries)
    if next(_written) % TRIM_EVERY == 0 and kept > 0:
        rows.trim(image_id, kept)


def _audit(
    context: Context, image_id: str, entries: Iterable[Mapping[str, str | None]]
) -> None:
    """Put into the audit log, once the transaction has committed, what belongs there."""
    for entry in entries:
        facts = {"image_id": image_id, **entry}
        action = str(facts.pop("action"))
        if action in AUDITED:
            write = functools.partial(context.deployment.audit.write, context, action, **facts)
            connection.after_commit(write)


def add_changes(context: Context, image: ImageRow, changed: ImageRow) -> None:
    """Write what an update made different, as one statement."""
    before, after = image._asdict(), changed._asdict()
    names = [name for name in after if before[name] != after[name] and name not in UNSAID]
    entries = [_entry(name, before[name], after[name]) for name in names if _speaks(name)]
    edited = [name for name in names if not _speaks(name)]
    if (image.status, changed.status) == ("queued", "active"):
        entries.append({"action": "located"})
        edited.remove("locations")
    if edited:
        entries.append({"action": "edited", "became": ", ".join(edited)})
    add(context, image.id, *entries)


def _speaks(name: str) -> bool:
    return name in VALUES or name in SWITCHES


def _entry(name: str, was: Any, became: Any) -> dict[str, str | None]:
    if name in SWITCHES:
        return {"action": SWITCHES[name][bool(became)]}
    return {"action": VALUES[name], "was": was, "became": became}
