"""What a list of images is asked for: filters, order and page."""

from __future__ import annotations

import calendar
import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from oslo_utils import timeutils

from glance_shim import errors
from glance_shim.api import at_hand, paging

Condition = tuple[str, str, Any]

LARGEST_NUMBER = (1 << 63) - 1

WORDS = ("name", "id", "status", "disk_format", "container_format")
TIMES = ("created_at", "updated_at")
NUMBERS = ("size", "virtual_size", "min_ram", "min_disk")
EXACT = ("owner", "checksum", "os_hash_value", "os_hash_algo")
TIME_OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
VISIBILITIES = ("public", "private", "shared", "community", "all", "")
MEMBER_STATUSES = ("pending", "accepted", "rejected", "all")

# Given more than once, the last is the parameter and the others are filters.
SINGLE = ("limit", "sort", "marker")
PAGING = ("limit", "marker", "sort", "sort_key", "sort_dir")


def parameters() -> list[tuple[str, str]]:
    """The query parameters as given, in order; raises for what is not UTF-8."""
    query = at_hand.request().query_string
    try:
        pairs = urllib.parse.parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict"
        )
    except ValueError as exc:
        raise errors.Invalid(reason="The query is not percent-encoded UTF-8") from exc
    return pairs


def parse(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The keyword arguments of ``core.images.get_all`` that the parameters mean."""
    last = dict(pairs)
    asked: dict[str, Any] = {
        "visibility": _one_of("visibility", last.get("visibility"), VISIBILITIES),
    }
    if "changes-since" in last:
        raise errors.Invalid(reason="changes-since is not supported; use updated_at=gte:TIME")
    if "member_status" in last:
        asked["member_status"] = _one_of(
            "member_status", last["member_status"], MEMBER_STATUSES
        )
    asked |= paging.parse(pairs)
    conditions: list[Condition] = [
        ("os_hidden", "eq", _os_hidden(last.get("os_hidden", "false")))
    ]
    properties: list[tuple[str, str]] = []
    tags: list[str] = []
    for position, (name, value) in enumerate(pairs):
        if name in SINGLE and name in dict(pairs[position + 1 :]):
            properties.append((name, value))
        elif name == "tag":
            tags.append(value.strip())
        elif name in NOT_FILTERS:
            continue
        elif name in FILTERS:
            if name in TIMES and last[name] is not value:
                continue
            conditions.append(FILTERS[name](name, value))
        elif name.endswith(("_min", "_max")):
            conditions.append(_bound(name, value))
        else:
            properties.append((name, value))
    most = _config().max_property_filters
    if len(properties) + len(tags) > most:
        raise errors.Invalid(
            reason=f"At most {most} filters on properties and tags can be combined"
        )
    return {**asked, "conditions": conditions, "properties": properties, "tags": tags}


def _config() -> Any:
    return at_hand.deployment().config


def _one_of(name: str, value: str | None, words: tuple[str, ...]) -> str | None:
    if value is not None and value not in words:
        known = ", ".join(word for word in words if word)
        raise errors.Invalid(reason=f"{name} must be one of {known}, not '{value}'")
    return value


def _os_hidden(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise errors.Invalid(reason=f"os_hidden must be true or false, not '{value}'")
    return value.lower() == "true"


def _protected(name: str, value: str) -> Condition:
    if value not in ("true", "false"):
        raise errors.Invalid(reason=f"protected must be true or false, not '{value}'")
    return name, "eq", value == "true"


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,19}", value) or abs(int(value)) > LARGEST_NUMBER:
        raise errors.Invalid(reason=f"{name} must be a whole number, not '{value}'")
    return int(value)


def _bound(name: str, value: str) -> Condition:
    column, _, end = name.rpartition("_")
    if column not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise errors.Invalid(reason=f"{name}: only {known} can be limited by _min and _max")
    return column, "gte" if end == "min" else "lte", _number(name, value)


def _word(name: str, value: str) -> Condition:
    operator, colon, rest = value.partition(":")
    if not colon:
        return name, "eq", value
    if operator == "eq":
        return name, "eq", rest
    if operator == "in":
        values = split_values(rest)
        most = _config().max_filter_values
        if len(values) > most:
            raise errors.Invalid(reason=f"{name}: in: takes at most {most} values")
        return name, "in", values
    raise errors.Invalid(
        reason=f"{name}: '{operator}' is not an operator; there are eq: and in:, and a value "
        "that holds a colon is written eq:VALUE"
    )


def split_values(text: str) -> list[str]:
    """Take apart a comma-separated list, in which double quotes protect commas.

    A backslash protects a quote inside of quotes. Raises `errors.Invalid`
    for quotes that do not pair.
    """
    values: list[str] = []
    rest = text
    while rest:
        if rest.startswith('"'):
            match = re.match(r'"((?:[^"\\]|\\.)*)"(,|$)', rest, re.DOTALL)
            if match is None:
                raise errors.Invalid(
                    reason="a quoted value must end with a quote before a comma or the end"
                )
            value, end = re.sub(r'\\(["\\])', r"\1", match[1]), match.end()
        else:
            value = rest.partition(",")[0]
            if '"' in value:
                raise errors.Invalid(reason="a quote must stand at the beginning of a value")
            end = len(value) + 1
        values.append(value)
        rest = rest[end:]
    return values


def _time(name: str, value: str) -> Condition:
    operator, colon, rest = value.partition(":")
    if not colon or operator not in TIME_OPERATORS:
        operator, rest = "eq", value
    try:
        moment = timeutils.normalize_time(timeutils.parse_isotime(rest))
        seconds = calendar.timegm(moment.utctimetuple())
        text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (ValueError, OverflowError) as exc:
        raise errors.Invalid(
            reason=f"{name}: '{value}' is not a time like gt:2026-01-01T00:00:00Z; the "
            f"operators are {', '.join(TIME_OPERATORS)}"
        ) from exc
    return name, operator, text.zfill(20)


def _exact(name: str, value: str) -> Condition:
    return name, "eq", value


FILTERS: dict[str, Callable[[str, str], Condition]] = {
    **dict.fromkeys(WORDS, _word),
    **dict.fromkeys(TIMES, _time),
    **dict.fromkeys(EXACT, _exact),
    **dict.fromkeys(NUMBERS, lambda name, value: (name, "eq", _number(name, value))),
    "protected": _protected,
}

NOT_FILTERS = frozenset((*PAGING, "visibility", "member_status", "os_hidden", "deleted"))
