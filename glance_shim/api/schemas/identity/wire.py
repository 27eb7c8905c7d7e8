"""Kinds of values of the Identity API: moments, links, lists of roles."""

from __future__ import annotations

import datetime
from typing import Any

from marshmallow import fields

from glance_shim.api import at_hand, urls
from glance_shim.core.identity import roles


def identity_url(*segments: str) -> str:
    """The address of something below ``/identity/v3``."""
    config = at_hand.deployment().config
    base = urls.public_base(config, at_hand.request())
    return "/".join((base, "identity", "v3", *segments))


class Moment(fields.Field[float]):
    """A time in UTC with microseconds; seconds since 1970 inside."""

    default_error_messages = {"invalid": "Not a time like 2030-01-31T12:00:00Z."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **kwargs)

    def _serialize(self, value: float | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        moment = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        try:
            moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            return moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc).timestamp()
        except (AttributeError, ValueError, OverflowError) as exc:
            raise self.make_error("invalid") from exc


class SelfLink(fields.Field[dict[str, str]]):
    """``links`` of a thing; ``path`` says where it is, by its attributes."""

    def __init__(self, path: str, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "object"}, **kwargs)
        self.path = path

    def get_value(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        return identity_url(self.path.format(obj))

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> dict[str, str]:
        return {"self": value}


class ListLinks(fields.Field[dict[str, Any]]):
    """``links`` of a list, which always has one page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "object"}, **kwargs)

    def get_value(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        config = at_hand.deployment().config
        return urls.public_base(config, at_hand.request()) + at_hand.request().path

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> dict[str, Any]:
        return {"self": value, "previous": None, "next": None}


class RoleListed(fields.Field[Any]):
    """Roles as ids with names; inside, names between commas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "array", "items": {"type": "object"}}, **kwargs)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return [{"id": role.id, "name": role.name} for role in map(roles.get, value.split(","))]
