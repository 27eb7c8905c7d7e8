"""A store that is not on this machine, as far as anybody can tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from glance_shim import errors
from glance_shim.stores import base
from glance_shim.stores.filesystem import FilesystemStore


class SlowReading(base.Reading):
    """Gives one byte at a time, and lets ``between`` happen after each."""

    def __init__(self, reading: base.Reading, between: Callable[[], Any]) -> None:
        self._reading = reading
        self._between = between
        self.size = reading.size

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._reading:
            for byte in chunk:
                yield bytes([byte])
                self._between()

    def close(self) -> None:
        self._reading.close()


class SlowStore(FilesystemStore):
    """Counts how often it is read, and does what a test asks for meanwhile."""

    type = "slow"

    def __init__(self, store_id: str, root: Path) -> None:
        super().__init__(store_id, str(root))
        self.reads: list[str] = []
        self.away = False
        self.between: Callable[[], Any] = lambda: None
        self._lock = threading.Lock()

    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> Any:
        if self.away:
            raise errors.StoreUnavailable(store_id=self.store_id)
        with self._lock:
            self.reads.append(blob_id)
        return SlowReading(super().read(blob_id, offset, length), lambda: self.between())

    def spoil(self, data: bytes) -> None:
        """Let every blob have these bytes instead of its own."""
        for path in Path(self.root).glob("*-*"):
            path.write_bytes(data)
