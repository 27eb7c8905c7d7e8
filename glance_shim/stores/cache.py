"""The directory of the image cache, a store of files."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence

from glance_shim import errors
from glance_shim.stores.filesystem import FilesystemStore

NAME = "image_cache_dir"


def open_cache(directory: str, taken: Sequence[str]) -> FilesystemStore:
    """The cache in ``directory``, which is made if need be.

    Raises `errors.ConfigurationError` if it cannot be made or is one of the
    ``taken`` ones: what nobody knows is removed from a cache, and in the
    directory of a store that would be every image.
    """
    return _opened(directory, tuple(taken))


@functools.lru_cache(maxsize=64)
def _opened(directory: str, taken: tuple[str, ...]) -> FilesystemStore:
    if os.path.realpath(directory) in [os.path.realpath(each) for each in taken]:
        raise errors.ConfigurationError(
            reason=f"image_cache_dir {directory} is also the directory of a store; the cache "
            "needs one of its own"
        )
    try:
        return FilesystemStore(NAME, directory)
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"image_cache_dir {directory} cannot be made: {exc.strerror}"
        ) from exc
