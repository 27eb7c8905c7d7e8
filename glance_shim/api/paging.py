"""Pages: ``limit``, ``marker``, the sort parameters, and the links to other pages."""

from __future__ import annotations

import urllib.parse
from typing import Any

from glance_shim import errors
from glance_shim.api import at_hand

SORT_KEYS = (
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
)
DIRECTIONS = ("asc", "desc")

Pairs = list[tuple[str, str]]


def parse(pairs: Pairs) -> dict[str, Any]:
    """``limit``, ``marker`` and ``sort`` as ``core.images.get_all`` takes them."""
    last = dict(pairs)
    page: dict[str, Any] = {"limit": limit(last.get("limit"))}
    if "marker" in last:
        page["marker"] = last["marker"]
    page["sort"] = _sort(pairs, last)
    return page


def limit(text: str | None) -> int:
    """The page size: the default if none is asked for, never above the maximum."""
    config = at_hand.deployment().config
    if text is None:
        return int(config.limit_param_default)
    if not (text.isascii() and text.isdigit()):
        raise errors.Invalid(reason=f"limit must be a whole number of at least 0, not '{text}'")
    return min(int(text[:10]), int(config.api_limit_max))


def _sort(pairs: Pairs, last: dict[str, str]) -> Pairs:
    keys = [value for name, value in pairs if name == "sort_key"]
    directions = [value for name, value in pairs if name == "sort_dir"]
    if "sort" in last:
        if keys or directions:
            raise errors.Invalid(reason="sort cannot be combined with sort_key and sort_dir")
        sort = [_key_and_direction(part) for part in last["sort"].split(",")]
        rest = sort[0][1] if len(sort) == 1 else "desc"
    else:
        keys = keys or ["created_at"]
        if len(directions) > 1 and len(directions) != len(keys):
            raise errors.Invalid(reason="The number of sort_dir and sort_key must be the same")
        rest = directions[0] if len(directions) == 1 else "desc"
        sort = list(
            zip(keys, directions if len(directions) > 1 else [rest] * len(keys), strict=True)
        )
    for key, direction in sort:
        _check(key, direction)
    most = at_hand.deployment().config.max_sort_keys
    if len(sort) > most:
        raise errors.Invalid(reason=f"At most {most} sort keys can be given")
    named = {key for key, _ in sort}
    return sort + [(key, rest) for key in ("created_at", "id") if key not in named]


def _key_and_direction(part: str) -> tuple[str, str]:
    key, _, direction = part.strip().partition(":")
    return key.strip(), direction.strip() or "desc"


def _check(key: str, direction: str) -> None:
    if key not in SORT_KEYS:
        raise errors.Invalid(
            reason=f"'{key}' is not a sort key; there are {', '.join(SORT_KEYS)}"
        )
    if direction not in DIRECTIONS:
        raise errors.Invalid(reason=f"'{direction}' is not a sort direction; use asc or desc")


def links(path: str, pairs: Pairs, last_id: str | None) -> dict[str, str]:
    """``first``, and ``next`` if ``last_id`` says that there may be a next page.

    They begin with ``path`` and repeat the parameters as given.
    """
    kept = [(name, value) for name, value in pairs if name != "marker"]
    found = {"first": _link(path, kept)}
    if last_id is not None:
        found["next"] = _link(path, [*kept, ("marker", last_id)])
    return found


def _link(path: str, pairs: Pairs) -> str:
    return f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path
