"""Locations changed the old way, by a patch of the image (``show_multiple_locations``)."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping, Sequence
from typing import Any

from glance_shim import errors, fetching
from glance_shim.context import Context
from glance_shim.core import quotas
from glance_shim.core.changes import Change
from glance_shim.core.import_properties import LOCK
from glance_shim.db import connection
from glance_shim.db.images import ImageRow, Location

RULES = {
    "add": "set_image_location",
    "replace": "set_image_location",
    "remove": "delete_image_location",
}
STATUSES = {"add": ("queued", "active"), "replace": ("queued", "active"), "remove": ("active",)}

HASHES = ("checksum", "os_hash_algo", "os_hash_value")


class LocationsOff(errors.Forbidden):
    message = (
        "This is not allowed: locations are not shown by this service and cannot be changed "
        "(show_multiple_locations)"
    )


def sizes(
    context: Context, image: ImageRow, changes: Sequence[Change], facts: Mapping[str, Any]
) -> dict[str, int]:
    """The sizes of data at the URLs that are to be added.

    To be called outside of transactions, since it asks the servers. Refuses
    what is refused whatever they answer.
    """
    found: dict[str, int] = {}
    for change in changes:
        if change.name == "locations":
            _require_possible(context, image, change, facts)
            for value in _values(change):
                if _known(context, image.locations, value["url"]) is None:
                    found[value["url"]] = _size(context, value["url"])
    return found


def _require_possible(
    context: Context, image: ImageRow, change: Change, facts: Mapping[str, Any]
) -> None:
    if change.op == "replace" and not change.value:
        raise errors.Forbidden(reason="the locations of an image cannot be emptied")
    context.enforce(RULES[change.op], facts)
    if not context.config.show_multiple_locations:
        raise LocationsOff()
    needed = STATUSES[change.op]
    if image.status not in needed:
        raise errors.WrongStatus(
            image_id=image.id,
            status=image.status,
            action="this change of locations",
            needed=" or ".join(needed),
        )
    if LOCK in image.properties:
        raise errors.Conflict(reason="Data of the image is being imported; wait for its end")


def _values(change: Change) -> list[dict[str, Any]]:
    if change.op == "remove":
        return []
    return change.value if change.op == "replace" else [change.value]


def _size(context: Context, url: str) -> int:
    store = context.deployment.stores.for_url(url)
    fetching.check(url, context.config.import_filtering_opts)
    try:
        with connection.released():
            size = int(store.size(url))
    except errors.Unavailable as exc:
        raise errors.Invalid(reason="There is no data at the location that is given") from exc
    if not size:
        raise errors.Invalid(reason="The location that is given holds no data")
    return size


def _known(context: Context, locations: Sequence[Location], url: str) -> Location | None:
    stores = context.deployment.stores
    for location in locations:
        if stores.find(location.store_id).url(location.blob_id) == url:
            return location
    return None


def apply(
    context: Context, image: ImageRow, change: Change, sizes: Mapping[str, int]
) -> dict[str, Any]:
    """The columns that differ once the locations of the image are changed.

    The first location of a queued image makes it active.
    """
    if change.op == "remove":
        return {"locations": _without(image, change)}
    locations = list(image.locations)
    columns: dict[str, Any] = {}
    for value in _values(change):
        if "validation_data" in value:
            columns |= _hashes(context, image, value["validation_data"])
    if change.op == "replace":
        locations = _replaced(context, locations, change.value)
    else:
        if _known(context, locations, change.value["url"]) is not None:
            raise errors.Invalid(reason="The image has this location already")
        locations.insert(_position(change, len(locations)), _location(context, change.value))
    limit = context.config.image_location_quota
    quotas.require("image_location_quota", limit, len(locations), "locations")
    for url in [value["url"] for value in _values(change) if value["url"] in sizes]:
        store_id = context.deployment.stores.for_url(url).store_id
        quotas.require_room(context, image.owner, store_id, "", sizes[url])
    if image.status == "queued":
        _require_formats(image)
        first = _values(change)[0]["url"]
        columns |= {"status": "active", "size": sizes.get(first)}
    return {**columns, "locations": locations}


def _require_formats(image: ImageRow) -> None:
    missing = [
        name for name in ("disk_format", "container_format") if getattr(image, name) is None
    ]
    if missing:
        raise errors.FormatsMissing(names=" and ".join(missing))


def _without(image: ImageRow, change: Change) -> list[Location]:
    locations = list(image.locations)
    last = len(locations) - 1
    position = last if change.position == "-" else _position(change, last + 1)
    if not 0 <= position <= last:
        raise errors.Invalid(reason=f"There is no location at '{change.position}'")
    if last == 0:
        raise errors.Forbidden(reason="this is the only place that has the data")
    del locations[position]
    return locations


def _position(change: Change, end: int) -> int:
    """The position that is meant, at most ``end``."""
    if change.position == "-":
        return end
    if not change.position or not (change.position.isascii() and change.position.isdigit()):
        raise errors.Invalid(reason=f"'{change.position}' is no position in the locations")
    return min(int(change.position[:6]), end)


def _location(context: Context, value: Mapping[str, Any]) -> Location:
    store = context.deployment.stores.for_url(value["url"])
    return Location(store.store_id, value["url"], _metadata(value))


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    """Which store it is, is said by the location itself."""
    return {key: each for key, each in value["metadata"].items() if key != "store"}


def _replaced(
    context: Context, locations: Sequence[Location], values: Sequence[Mapping[str, Any]]
) -> list[Location]:
    urls = [value["url"] for value in values]
    if len(set(urls)) != len(urls):
        raise errors.Invalid(reason="A location is given twice")
    if not locations:
        return [_location(context, value) for value in values]
    known = [_known(context, locations, url) for url in urls]
    if len(known) != len(locations) or None in known:
        raise errors.Invalid(
            reason="Only the metadata of locations can be replaced; the URLs must be the same"
        )
    return [
        location._replace(metadata=_metadata(value))
        for location, value in zip(known, values, strict=True)
        if location is not None
    ]


def _hashes(context: Context, image: ImageRow, validation: Mapping[str, str]) -> dict[str, str]:
    given = {name: validation[name] for name in HASHES if name in validation}
    set_already = {name: getattr(image, name) for name in given}
    if given == set_already:
        return {}
    complaint = None
    algorithm = context.config.hashing_algorithm
    if image.status != "queued":
        complaint = "hashes can only be given while the image is queued"
    elif given["os_hash_algo"] != algorithm:
        complaint = f"os_hash_algo must be {algorithm}"
    elif not _is_hex(given["os_hash_value"], hashlib.new(algorithm).digest_size * 2):
        complaint = f"os_hash_value is no hash by {algorithm}"
    elif "checksum" in given and not _is_hex(given["checksum"], 32):
        complaint = "checksum is no hash by md5"
    elif any(value not in (None, given[name]) for name, value in set_already.items()):
        complaint = "the image has other hashes already"
    if complaint:
        raise errors.Conflict(reason=f"The validation_data cannot be taken: {complaint}")
    return given


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set(string.hexdigits)
