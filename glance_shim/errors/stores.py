"""Stores, and what they hold."""

from __future__ import annotations

from glance_shim.errors.families import Gone, Invalid, TooLarge, Unavailable


class BlobNotFound(Unavailable):
    message = "The data of an active image is missing from store '{store_id}'"


class DataChanged(Unavailable):
    message = (
        "The data of image {image_id} in store '{store_id}' is not what it was: there are "
        "{found} bytes, but the image has {size}"
    )


class StoreUnavailable(Unavailable):
    message = "Store '{store_id}' is not available at the moment"


class BlobUnreadable(StoreUnavailable):
    message = "Data in store '{store_id}' is there but cannot be read: {reason}"


class DataDamaged(Unavailable):
    message = (
        "The data of image {image_id} is damaged in every store that has it; an administrator "
        "can look with 'glance-shim verify'"
    )


class StoreUnusable(StoreUnavailable):
    message = "Store '{store_id}' cannot be used: {reason}"


class StoreFull(TooLarge):
    message = "Store '{store_id}' has no room for the data"


class StoreReadOnly(Gone):
    message = "Store '{store_id}' is read-only"


class UnknownStore(Invalid):
    message = "There is no store '{store_id}'; the stores are: {known}"
