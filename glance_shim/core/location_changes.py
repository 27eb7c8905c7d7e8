"""Changes to the locations of an image, one after the other, as in a JSON patch.

They are made twice. First on the image as it is read, which shows what new
sources there are; these are asked for the size of their data while no
transaction waits for them. Then, knowing the sizes, on the row that is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from glance_shim import errors, fetching
from glance_shim.context import Context
from glance_shim.core import lifecycle, quotas
from glance_shim.db import connection, uploads
from glance_shim.db import tasks as task_rows
from glance_shim.db.images import ImageRow, Location

# A number with more digits stands for no position that an image could have.
POSITION = re.compile("[0-9]{1,9}")
OPEN_TASKS = ("pending", "processing")


class LocationsNotShown(errors.Forbidden):
    message = (
        "The locations of images cannot be changed here (show_multiple_locations is off); "
        "POST to /v2/images/{image_id}/locations adds one to a queued image"
    )


class LocationExists(errors.Invalid):
    message = "Image {image_id} already has the location {url}"


class OtherLocations(errors.Invalid):
    message = (
        "Image {image_id} has locations, so a replacement must name the same URLs and can "
        "only change their order and metadata; add or remove single ones instead"
    )


class NoSuchPosition(errors.Invalid):
    message = "There is no location {position}; there are {count}, counted from 0"


class LastLocation(errors.Forbidden):
    message = (
        "The last location of image {image_id} cannot be taken away; delete the image, or "
        "add another location first"
    )


class SourceUnusable(errors.Invalid):
    message = "The location {url} cannot be added: {reason}"


def make(context: Context, image: ImageRow, op: str, position: str, value: Any) -> ImageRow:
    """The image after one change; nothing is written and no source is asked.

    Raises `errors.Forbidden` where this is never possible, `errors.WrongStatus`
    or another `errors.Conflict`, `errors.QuotaExceeded`, and `errors.Invalid`.
    """
    if not context.config.show_multiple_locations:
        raise LocationsNotShown(image_id=image.id)
    if image.status == "queued":
        # A location there is of an attempt that failed.
        image = image._replace(locations=[])
    return MAKERS[op](context, image, position, value)


def _add(context: Context, image: ImageRow, position: str, value: Any) -> ImageRow:
    lifecycle.require(image, "adding a location")
    stores = context.deployment.stores
    known = stores.known(image.locations)
    _require_quota(context, len(known) + 1)
    place = len(known) if position == "-" else min(_number(position, known), len(known))
    if value["url"] in map(stores.url, known):
        raise LocationExists(image_id=image.id, url=value["url"])
    known.insert(place, _location(context, value))
    return _with(context, image, known, [value])


def _replace(context: Context, image: ImageRow, position: str, values: Any) -> ImageRow:
    if not values:
        raise LastLocation(image_id=image.id)
    lifecycle.require(image, "replacing the locations")
    _require_quota(context, len(values))
    stores = context.deployment.stores
    present = {stores.url(each): each for each in stores.known(image.locations)}
    urls = [value["url"] for value in values]
    if image.locations and set(urls) != set(present):
        raise OtherLocations(image_id=image.id)
    for number, url in enumerate(urls):
        if url in urls[:number]:
            raise LocationExists(image_id=image.id, url=url)
    placed = [_location(context, value, present.get(value["url"])) for value in values]
    return _with(context, image, placed, values)


def _remove(context: Context, image: ImageRow, position: str, value: Any) -> ImageRow:
    lifecycle.require(image, "removing a location")
    known = context.deployment.stores.known(image.locations)
    place = len(known) - 1 if position == "-" else _number(position, known)
    if place >= len(known):
        raise NoSuchPosition(position=position, count=len(known))
    if len(known) == 1:
        raise LastLocation(image_id=image.id)
    gone = known[place]
    return image._replace(locations=[each for each in image.locations if each != gone])


MAKERS: dict[str, Callable[[Context, ImageRow, str, Any], ImageRow]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
}


def _require_quota(context: Context, count: int) -> None:
    limit = context.config.image_location_quota
    quotas.require("image_location_quota", limit, count, "locations")


def _number(position: str, known: Sequence[Location]) -> int:
    if not POSITION.fullmatch(position):
        raise NoSuchPosition(position=position, count=len(known))
    return int(position)


def _location(
    context: Context, value: Mapping[str, Any], present: Location | None = None
) -> Location:
    """What a client means by ``value``, which stands for ``present`` if that is given."""
    stores = context.deployment.stores
    metadata = dict(value["metadata"])
    store_id = metadata.pop("store", None) if stores.multi else None
    if store_id is not None and not isinstance(store_id, str):
        raise errors.Invalid(reason="'store' in the metadata of a location must be text")
    if present is None:
        store = stores.for_url(value["url"], store_id)
        return Location(store.store_id, value["url"], metadata)
    if store_id not in (None, present.store_id):
        raise errors.Invalid(
            reason=f"The location {value['url']} is in store '{present.store_id}', and "
            "metadata cannot change that"
        )
    return present._replace(metadata=metadata)


def _with(
    context: Context, image: ImageRow, placed: Sequence[Location], values: Sequence[Any]
) -> ImageRow:
    """The image with these locations, and what the values tell about the data."""
    if image.status == "queued":
        lifecycle.require_formats(image)
    # In stores that are configured no more; nobody has seen these.
    hidden = [e for e in image.locations if e.store_id not in context.deployment.stores]
    hashes: dict[str, Any] = _hashes(context, image, values)
    return image._replace(status="active", locations=[*placed, *hidden], **hashes)


def _hashes(context: Context, image: ImageRow, values: Sequence[Any]) -> dict[str, Any]:
    """The hashes that are not known yet; raises `errors.Conflict` if they cannot be right."""
    given: dict[str, str] = {}
    for value in values:
        for name, text in value.get("validation_data", {}).items():
            told = text if name == "os_hash_algo" else text.lower()
            _require_same(name, given.setdefault(name, told), told)
    if not given:
        return {}
    algorithm = context.config.hashing_algorithm
    _require_same("os_hash_algo", algorithm, given["os_hash_algo"])
    for name, made_by in (("checksum", "md5"), ("os_hash_value", algorithm)):
        if name in given and not is_digest(given[name], made_by):
            raise errors.Conflict(reason=f"{name} is no {made_by} in hexadecimal digits")
    new = {name: text for name, text in given.items() if not getattr(image, name)}
    for name in given.keys() - new.keys():
        _require_same(name, getattr(image, name).lower(), given[name])
    if new and image.status != "queued":
        raise errors.Conflict(
            reason=f"{' and '.join(new)} can only be set while the image is queued; image "
            f"{image.id} is '{image.status}'"
        )
    return new


def _require_same(name: str, known: str, told: str) -> None:
    if known != told:
        raise errors.Conflict(reason=f"{name} is '{known}' and cannot be '{told}'")


def is_digest(text: str, algorithm: str) -> bool:
    """Has ``text`` as many hexadecimal digits as ``algorithm`` makes?"""
    length = hashlib.new(algorithm, usedforsecurity=False).digest_size * 2
    return re.fullmatch(f"[0-9a-fA-F]{{{length}}}", text) is not None


def _new(image: ImageRow, locations: Sequence[Location]) -> list[Location]:
    present = {(each.store_id, each.blob_id) for each in image.locations}
    return [each for each in locations if (each.store_id, each.blob_id) not in present]


class LookedUp(NamedTuple):
    """What has to be known of a change before the transaction that makes it.

    ``sizes`` are those of the data at each new location, by URL.
    """

    sizes: Mapping[str, int]
    limits: quotas.Limits


def look_up(context: Context, image: ImageRow, locations: Sequence[Location]) -> LookedUp:
    """How many bytes there are at each new one of ``locations``, and what the owner may have.

    Must be called outside a transaction. Raises `errors.RefusedURL` for what
    may not be fetched, `SourceUnusable` for what cannot be or holds nothing.
    """
    sizes = {}
    for location in _new(image, locations):
        store = context.deployment.stores.find(location.store_id)
        with connection.released():
            if store.type == "http":
                fetching.check(location.blob_id, context.config.import_filtering_opts)
            try:
                size = store.size(location.blob_id)
            except errors.Unavailable as exc:
                reason = "there is nothing that can be fetched, or its size is not told"
                raise SourceUnusable(url=location.blob_id, reason=reason) from exc
        if not size:
            raise SourceUnusable(url=location.blob_id, reason="there is no data")
        sizes[location.blob_id] = size
    return LookedUp(sizes, quotas.limits_of(context, image.owner))


def settle(
    context: Context, image: ImageRow, locations: Sequence[Location], known: LookedUp
) -> int | None:
    """Note what is to be removed, and return the size of the image with these locations.

    Belongs into the transaction that writes them. Raises `errors.Conflict` if
    the image has changed since `look_up`, `errors.StorageQuotaExceeded`, and
    `SourceUnusable` for a source of another size than the image.
    """
    size = image.size
    new = _new(image, locations)
    for location in new:
        found = known.sizes.get(location.blob_id)
        if found is None:
            raise errors.Conflict(reason=f"Image {image.id} has just been changed; try again")
        size = size or found
        if found != size:
            reason = f"there are {found} bytes, but the image has {size}"
            raise SourceUnusable(url=location.blob_id, reason=reason)
    if new:
        wanted = len(new) * (size or 0)
        quotas.require_room(
            context, known.limits, image.owner, new[0].store_id, image.id, wanted
        )
    if image.status == "queued":
        _require_not_imported(image)
    kept = {(each.store_id, each.blob_id) for each in locations}
    blobs = [(each.store_id, each.blob_id) for each in image.locations]
    uploads.add_removals(image.id, [blob for blob in blobs if blob not in kept], 0)
    return size


def _require_not_imported(image: ImageRow) -> None:
    for status in OPEN_TASKS:
        for task in task_rows.select({"image_id": image.id, "status": status}, limit=1):
            raise errors.Conflict(
                reason=f"Image {image.id} is being imported by task {task.id}"
            )
