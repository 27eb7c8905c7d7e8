"""The cache on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.core.cached_images import Contents
from glance_shim.db.cache import EntryRow

SHOWN = ("id", "image_id", "size", "hits", "last_accessed", "last_modified")


class CachedImageSchema(ma.Schema):
    id = ma.fields.Integer(metadata={"description": "Number of the entry"})
    image_id = ma.fields.String(metadata={"description": "The image"})
    size = ma.fields.Integer(metadata={"description": "Bytes of the image"})
    hits = ma.fields.Integer(metadata={"description": "Downloads served from the cache"})
    last_accessed = ma.fields.Float(metadata={"description": "When it was last read (epoch)"})
    last_modified = ma.fields.Float(metadata={"description": "When it was cached (epoch)"})
    checksum = ma.fields.String(allow_none=True, metadata={"description": "Always null"})


class CacheSchema(ma.Schema):
    cached_images = ma.fields.List(ma.fields.Nested(CachedImageSchema))
    queued_images = ma.fields.List(
        ma.fields.String(), metadata={"description": "Images to come, in order"}
    )


class PrunedSchema(ma.Schema):
    total_files_pruned = ma.fields.Integer(metadata={"description": "Images dropped"})
    total_bytes_pruned = ma.fields.Integer(metadata={"description": "Their bytes"})


def present(contents: Contents) -> dict[str, Any]:
    """The cache as an answer has it."""
    return {
        "cached_images": [_entry(entry) for entry in contents.cached],
        "queued_images": [entry.image_id for entry in contents.queued],
    }


def _entry(entry: EntryRow) -> dict[str, Any]:
    return {**{name: getattr(entry, name) for name in SHOWN}, "checksum": None}
