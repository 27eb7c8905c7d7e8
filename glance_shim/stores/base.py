"""What a store promises.

A store keeps blobs, which are bytes under an id that the caller chooses. It
knows nothing of images, users, SQL or HTTP. Errors of the library below
become `errors.StoreUnavailable`, `errors.StoreFull` or `errors.BlobNotFound`
inside the store.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

BLOB_ID = re.compile(r"[0-9a-fA-F-]{36}-[0-9a-f]{8}")


def require_valid(blob_id: str) -> None:
    """Raise ``ValueError`` for what is no blob id: ids become names of files and objects."""
    if not BLOB_ID.fullmatch(blob_id):
        raise ValueError("not a blob id")


class Blob(NamedTuple):
    """A blob as a list of the store shows it; ``modified`` is in seconds since the epoch."""

    blob_id: str
    size: int
    modified: float


class Reading(abc.ABC):
    """A blob that is open for reading; iterating gives its bytes in chunks.

    ``size`` is that of the whole blob. ``file``, where there is one, is a real
    file that stands at the first wanted byte, so that a server can send it
    without copying.
    """

    size: int
    file: BinaryIO | None = None

    @abc.abstractmethod
    def __iter__(self) -> Iterator[bytes]: ...

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of everything that is open; twice is no error."""


class Store(abc.ABC):
    """One configured place for bytes."""

    type: str
    read_only = False

    # Whether `sweep` can tell a living writer from a dead one. Where writers on other hosts
    # are out of sight, it must be told with ``keep`` which blobs have a lease.
    sees_writers = True

    # Schemes of URLs that may be given for data that is in the store already.
    schemes: tuple[str, ...] = ()

    def __init__(self, store_id: str, description: str = "", weight: int = 0) -> None:
        self.store_id = store_id
        self.description = description
        self.weight = weight

    @abc.abstractmethod
    def add(self, blob_id: str, chunks: Iterable[bytes], expected: int | None = None) -> int:
        """Keep the bytes and return how many there are.

        When it returns, they survive a power loss. When it raises, nothing is
        left behind, unless the store has gone away; what ``chunks`` raises
        passes through unchanged. ``expected`` is how many bytes there will
        be, if that is known; nothing but the way of sending depends on it.
        """

    @abc.abstractmethod
    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> Reading:
        """Open the blob, here and not on the first read.

        Raises `errors.BlobNotFound` or `errors.StoreUnavailable`.
        """

    @abc.abstractmethod
    def delete(self, blob_id: str) -> None:
        """Remove the blob; it is no error if there is none."""

    @abc.abstractmethod
    def size(self, blob_id: str) -> int:
        """How many bytes the blob has; raises `errors.BlobNotFound`."""

    def path(self, blob_id: str) -> str | None:
        """The file of this host that is the blob; ``None`` where it is no such file."""
        return None

    def signed_url(self, blob_id: str, seconds: int) -> str | None:
        """Where anybody may read the blob for so long; ``None`` where there is no such way."""
        return None

    @abc.abstractmethod
    def blobs(self) -> Iterator[Blob]:
        """Every whole blob in the store, in no order; what is not ours is passed over."""

    @abc.abstractmethod
    def url(self, blob_id: str) -> str:
        """Where the blob lies, as an operator would name it."""

    @abc.abstractmethod
    def properties(self) -> dict[str, Any]:
        """What ``GET /v2/info/stores/detail`` tells about the store; no secrets."""

    @abc.abstractmethod
    def check(self) -> None:
        """Raise `errors.StoreUnavailable`, with words, if the store cannot be used."""

    @abc.abstractmethod
    def sweep(self, keep: Callable[[str], bool] = lambda blob_id: False) -> int:
        """Remove what dead writers left half done; return how much.

        What a living writer works on stays, and what ``keep`` names.
        """
