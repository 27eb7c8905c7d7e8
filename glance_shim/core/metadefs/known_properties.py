"""Properties of images that somebody has defined, to choose from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from glance_shim.context import Context
from glance_shim.core.metadefs import namespaces
from glance_shim.db.metadefs.namespaces import NamespaceRow
from glance_shim.db.metadefs.parts import PartRow

IMAGES = "OS::Glance::Image"

READING = ("get_metadef_properties", "get_metadef_objects")

# More than any catalog has; it bounds what one page may cost.
MOST_NAMESPACES = 200


@dataclasses.dataclass(frozen=True)
class KnownProperty:
    """A key that can be set on an image, what it means and what it may be.

    ``allowed`` are the only values it may have, if there are such.
    """

    name: str
    namespace: str
    title: str
    description: str
    type: str
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: str = ""
    several: bool = False


def get_all(context: Context) -> list[KnownProperty]:
    """The properties defined for images that the caller sees, by namespace and name.

    Names have the prefix that their namespace has for images. A name that is
    defined twice is that of the first namespace.
    """
    if not context.allows("get_metadef_namespaces", {"project_id": context.project_id}):
        return []
    visible = namespaces.get_all(
        context, None, [IMAGES], (("namespace", "asc"), ("id", "asc")), MOST_NAMESPACES
    )
    readable = [
        each
        for each in visible
        if all(context.allows(rule, namespaces.target(each)) for rule in READING)
    ]
    by_id = {each.id: each for each in readable}
    prefixes = dict.fromkeys(by_id, "")
    defined = []
    for part in namespaces.contents(readable):
        if part.kind == "association" and part.name == IMAGES:
            prefixes[part.namespace_id] = part.definition.get("prefix") or ""
        defined += [(part.namespace_id, *each) for each in _definitions(part)]
    found: dict[str, KnownProperty] = {}
    for namespace_id, name, definition in sorted(
        defined, key=lambda each: (by_id[each[0]].namespace, each[1])
    ):
        known = _known(by_id[namespace_id], prefixes[namespace_id] + name, definition)
        found.setdefault(known.name, known)
    return list(found.values())


def _definitions(part: PartRow) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The properties that a part of a namespace defines."""
    if part.kind == "property":
        yield part.name, part.definition
    elif part.kind == "object":
        yield from (part.definition.get("properties") or {}).items()


def _known(namespace: NamespaceRow, name: str, definition: Mapping[str, Any]) -> KnownProperty:
    items = definition.get("items") or {}
    allowed = definition.get("enum") or items.get("enum") or ()
    kind = definition.get("type") or "string"
    default = _text(definition.get("default"))
    if kind == "boolean":
        # Kept as text, in which Python's words for it may stand.
        allowed, default = ("true", "false"), default.lower()
    return KnownProperty(
        name=name,
        namespace=namespace.display_name or namespace.namespace,
        title=definition.get("title") or name,
        description=definition.get("description") or "",
        type=kind,
        allowed=tuple(_text(value) for value in allowed),
        minimum=definition.get("minimum"),
        maximum=definition.get("maximum"),
        default=default,
        several=kind == "array",
    )


def _text(value: Any) -> str:
    """A value as an image has it: text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
