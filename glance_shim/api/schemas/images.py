"""Images on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from glance_shim import errors
from glance_shim.api import at_hand
from glance_shim.api.schemas.common import StrictBoolean, Text, Whole, one_of
from glance_shim.api.schemas.locations import LocationSchema
from glance_shim.context import Context
from glance_shim.core import lifecycle, locations
from glance_shim.core.texts import shown
from glance_shim.db.images import ImageRow

NAME = "image"
UUID = (
    r"^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
)

# Made for each answer, never stored, never set.
COMPUTED = ("direct_url", "self", "file", "schema", "stores")
RESERVED = ("location", "deleted", "deleted_at")
RESERVED_PREFIX = "os_glance"

LONGEST_NAME = 255


class FormatIn(ma.validate.Validator):
    """Refuses a format that is not in the operator's list."""

    def __init__(self, option: str) -> None:
        self.option = option

    def values(self) -> list[str]:
        """The formats that this deployment accepts."""
        config = at_hand.deployment().config
        return list(getattr(config.image_format, self.option))

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        return {"enum": [*self.values(), None]}

    def __call__(self, value: Any) -> Any:
        if value is not None and value not in self.values():
            allowed = ", ".join(self.values())
            raise ma.ValidationError(f"{shown(value)} is not one of {allowed}")
        return value


def _read_only(
    field: type[ma.fields.Field], description: str, **kwargs: Any
) -> ma.fields.Field:
    return field(metadata={"readOnly": True, "description": description}, **kwargs)


