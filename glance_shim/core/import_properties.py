"""The properties in which an image shows that it is being imported."""

from __future__ import annotations

from collections.abc import Iterable

# Keeps others from importing; its value is the id of a task.
LOCK = "os_glance_import_task"

# Stores that are still to come, and those for which it failed.
IMPORTING = "os_glance_importing_to_stores"
FAILED = "os_glance_failed_import"


def split(text: str) -> list[str]:
    """The store ids of one of the two lists."""
    return [each for each in text.split(",") if each]


def joined(store_ids: Iterable[str]) -> str:
    """Store ids as one of the two lists has them."""
    return ",".join(sorted(set(store_ids)))
