"""Locations on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.api.schemas.common import one_of
from glance_shim.core import locations


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
