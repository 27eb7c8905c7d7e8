"""The directory of the image cache: a store of files that can also be listed."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Sequence

from glance_shim import errors
from glance_shim.stores.base import BLOB_ID
from glance_shim.stores.filesystem import FilesystemStore

NAME = "image_cache_dir"


class CacheStore(FilesystemStore):
    def blobs(self) -> dict[str, int]:
        """The sizes of all blobs by their ids; other files are passed over."""
        found = {}
        with self._directories() as (root, _), self._translated():
            for name in os.listdir(root):
                if not BLOB_ID.fullmatch(name):
                    continue
                try:
                    facts = os.stat(name, dir_fd=root, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(facts.st_mode):
                    found[name] = facts.st_size
        return found


def open_cache(directory: str, taken: Sequence[str]) -> CacheStore:
    """The cache in ``directory``, which is made if need be.

    Raises `errors.ConfigurationError` if it cannot be made or is one of the
    ``taken`` ones: what nobody knows is removed from a cache, and in the
    directory of a store that would be every image.
    """
    return _opened(directory, tuple(taken))


@functools.lru_cache(maxsize=64)
def _opened(directory: str, taken: tuple[str, ...]) -> CacheStore:
    if os.path.realpath(directory) in [os.path.realpath(each) for each in taken]:
        raise errors.ConfigurationError(
            reason=f"image_cache_dir {directory} is also the directory of a store; the cache "
            "needs one of its own"
        )
    try:
        return CacheStore(NAME, directory)
    except OSError as exc:
        raise errors.ConfigurationError(
            reason=f"image_cache_dir {directory} cannot be made: {exc.strerror}"
        ) from exc
