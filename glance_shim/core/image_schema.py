"""Properties that an operator adds to the image schema (``image_schema_file``)."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from glance_shim import errors
from glance_shim.core import texts

LONGEST_NAME = 255
LONGEST_VALUE = 65535

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@dataclasses.dataclass(frozen=True)
class ExtraProperty:
    """One property of the file, with the JSON schema that its values follow."""

    definition: Mapping[str, Any]

    def complaint(self, value: Any) -> str | None:
        """Why ``value`` does not follow the schema, or ``None``."""
        types = self.definition.get("type", "string")
        types = [types] if isinstance(types, str) else types
        if not any(_is_a(value, kind) for kind in types):
            return f"it is not of type {' or '.join(types)}"
        if "enum" in self.definition and value not in self.definition["enum"]:
            return f"it is not one of {', '.join(map(str, self.definition['enum']))}"
        if isinstance(value, str):
            if len(value) > self.definition.get("maxLength", len(value)):
                return f"it is longer than {self.definition['maxLength']} characters"
            if not re.search(self.definition.get("pattern", ""), value):
                return f"it does not match {self.definition['pattern']}"
        return None


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES.get(kind, ()))


class ExtraProperties(dict[str, ExtraProperty]):
    """All properties of the file; ``required`` must be given when an image is created."""

    required: tuple[str, ...] = ()

    def complaint_about(self, name: str, value: Any) -> str | None:
        """Why no image can have this custom property, or ``None``."""
        complaint = texts.complaint_about(name, LONGEST_NAME, is_name=True)
        if complaint is None and name in self:
            complaint = self[name].complaint(value)
        elif complaint is None and not isinstance(value, str):
            complaint = f"{texts.shown(value)} is not of type 'string'"
        if complaint is None and isinstance(value, str):
            complaint = texts.complaint_about(value)
            if complaint is None and len(value.encode()) > LONGEST_VALUE:
                complaint = f"the value is longer than {LONGEST_VALUE} bytes"
        return complaint

    def require(self, properties: Mapping[str, Any]) -> None:
        """Raise `errors.SchemaBreach` if one of ``required`` is missing."""
        for name in self.required:
            if name not in properties:
                raise errors.SchemaBreach(
                    schema="image", reason=f"'{name}' is a required property"
                )


def load(path: str | None) -> ExtraProperties:
    """Read Glance's ``schema-image.json``; its newer form with ``required`` too."""
    extra = ExtraProperties()
    if not path:
        return extra
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if isinstance(document.get("required"), list):
            extra.required = tuple(document["required"])
        if not isinstance(document.get("properties", {}).get("type", {}), (str, list)):
            document = document.get("properties", document)
        for name, definition in document.items():
            re.compile(definition.get("pattern", ""))
            extra[name] = ExtraProperty({**definition, "is_base": False})
    except (OSError, ValueError, AttributeError, KeyError, re.error) as exc:
        raise errors.ConfigurationError(
            reason=f"image_schema_file {path} cannot be used: {exc}"
        ) from exc
    return extra
