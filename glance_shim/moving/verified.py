"""Data that is compared on its way with what its image says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from glance_shim import errors
from glance_shim.moving.records import Record


class Stopped(errors.Error):
    message = "It was stopped before its data had come; run the command again"


def verified(
    record: Record, chunks: Iterable[bytes], progress: Callable[[int], None]
) -> Iterator[bytes]:
    """The chunks; raises at their end if they are not the data that the image has.

    Whoever takes them keeps nothing then. ``progress`` is told how many bytes
    have come since it was told last, and may raise to end it.
    """
    algorithm, expected = _strongest(record)
    found = hashlib.new(algorithm, usedforsecurity=False)
    size = 0
    for chunk in chunks:
        found.update(chunk)
        size += len(chunk)
        yield chunk
        progress(len(chunk))
    if size != record.size:
        raise errors.SourceFailed(reason=f"{size} of {record.size} bytes came")
    if expected is not None and found.hexdigest() != expected:
        raise errors.SourceFailed(
            reason=f"the data that came has another {algorithm} than the image says; nothing "
            "of it was kept"
        )


def _strongest(record: Record) -> tuple[str, str | None]:
    """The best hash that can be checked here, with its value if the image has one."""
    algorithm, value = record.facts["os_hash_algo"], record.facts["os_hash_value"]
    if value and algorithm in hashlib.algorithms_available:
        return algorithm, value
    return "md5", record.facts["checksum"]
