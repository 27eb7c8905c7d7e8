"""What administrators do with the cache of a node: look, queue, delete, clean, prune."""

from __future__ import annotations

from typing import NamedTuple

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import cache, cache_filling, images
from glance_shim.db import cache as rows
from glance_shim.db.cache import CACHED, EntryRow

CENTRALIZED = "centralized_db"

# What `clear` empties, by its target.
TARGETS = {
    "": (CACHED, *rows.OPEN),
    "cache": (CACHED,),
    "queue": rows.OPEN,
}


class NoCache(errors.NotFound):
    message = "This service has no image cache (image_cache_dir is not set)"


class NotInCache(errors.NotFound):
    message = "Image {image_id} is neither known nor in the cache"


class NotActive(errors.Invalid):
    message = "Image {image_id} has status '{status}'; only active images can be cached"


class UnknownTarget(errors.Invalid):
    message = "The target '{target}' is none of cache and queue; without one both are cleared"


class NodesUnknown(errors.Conflict):
    message = "Nodes are only told with image_cache_driver centralized_db; it is {driver} here"


class Contents(NamedTuple):
    """What is in the cache, and what is still to come, in that order."""

    cached: list[EntryRow]
    queued: list[EntryRow]


def get_all(context: Context) -> Contents:
    """What the cache of this node holds, and its queue."""
    context.enforce("cache_list", {})
    _require_cache(context)
    entries = rows.select(cache.node(context.deployment))
    return Contents(
        [entry for entry in entries if entry.status == CACHED],
        [entry for entry in entries if entry.status != CACHED],
    )


def queue(context: Context, image_id: str) -> None:
    """Have an active image fetched in the background; one that is cached stays as it is."""
    image = images.get(context, image_id)
    context.enforce("cache_image", images.target(context, image))
    _require_cache(context)
    if image.status != "active":
        raise NotActive(image_id=image_id, status=image.status)
    cache_filling.queue(context.deployment, image)


def delete(context: Context, image_id: str) -> None:
    """Take an image out of the cache and the queue, if it is there.

    An image that is deleted already can still be in them. Who may not touch
    the cache learns nothing of images that he does not see.
    """
    deployment = context.deployment
    entry = rows.find(cache.node(deployment), image_id)
    try:
        facts = images.target(context, images.get(context, image_id))
    except errors.ImageNotFound:
        if entry is None or not context.allows("cache_delete", {}):
            raise NotInCache(image_id=image_id) from None
        facts = {}
    context.enforce("cache_delete", facts)
    _require_cache(context)
    if entry is not None:
        cache.drop(deployment, entry)


def clear(context: Context, target: str = "") -> None:
    """Empty the cache, the queue, or with an empty target both."""
    context.enforce("cache_delete", {})
    _require_cache(context)
    if target not in TARGETS:
        raise UnknownTarget(target=target)
    for entry in rows.select(cache.node(context.deployment)):
        if entry.status in TARGETS[target]:
            cache.drop(context.deployment, entry)


def get_nodes(context: Context, image_id: str) -> list[str]:
    """The URLs of the nodes that have the image in their cache."""
    image = images.get(context, image_id)
    context.enforce("list_cached_nodes", images.target(context, image))
    _require_cache(context)
    driver = context.config.image_cache_driver
    if driver != CENTRALIZED:
        raise NodesUnknown(driver=driver)
    return rows.nodes(image_id)


def clean(context: Context) -> None:
    """Drop what is damaged or stalled."""
    context.enforce("cache_clean", {})
    _require_cache(context)
    cache.sweep(context.deployment)


def prune(context: Context) -> cache.Pruned:
    """Drop the least recently used images until the others fit."""
    context.enforce("cache_prune", {})
    _require_cache(context)
    return cache.prune(context.deployment)


def _require_cache(context: Context) -> None:
    if cache.store_of(context.deployment) is None:
        raise NoCache()