class ImageSchema(ma.Schema):
    """One flat object: base properties, and custom ones beside them.

    Loading checks the types of read-only properties too, so that a malformed
    document is told from one that asks too much; refusing them is the
    business of ``core``.
    """

    wire_name = NAME

    class Meta:
        unknown = ma.INCLUDE

    id = ma.fields.String(
        validate=ma.validate.Regexp(UUID + r"(?!\n)"),
        metadata={"description": "The id; made by the service unless given", "pattern": UUID},
    )
    name = Text(
        allow_none=True,
        longest=LONGEST_NAME,
        metadata={"description": "What people call the image; need not be unique"},
    )
    status = _read_only(
        ma.fields.String,
        "Where the image stands between creation and deletion",
        validate=one_of(*lifecycle.STATUSES),
    )
    visibility = ma.fields.String(
        validate=one_of("community", "public", "private", "shared"),
        metadata={"description": "Who can see and use the image"},
    )
    protected = StrictBoolean(
        metadata={"description": "Deleting the image is refused while this is true"}
    )
    os_hidden = StrictBoolean(
        metadata={"description": "Lists leave the image out unless they ask for hidden ones"}
    )
    checksum = _read_only(Text, "MD5 of the data, in hexadecimal", allow_none=True, longest=32)
    os_hash_algo = _read_only(
        Text, "The algorithm that os_hash_value was made with", allow_none=True, longest=64
    )
    os_hash_value = _read_only(
        Text,
        "Digest of the data by os_hash_algo, in hexadecimal",
        allow_none=True,
        longest=128,
    )
    owner = Text(
        allow_none=True,
        longest=255,
        metadata={"description": "The project that the image belongs to"},
    )
    size = _read_only(Whole, "Bytes of data", allow_none=True, largest=(1 << 63) - 1)
    virtual_size = _read_only(
        Whole,
        "Bytes of the disk that the data describes",
        allow_none=True,
        largest=(1 << 63) - 1,
    )
    container_format = ma.fields.String(
        allow_none=True,
        validate=FormatIn("container_formats"),
        metadata={"description": "What the disk is wrapped in; bare if nothing"},
    )
    disk_format = ma.fields.String(
        allow_none=True,
        validate=FormatIn("disk_formats"),
        metadata={"description": "How the data represents a disk"},
    )
    created_at = _read_only(ma.fields.String, "When the record was made")
    updated_at = _read_only(ma.fields.String, "When the record was last changed")
    tags = ma.fields.List(
        Text(longest=255, is_name=True),
        metadata={"description": "Words to find the image by"},
    )
    direct_url = _read_only(ma.fields.String, "Where the data lies in its store")
    min_ram = Whole(metadata={"description": "Memory that an instance needs at least, in MB"})
    min_disk = Whole(metadata={"description": "Disk that an instance needs at least, in GB"})
    self_ = _read_only(ma.fields.String, "Path of the image", data_key="self", attribute="self")
    file = _read_only(ma.fields.String, "Path of the data")
    stores = _read_only(ma.fields.String, "The stores that hold the data, separated by commas")
    schema = _read_only(ma.fields.String, "Path of the schema that describes this document")
    locations = ma.fields.List(
        ma.fields.Nested(LocationSchema),
        metadata={"description": "Every place the data lies at"},
    )

    @ma.pre_load
    def refuse_computed(self, data: Any, **kwargs: Any) -> Any:
        for name in COMPUTED:
            if name in data:
                raise errors.ReadOnlyAttribute(name=name)
        return data

    @ma.post_load
    def gather(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Move everything that is no base property into ``properties``."""
        base = {field.attribute or name for name, field in self.fields.items()}
        properties = {name: value for name, value in data.items() if name not in base}
        for name, value in properties.items():
            check_property(name, value)
        for name in properties:
            refuse_reserved(name)
        values = {name: value for name, value in data.items() if name in base}
        return {**values, "properties": properties}

    @ma.post_dump(pass_original=True)
    def fold(self, data: dict[str, Any], original: Any, **kwargs: Any) -> dict[str, Any]:
        """Put the custom properties beside the base ones."""
        return {**original["properties"], **data}


schema = ImageSchema()


def refuse_reserved(name: str) -> None:
    """Raise `errors.ReservedAttribute` for names that belong to the service."""
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise errors.ReservedAttribute(name=name)


def load_value(name: str, value: Any) -> Any:
    """Check the value of one property, base or custom, as a whole document would be."""
    field = schema.fields.get(name)
    if field is None:
        return check_property(name, value)
    try:
        return field.deserialize(value)
    except ma.ValidationError as exc:
        complaint = exc.messages if isinstance(exc.messages, list) else [str(exc.messages)]
        raise errors.SchemaBreach(schema=NAME, reason=f"{name}: {complaint[0]}") from exc


def check_property(name: str, value: Any) -> Any:
    """Raise `errors.SchemaBreach` unless this can be a custom property; return the value."""
    deployment = at_hand.deployment()
    complaint = deployment.extra_properties.complaint_about(name, value)
    if complaint:
        raise errors.SchemaBreach(schema=NAME, reason=f"{shown(name)}: {complaint}")
    return value


def present(context: Context, image: ImageRow) -> dict[str, Any]:
    """The image as this caller may see it, ready for JSON.

    Built by hand: for a page of 25 images the schema takes 640 microseconds,
    this 60. ``tests/api/test_image_schema.py`` keeps both the same.
    """
    deployment = context.deployment
    path = f"/v2/images/{image.id}"
    document: dict[str, Any] = {
        **deployment.protections.readable(image.properties, context),
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "protected": image.protected,
        "os_hidden": image.os_hidden,
        "checksum": image.checksum,
        "os_hash_algo": image.os_hash_algo,
        "os_hash_value": image.os_hash_value,
        "owner": image.owner,
        "size": image.size,
        "virtual_size": image.virtual_size,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "created_at": image.created_at,
        "updated_at": image.updated_at,
        "tags": image.tags,
        "min_ram": image.min_ram,
        "min_disk": image.min_disk,
        "self": path,
        "file": f"{path}/file",
        "schema": "/v2/schemas/image",
    }
    if image.locations:
        document.update(_stores(context, image))
    if deployment.config.show_multiple_locations or deployment.config.show_image_direct_url:
        document.update(_places(context, image))
    return document


def _stores(context: Context, image: ImageRow) -> Mapping[str, str]:
    stores = context.deployment.stores
    if not stores.multi:
        return {}
    return {"stores": ",".join(each.store_id for each in stores.in_order(image.locations))}


def _places(context: Context, image: ImageRow) -> Mapping[str, Any]:
    """Where the data lies, as far as options and rules let this caller know."""
    found = locations.shown_to(context, image)
    places: dict[str, Any] = {}
    if context.config.show_multiple_locations:
        places["locations"] = found
    if context.config.show_image_direct_url and found:
        places["direct_url"] = found[0]["url"]
    return places


class ImageListSchema(ma.Schema):
    wire_name = "images"

    images = ma.fields.List(ma.fields.Nested(ImageSchema))
    first = ma.fields.String()
    next = ma.fields.String()
    schema = ma.fields.String()
