"""Data on the web, which can be referred to and read but not written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from glance_shim import errors, fetching
from glance_shim.stores import base


class WebReading(base.Reading):
    """Data that is being fetched."""

    def __init__(self, size: int, fetched: fetching.Fetched | None = None) -> None:
        self.size = size
        self._fetched = fetched

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._fetched or ())

    def close(self) -> None:
        if self._fetched:
            self._fetched.close()


class HttpStore(base.Store):
    """Blob ids are URLs; each is checked anew whenever it is read."""

    type = "http"
    read_only = True
    schemes = ("http", "https")

    def __init__(
        self, store_id: str, filters: Any, description: str = "", weight: int = 0
    ) -> None:
        super().__init__(store_id, description, weight)
        self._filters = filters

    def add(self, blob_id: str, chunks: Iterable[bytes], expected: int | None = None) -> int:
        raise errors.StoreReadOnly(store_id=self.store_id)

    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> WebReading:
        size = self.size(blob_id)
        left = max(0, size - offset)
        wanted = left if length is None else min(length, left)
        if not wanted:
            return WebReading(size)
        # Whoever wants all bytes does not ask for them as a part, which not every server makes.
        part = None if wanted == size else wanted
        try:
            fetched = fetching.fetch(
                blob_id, self._filters, size, offset=offset, length=part, total=size
            )
        except errors.Error as exc:
            raise errors.StoreUnavailable(store_id=self.store_id) from exc
        return WebReading(size, fetched)

    def delete(self, blob_id: str) -> None:
        """What is on the web is not ours to remove."""

    def size(self, blob_id: str) -> int:
        try:
            size = fetching.size(blob_id, self._filters)
        except errors.Error as exc:
            raise errors.StoreUnavailable(store_id=self.store_id) from exc
        if size is None:
            raise errors.StoreUnavailable(store_id=self.store_id)
        return size

    def blobs(self) -> Iterator[base.Blob]:
        """What is on the web cannot be listed."""
        return iter(())

    def url(self, blob_id: str) -> str:
        return blob_id

    def properties(self) -> dict[str, Any]:
        return {}

    def check(self) -> None:
        pass

    def sweep(self, keep: Callable[[str], bool] = lambda blob_id: False) -> int:
        return 0
