"""Namespaces of metadata definitions, in a form in which two can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ATTRIBUTES = ("namespace", "display_name", "description", "visibility", "protected", "owner")
OF_AN_ASSOCIATION = ("name", "prefix", "properties_target")
OF_AN_OBJECT = ("name", "description")


def normal(document: Mapping[str, Any]) -> dict[str, Any]:
    """The namespace as it is sent to have it made, everything in order, nothing empty."""
    found = {name: document[name] for name in ATTRIBUTES if document.get(name) is not None}
    contents = {
        "resource_type_associations": [
            {name: each[name] for name in OF_AN_ASSOCIATION if each.get(name) is not None}
            for each in document.get("resource_type_associations") or ()
        ],
        "properties": _properties(document.get("properties") or {}),
        "objects": [_object(each) for each in document.get("objects") or ()],
        "tags": [{"name": each["name"]} for each in document.get("tags") or ()],
    }
    for kind, held in contents.items():
        if isinstance(held, list):
            held.sort(key=lambda each: str(each["name"]))
        if held:
            found[kind] = held
    return found


def _object(document: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: document[name] for name in OF_AN_OBJECT if document.get(name) is not None}
    if document.get("required"):
        found["required"] = sorted(document["required"])
    if document.get("properties"):
        found["properties"] = _properties(document["properties"])
    return found


def _properties(given: Mapping[str, Any]) -> dict[str, Any]:
    """Properties by name; the name that one may have inside as well is left out."""
    return {
        name: {key: value for key, value in given[name].items() if key != "name"}
        for name in sorted(given)
    }


def of_other_projects(
    document: Mapping[str, Any], projects: Mapping[str, str]
) -> dict[str, Any]:
    """The namespace as it is where its owner has another id."""
    owner = document.get("owner")
    return {**document, "owner": projects.get(owner, owner)} if owner else dict(document)


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The names of what is not the same."""
    return [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
