"""Bytes: the stores of a deployment, by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from glance_shim import errors
from glance_shim.stores.base import Store
from glance_shim.stores.filesystem import FilesystemStore, Reserve
from glance_shim.stores.http import HttpStore

Placed = TypeVar("Placed")

ONLY = "default"
STAGING = "os_glance_staging_store"


def _file(store_id: str, options: Any, config: Any) -> Store:
    if not options.filesystem_store_datadir:
        raise errors.ConfigurationError(
            reason=f"store {store_id!r} needs a directory (filesystem_store_datadir)"
        )
    return FilesystemStore(
        store_id,
        options.filesystem_store_datadir,
        getattr(options, "store_description", ""),
        getattr(options, "weight", 0),
        _reserve(config),
    )


def _reserve(config: Any) -> Reserve:
    return Reserve(config.free_space_percent, config.free_space_mib << 20)


def _http(store_id: str, options: Any, config: Any) -> Store:
    filters = config.import_filtering_opts
    return HttpStore(store_id, filters, options.store_description, options.weight)


def _s3(store_id: str, options: Any, config: Any) -> Store:
    for name in ("s3_store_host", "s3_store_bucket"):
        if not getattr(options, name):
            raise errors.ConfigurationError(reason=f"store {store_id!r} needs {name}")
    # Only where it is used: the library takes its time, and need not be installed.
    try:
        from glance_shim.stores.s3 import S3Store
    except ImportError as exc:
        raise errors.ConfigurationError(
            reason=f"store {store_id!r} needs botocore: pip install 'glance-shim[s3]'"
        ) from exc
    return S3Store(
        store_id,
        options,
        getattr(options, "store_description", ""),
        getattr(options, "weight", 0),
    )


STORE_TYPES: dict[str, Callable[[str, Any, Any], Store]] = {
    "file": _file,
    "http": _http,
    "s3": _s3,
}


class Stores(dict[str, Store]):
    """The stores in the order of the configuration.

    ``multi`` says whether there are several by configuration, which decides
    what clients are told about stores; ``default`` takes what names no store.
    ``staging`` holds data that waits to be imported, and is none of them.
    """

    def __init__(
        self, stores: Sequence[Store], default: Store, multi: bool, staging: Store
    ) -> None:
        super().__init__({store.store_id: store for store in stores})
        self.default = default
        self.multi = multi
        self.staging = staging

    def find(self, store_id: str) -> Store:
        """The store of this name; raises `errors.UnknownStore`."""
        if store_id not in self:
            raise errors.UnknownStore(store_id=store_id, known=", ".join(self))
        return self[store_id]

    def for_url(self, url: str, store_id: str | None = None) -> Store:
        """The store for data at ``url``, the one of this name if one is named.

        Raises `errors.Invalid` if there is none, `errors.UnknownStore`.
        """
        scheme = url.partition(":")[0].lower()
        asked = list(self.values()) if store_id is None else [self.find(store_id)]
        for store in asked:
            if scheme in store.schemes:
                return store
        possible = sorted({f"{each}:" for store in asked for each in store.schemes})
        if not possible:
            raise errors.Invalid(reason="There is no such store that can refer to other data")
        raise errors.Invalid(
            reason=f"The URL of a location must begin with {' or '.join(possible)}"
        )

    def url(self, location: Any) -> str:
        """Where a location is, as an operator would name it; raises `errors.UnknownStore`."""
        return self.find(location.store_id).url(location.blob_id)

    def of_blob(self, store_id: str) -> Store:
        """As `find`, for what the database says; knows the staging store too."""
        return self.staging if store_id == STAGING else self.find(store_id)

    def in_order(self, locations: Sequence[Any], prefer: Sequence[str] = ()) -> list[Any]:
        """Locations in the order to try: preferred stores, then by falling weight."""

        def rank(location: Any) -> tuple[int, int]:
            store = self.get(location.store_id)
            position = (
                prefer.index(location.store_id) if location.store_id in prefer else len(prefer)
            )
            return position, -(store.weight if store else 0)

        return sorted(locations, key=rank)

    def known(self, locations: Sequence[Any]) -> list[Any]:
        """Locations in stores that the configuration still has, by falling weight."""
        return [each for each in self.in_order(locations) if each.store_id in self]


def open_stores(config: Any) -> Stores:
    """The stores that the configuration describes; raises `errors.ConfigurationError`."""
    try:
        if not config.backends:
            only = _file(ONLY, config.glance_store, config)
            return Stores([only], only, multi=False, staging=_staging(config))
        stores = [
            STORE_TYPES[options.type](store_id, options, config)
            for store_id, options in config.backends.items()
        ]
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"the store directory {exc.filename} cannot be made: {exc.strerror}"
        ) from exc
    default = config.glance_store.default_backend or stores[0].store_id
    named = {store.store_id: store for store in stores}
    if default not in named or (len(stores) > 1 and not config.glance_store.default_backend):
        raise errors.ConfigurationError(
            reason="[glance_store] default_backend must name one of the stores "
            f"{', '.join(named)}"
        )
    return Stores(stores, named[default], multi=True, staging=_staging(config))


def _staging(config: Any) -> Store:
    """A bucket that every host reaches, if one is named, else a directory."""
    if config.os_glance_staging_store.s3_store_bucket:
        return _s3(STAGING, config.os_glance_staging_store, config)
    directory = config.os_glance_staging_store.filesystem_store_datadir
    if not config.backends and config.node_staging_uri:
        directory = config.node_staging_uri.removeprefix("file://")
    directory = directory or os.path.join(config.state_path, "staging")
    return FilesystemStore(STAGING, directory, reserve=_reserve(config))
