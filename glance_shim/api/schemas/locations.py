"""Locations on the wire."""

from __future__ import annotations

import json
from typing import Any

import marshmallow as ma

from glance_shim.api.schemas.common import Text, one_of
from glance_shim.core import locations
from glance_shim.core.texts import complaint_about

# Ten locations with so much each fit into a column of 64 KiB, which is MariaDB's for text.
LONGEST_METADATA = 4096
LARGEST_NUMBER = (1 << 63) - 1


class Metadata(ma.fields.Dict):
    """Any object that an answer can show again, within bounds."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        document: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)
        if len(json.dumps(document)) > LONGEST_METADATA:
            raise ma.ValidationError(f"The metadata is longer than {LONGEST_METADATA} bytes")
        _require_presentable(document)
        return document


def _require_presentable(value: Any) -> None:
    """Raise ``ValidationError`` for what databases or writers of JSON stumble over."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _require_presentable(name)
            _require_presentable(inner)
    elif isinstance(value, list):
        for inner in value:
            _require_presentable(inner)
    elif isinstance(value, str) and (complaint := complaint_about(value)):
        raise ma.ValidationError(complaint)
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise ma.ValidationError(f"A number is larger than {LARGEST_NUMBER}")


class ValidationDataSchema(ma.Schema):
    """Hashes that the data at a location is known to have; nothing else may be given."""

    closed = True

    checksum = ma.fields.String(validate=ma.validate.Length(equal=32))
    os_hash_algo = Text(required=True, longest=64)
    os_hash_value = Text(required=True, longest=128)


class LocationSchema(ma.Schema):
    """One of the locations of an image."""

    class Meta:
        unknown = ma.EXCLUDE

    url = Text(required=True, longest=255)
    metadata = Metadata(required=True)
    validation_data = ma.fields.Nested(ValidationDataSchema, metadata={"writeOnly": True})


class HashSchema(ma.Schema):
    """A hash that the data is known to have; both parts or none."""

    os_hash_algo = ma.fields.String(validate=one_of(*locations.ALGORITHMS))
    os_hash_value = ma.fields.String()

    @ma.validates_schema
    def together(self, data: dict[str, Any], **kwargs: Any) -> None:
        if len(data) == 1:
            raise ma.ValidationError("os_hash_algo and os_hash_value go together")


class NewLocationSchema(ma.Schema):
    wire_name = "location"

    class Meta:
        unknown = ma.EXCLUDE

    url = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 255),
        metadata={"description": "Where the data is"},
    )
    validation_data = ma.fields.Nested(HashSchema)
