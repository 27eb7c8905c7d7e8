"""Fields that are stricter than marshmallow's own."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.core.texts import complaint_about, shown

LARGEST_INTEGER = (1 << 31) - 1

# What `complaint_about` takes, for readers of the OpenAPI document.
TEXT = r"^[\u0001-\ud7ff\ue000-\uffff]*$"
NAME = r"^[\u0020-\u007e\u00a0-\ud7ff\ue000-\uffff]*$"


class Text(ma.fields.String):
    """Text of the Basic Multilingual Plane, as Glance takes it.

    ``longest`` counts characters. Control characters are refused where the
    text is a name by which something is found (``is_name``).
    """

    def __init__(self, *, longest: int | None = None, is_name: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.longest = longest
        self.is_name = is_name

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        bound = {} if self.longest is None else {"maxLength": self.longest}
        return {"pattern": NAME if self.is_name else TEXT, **bound}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ma.ValidationError(f"{shown(value)} is not of type 'string'")
        complaint = complaint_about(value, self.longest, self.is_name)
        if complaint:
            raise ma.ValidationError(complaint)
        return value


class StrictBoolean(ma.fields.Boolean):
    """``true`` or ``false``, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        raise ma.ValidationError(f"{shown(value)} is not of type 'boolean'")


class Whole(ma.fields.Integer):
    """A whole number; ``5.0`` counts as 5, ``true`` and ``"5"`` do not count."""

    def __init__(self, *, largest: int = LARGEST_INTEGER, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.largest = largest

    def described(self, converter: Any) -> dict[str, Any]:
        """What the OpenAPI document says of it."""
        return {"minimum": 0, "maximum": self.largest}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or value != int(value)
        ):
            raise ma.ValidationError(f"{shown(value)} is not of type 'integer'")
        if not 0 <= value <= self.largest:
            raise ma.ValidationError(f"{shown(value)} is not between 0 and {self.largest}")
        return int(value)


def one_of(*words: str) -> ma.validate.OneOf:
    """Refuse any word but these, and say which they are."""
    return ma.validate.OneOf(words, error="{input!r} is not one of {choices}")
