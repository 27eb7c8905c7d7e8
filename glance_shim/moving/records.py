"""Images as both catalogues describe them, and what is different about two of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from glance_shim.core.images import READ_ONLY
from glance_shim.core.patching import CHANGEABLE

# What whoever may change an image can give it.
VALUES = tuple(name for name in CHANGEABLE if name != "tags")

# What follows from the data, and when things happened.
FACTS = tuple(name for name in READ_ONLY if name != "locations")

# What else is a base property, and is made anew for each answer.
COMPUTED = ("id", "tags", "self", "file", "schema", "direct_url", "locations", "stores")

# Belongs to the service that says it.
INTERNAL = "os_glance"

WITH_DATA = ("active", "deactivated")


@dataclasses.dataclass(frozen=True)
class Member:
    """A project that an image is offered to, its answer, and when both were given."""

    id: str
    status: str
    created_at: str
    updated_at: str


@dataclasses.dataclass(frozen=True)
class Record:
    """An image without its data and members; times as on the wire."""

    id: str
    values: Mapping[str, Any]
    facts: Mapping[str, Any]
    properties: Mapping[str, str]
    tags: frozenset[str]
    stores: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def name(self) -> str:
        return self.values["name"] or ""

    @property
    def status(self) -> str:
        return str(self.facts["status"])

    @property
    def has_data(self) -> bool:
        return self.status in WITH_DATA

    @property
    def size(self) -> int:
        return self.facts["size"] or 0

    @property
    def is_shared(self) -> bool:
        return bool(self.values["visibility"] == "shared")


def from_wire(document: Mapping[str, Any], marker: str) -> Record:
    """The image in an answer; it is ``unfinished`` if it has the property ``marker``."""
    base = {*VALUES, *FACTS, *COMPUTED}
    properties = {
        name: "" if value is None else value
        for name, value in document.items()
        if name not in base and name != marker and not name.startswith(INTERNAL)
    }
    stores = tuple(each for each in (document.get("stores") or "").split(",") if each)
    return Record(
        id=document["id"],
        values={name: document.get(name) for name in VALUES},
        facts={name: document.get(name) for name in FACTS},
        properties=properties,
        tags=frozenset(document.get("tags") or ()),
        stores=stores,
        unfinished=marker in document,
    )


def of_other_projects(record: Record, projects: Mapping[str, str]) -> Record:
    """The image as it is where its owner has another id."""
    owner = record.values["owner"]
    return dataclasses.replace(
        record, values={**record.values, "owner": projects.get(owner, owner)}
    )


Differences = dict[str, tuple[Any, Any]]


def differences(wanted: Record, found: Record) -> Differences:
    """What is not the same, each with what is wanted and what is found."""
    pairs: Differences = {}
    for name in VALUES:
        pairs[name] = wanted.values[name], found.values[name]
    for name in FACTS:
        pairs[name] = wanted.facts[name], found.facts[name]
    for name in sorted({*wanted.properties, *found.properties}):
        pairs[f"property {name}"] = wanted.properties.get(name), found.properties.get(name)
    pairs["tags"] = sorted(wanted.tags), sorted(found.tags)
    if wanted.stores:
        pairs["stores"] = sorted(wanted.stores), sorted(found.stores)
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def member_differences(wanted: Iterable[Member], found: Iterable[Member]) -> Differences:
    """Whose membership or answer is not the same."""
    here = {member.id: member.status for member in wanted}
    there = {member.id: member.status for member in found}
    return {
        f"member {member_id}": (here.get(member_id), there.get(member_id))
        for member_id in sorted({*here, *there})
        if here.get(member_id) != there.get(member_id)
    }


def same_data(wanted: Record, found: Record) -> bool:
    """Have both the same data, as far as their hashes can be compared?"""
    a, b = wanted.facts, found.facts
    if a["os_hash_algo"] == b["os_hash_algo"]:
        return bool(a["os_hash_value"] == b["os_hash_value"] and a["size"] == b["size"])
    return bool(a["checksum"] == b["checksum"] and a["size"] == b["size"])


def mapped(member: Member, projects: Mapping[str, str]) -> Member:
    """The member where its project has another id."""
    return dataclasses.replace(member, id=projects.get(member.id, member.id))
