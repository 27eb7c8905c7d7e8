"""The mark that says whose the directory of a store is.

It is a file with the id of the service and the name of its store. A directory that has
another is somebody else's; one that has none may be the place where a disk is not mounted.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import NamedTuple

import orjson

NAME = ".glance-shim-store"
LONGEST = 4096


class Mark(NamedTuple):
    """Whose a directory is, and for what; of a file that is no mark both are empty."""

    service_id: str
    store_id: str


def read(root: int) -> Mark | None:
    """What the directory is marked with; raises `OSError`."""
    # Without O_NONBLOCK the open of a planted FIFO would wait for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(NAME, flags, dir_fd=root)
    except FileNotFoundError:
        return None
    try:
        text = os.read(handle, LONGEST)
    finally:
        os.close(handle)
    try:
        return Mark(**orjson.loads(text))
    except (ValueError, TypeError):
        return Mark("", "")


def write(root: int, partial: int, mark: Mark) -> None:
    """Mark the directory, for good, unless it is marked; raises `OSError`.

    Of several that do so at once one wins, and no other ever sees half a mark.
    """
    name = f"mark.{secrets.token_hex(4)}"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, 0o600, dir_fd=partial)
    try:
        os.write(handle, orjson.dumps(mark._asdict()) + b"\n")
        os.fsync(handle)
        with contextlib.suppress(FileExistsError):
            os.link(name, NAME, src_dir_fd=partial, dst_dir_fd=root)
        os.fsync(root)
    finally:
        os.close(handle)
        os.unlink(name, dir_fd=partial)


def difference(found: Mark | None, wanted: Mark, root: str) -> str | None:
    """Why the directory cannot be used, and what to do about it; ``None`` if it can be."""
    if found == wanted:
        return None
    if found is None:
        return (
            f"{root} has no mark of this service and none of its data; mount the disk that "
            "belongs there, or begin with an empty one by "
            f"'glance-shim claim {wanted.store_id}'"
        )
    if found.service_id == wanted.service_id:
        whose = f"is that of store '{found.store_id}'"
    elif found.service_id:
        whose = f"belongs to another service ({found.service_id})"
    else:
        whose = "has a mark that says nothing"
    return f"{root} {whose}; correct the option, or remove its {NAME} if nobody else uses it"
