"""Metadata definitions on the wire."""

from __future__ import annotations

import math
from typing import Any

import marshmallow as ma

from glance_shim import errors
from glance_shim.api.schemas.common import StrictBoolean, Text, Whole, one_of
from glance_shim.core.metadefs import namespaces
from glance_shim.core.texts import complaint_about, shown

LONGEST_NAME = 80
PROPERTY_TYPES = ("array", "boolean", "integer", "number", "object", "string")
TIMES = ("created_at", "updated_at")
LARGEST = 1 << 63


class Name(Text):
    """A name by which something is found; it is never empty."""

    def __init__(self, **kwargs: Any) -> None:
        not_empty = ma.validate.Length(min=1, error="A name cannot be empty")
        super().__init__(longest=LONGEST_NAME, is_name=True, validate=not_empty, **kwargs)


class Truncated(ma.fields.Integer):
    """A number of which only the whole part is kept."""

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        return {"type": "number", "minimum": 1 - LARGEST, "maximum": LARGEST - 1}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ma.ValidationError(f"{shown(value)} is not of type 'number'")
        if not -LARGEST < value < LARGEST:
            raise ma.ValidationError(f"{shown(value)} has more than 64 bits")
        return math.trunc(value)


class Spelled(ma.fields.Raw):
    """A value that is kept as text if it is a scalar, and else not at all."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        if isinstance(value, (str, int, float)):
            return str(value)
        return None


class Unique(ma.fields.List):
    """A list of texts, none of them twice."""

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        return {"uniqueItems": True}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        found = super()._deserialize(value, attr, data, **kwargs)
        if len(set(found)) != len(found):
            raise ma.ValidationError(f"{shown(value)} has something twice")
        return found


class Document(ma.Schema):
    """What a client sends; what only the service writes is refused first."""

    read_only: tuple[str, ...] = TIMES
    closed = True

    @ma.pre_load
    def _refuse_read_only(self, data: Any, **_: Any) -> Any:
        for name in self.read_only:
            if isinstance(data, dict) and name in data:
                raise errors.ReadOnlyAttribute(name=name)
        return data


class Part(Document):
    """A part within another document, which has nothing that only the service writes.

    Its JSON schema is open all the same: clients check with it what they get.
    """

    read_only: tuple[str, ...] = ()
    closed = False


class ItemsSchema(ma.Schema):
    type = ma.fields.String(required=True, validate=one_of(*PROPERTY_TYPES))
    enum = ma.fields.List(Text())


class PropertySchema(Document):
    wire_name = "property"

    name = Name(required=True, metadata={"description": "The key"})
    type = ma.fields.String(
        required=True,
        validate=one_of(*PROPERTY_TYPES),
        metadata={"description": "What kind of value it takes"},
    )
    title = Text(required=True, metadata={"description": "Its name for people"})
    description = Text(metadata={"description": "What it means"})
    operators = ma.fields.List(Text(), metadata={"description": "How values compare"})
    default = Spelled(allow_none=True, metadata={"description": "The value when none is given"})
    readonly = StrictBoolean(metadata={"description": "It cannot be changed"})
    minimum = Truncated(metadata={"description": "Smallest number"})
    maximum = Truncated(metadata={"description": "Largest number"})
    enum = ma.fields.List(Text(), metadata={"description": "The values that there are"})
    pattern = Text(metadata={"description": "Regular expression of a text"})
    minLength = Whole(metadata={"description": "Fewest characters of a text"})
    maxLength = Whole(metadata={"description": "Most characters of a text"})
    items = ma.fields.Nested(ItemsSchema, metadata={"description": "Members of an array"})
    uniqueItems = StrictBoolean(metadata={"description": "No member is there twice"})
    minItems = Whole(metadata={"description": "Fewest members"})
    maxItems = Whole(metadata={"description": "Most members"})
    additionalItems = StrictBoolean(metadata={"description": "More members are allowed"})


class MappedPropertySchema(PropertySchema):
    """A property whose name is the key under which it stands."""

    read_only = ()
    name = Name(metadata={"description": "The key"})


class Properties(ma.fields.Dict):
    """Properties by name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = MappedPropertySchema()

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it, which cannot be said of the names."""
        return {"additionalProperties": converter.resolve_nested_schema(self.schema)}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ma.ValidationError(f"{shown(value)} is not of type 'object'")
        found = {}
        for name, definition in value.items():
            complaint = complaint_about(name, LONGEST_NAME, is_name=True)
            if complaint or not name:
                raise ma.ValidationError({name: [complaint or "A name cannot be empty"]})
            try:
                found[name] = self.schema.load(definition)
            except ma.ValidationError as exc:
                raise ma.ValidationError({name: exc.messages}) from exc
        return found


class ObjectPartSchema(Part):
    wire_name = "object"

    name = Name(required=True, metadata={"description": "What it is found by"})
    description = Text(metadata={"description": "What it means"})
    required = Unique(Text(), metadata={"description": "Properties that must be given"})
    properties = Properties(metadata={"description": "Its properties by name"})


class ObjectSchema(ObjectPartSchema):
    read_only = ("self", "schema", *TIMES)


class AssociationPartSchema(Part):
    wire_name = "resource_type_association"

    name = Name(required=True, metadata={"description": "The resource type"})
    prefix = Text(longest=LONGEST_NAME, metadata={"description": "Before all keys there"})
    properties_target = Text(
        longest=LONGEST_NAME, metadata={"description": "What of the resource has the keys"}
    )


class AssociationSchema(AssociationPartSchema):
    read_only = TIMES


class TagPartSchema(Part):
    wire_name = "tag"

    name = Name(required=True, metadata={"description": "The word"})


class TagSchema(TagPartSchema):
    read_only = TIMES


class TagsSchema(Document):
    wire_name = "tags"

    tags = ma.fields.List(ma.fields.Nested(TagPartSchema), required=True)


class NamespaceSchema(Document):
    wire_name = "namespace"
    read_only = ("self", "schema", *TIMES)

    namespace = Name(required=True, metadata={"description": "What it is found by"})
    display_name = Text(longest=80, metadata={"description": "Its name for people"})
    description = Text(longest=500, metadata={"description": "What it is about"})
    visibility = ma.fields.String(
        validate=one_of(*namespaces.VISIBILITIES), metadata={"description": "Who sees it"}
    )
    protected = StrictBoolean(metadata={"description": "Nothing of it can be deleted"})
    owner = Text(longest=255, metadata={"description": "The project it belongs to"})
    resource_type_associations = ma.fields.List(ma.fields.Nested(AssociationPartSchema))
    properties = Properties(metadata={"description": "Its properties by name"})
    objects = ma.fields.List(ma.fields.Nested(ObjectPartSchema))
    tags = ma.fields.List(ma.fields.Nested(TagPartSchema))


class NamespaceListSchema(ma.Schema):
    namespaces = ma.fields.List(ma.fields.Nested(NamespaceSchema))
    first = ma.fields.String()
    next = ma.fields.String()
    schema = ma.fields.String()


class ObjectListSchema(ma.Schema):
    objects = ma.fields.List(ma.fields.Nested(ObjectSchema))
    schema = ma.fields.String()


class PropertyListSchema(ma.Schema):
    properties = Properties()


class TagListSchema(ma.Schema):
    tags = ma.fields.List(ma.fields.Nested(TagPartSchema))


class AssociationListSchema(ma.Schema):
    resource_type_associations = ma.fields.List(ma.fields.Nested(AssociationSchema))


class ResourceTypeListSchema(ma.Schema):
    resource_types = ma.fields.List(ma.fields.Nested(TagSchema))
