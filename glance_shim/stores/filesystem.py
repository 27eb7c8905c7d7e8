"""Blobs as files in a directory.

The bytes go to a file of their own in ``partial``, are synced, linked to the
final name without ever overwriting one, and the directory is synced; only
then does `FilesystemStore.add` return. A final file is never opened for
writing. Everything happens relative to open directories and without following
links, so that what somebody planted in the directory leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from glance_shim import errors
from glance_shim.stores import base, marks

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
PARTIAL = "partial"
GRACE = 10
# A link, socket or directory in place of a file, and what a disk says of lost sectors.
NOT_READABLE = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.EIO)
WRITE_BEHIND = 32 * 1024 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileReading(base.Reading):
    """A file that is open at the first wanted byte."""

    def __init__(self, file: BinaryIO, size: int, length: int | None) -> None:
        self.file: BinaryIO = file
        self.size = size
        self._left = size if length is None else length

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            chunk = self.file.read(min(CHUNK, self._left))
            if not chunk:
                return
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self.file.close()


class Reserve(NamedTuple):
    """What is left free of a disk: so many percent, or so many bytes where that is more.

    It is never more than half of the disk, so that a small one can be used.
    """

    percent: int = 0
    size: int = 0

    def of(self, total: int) -> int:
        return min(max(total * self.percent // 100, self.size), total // 2)


NO_RESERVE = Reserve()


class FilesystemStore(base.Store):
    type = "file"

    def __init__(
        self,
        store_id: str,
        root: str,
        description: str = "",
        weight: int = 0,
        reserve: Reserve = NO_RESERVE,
    ) -> None:
        super().__init__(store_id, description, weight)
        self._reserve = reserve
        self.root = os.path.abspath(root)
        self._wanted: marks.Mark | None = None
        self._accepted: tuple[int, int] | None = None
        _make(os.path.join(self.root, PARTIAL))

    def guard(self, service_id: str | None) -> None:
        """From now on use the directory only while it is marked as this service's.

        The mark is read now, and again when another directory stands there, such as the
        one that a disk was mounted on. With ``None`` the directory is used as it is.
        """
        self._wanted = marks.Mark(service_id, self.store_id) if service_id else None
        self._accepted = None

    def require_mark(self, service_id: str) -> None:
        """Raise `errors.StoreUnusable` unless the directory is marked as this service's."""
        self._require(self.mark(), marks.Mark(service_id, self.store_id))

    def mark(self) -> marks.Mark | None:
        """What the directory is marked with."""
        with self._opened() as (root, _), self._translated():
            return marks.read(root)

    def put_mark(self, service_id: str) -> None:
        """Mark the directory as this service's, unless it is marked."""
        with self._opened() as (root, partial), self._translated():
            marks.write(root, partial, marks.Mark(service_id, self.store_id))

    def names(self) -> Iterator[str]:
        """The ids of the blobs in the directory, whosever it is."""
        with self._opened() as (root, _), self._translated():
            yield from filter(base.BLOB_ID.fullmatch, os.listdir(root))

    def _require(self, found: marks.Mark | None, wanted: marks.Mark) -> None:
        reason = marks.difference(found, wanted, self.root)
        if reason is not None:
            raise errors.StoreUnusable(store_id=self.store_id, reason=reason)

    def add(self, blob_id: str, chunks: Iterable[bytes], expected: int | None = None) -> int:
        base.require_valid(blob_id)
        with self._directories() as (root, partial):
            name = f"{blob_id}.{secrets.token_hex(4)}"
            with self._translated():
                self._require_room(partial, expected or 0)
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
                target = os.open(name, flags, 0o600, dir_fd=partial)
            try:
                fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
                written = self._write(target, chunks)
                with self._translated():
                    os.fsync(target)
                    os.link(name, blob_id, src_dir_fd=partial, dst_dir_fd=root)
                self._settle(root, blob_id)
            finally:
                self._drop(partial, name)
                os.close(target)
        return written

    def _write(self, target: int, chunks: Iterable[bytes]) -> int:
        """Write all chunks; what they raise is not taken for a failure of the disk."""
        written, behind = 0, 0
        for chunk in chunks:
            view = memoryview(chunk)
            with self._translated():
                while view:
                    count = os.write(target, view)
                    view = view[count:]
                    written += count
                if written - behind >= WRITE_BEHIND:
                    _write_behind(target)
                    self._require_room(target)
                    behind = written
        return written

    def _require_room(self, handle: int, wanted: int = 0) -> None:
        """Raise `errors.StoreFull` if so much more would take what is to be left free."""
        free, kept = self._room(handle)
        if free - wanted < kept:
            log.error("Store %s: %d bytes are free, %d stay so", self.store_id, free, kept)
            raise errors.StoreFull(store_id=self.store_id)

    def _room(self, handle: int) -> tuple[int, int]:
        """How many bytes of the disk are free, and how many of them are to stay so."""
        found = os.fstatvfs(handle)
        kept = self._reserve.of(found.f_blocks * found.f_frsize)
        return found.f_bavail * found.f_frsize, kept

    def _settle(self, root: int, blob_id: str) -> None:
        """Make the new name last; if that fails, take it back."""
        try:
            with self._translated():
                os.fsync(root)
        except BaseException:
            self._drop(root, blob_id)
            raise

    def _drop(self, directory: int, name: str) -> None:
        """Take a name away; what cannot be taken away now is left to a sweep."""
        try:
            os.unlink(name, dir_fd=directory)
        except FileNotFoundError:
            return
        except OSError as exc:
            log.warning("Store %s: %s stays for now: %s", self.store_id, name, exc)

    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> FileReading:
        base.require_valid(blob_id)
        with self._directories() as (root, _), self._translated(blob_id):
            # Without O_NONBLOCK the open of a planted FIFO would wait for ever.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(blob_id, flags, dir_fd=root)
        found = os.fstat(handle)
        try:
            self._require_ordinary(found.st_mode)
        except BaseException:
            os.close(handle)
            raise
        file = os.fdopen(handle, "rb")
        file.seek(offset)
        return FileReading(file, found.st_size, length)

    def delete(self, blob_id: str) -> None:
        base.require_valid(blob_id)
        with self._directories() as (root, _), self._translated(blob_id):
            try:
                os.unlink(blob_id, dir_fd=root)
            except FileNotFoundError:
                return
            os.fsync(root)

    def size(self, blob_id: str) -> int:
        base.require_valid(blob_id)
        with self._directories() as (root, _), self._translated(blob_id):
            found = os.stat(blob_id, dir_fd=root, follow_symlinks=False)
        self._require_ordinary(found.st_mode)
        return found.st_size

    def _require_ordinary(self, mode: int) -> None:
        if not stat.S_ISREG(mode):
            reason = "it is no ordinary file"
            raise errors.BlobUnreadable(store_id=self.store_id, reason=reason)

    def blobs(self) -> Iterator[base.Blob]:
        with self._directories() as (root, _), self._translated():
            for name in os.listdir(root):
                if not base.BLOB_ID.fullmatch(name):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    facts = os.stat(name, dir_fd=root, follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode):
                        yield base.Blob(name, facts.st_size, facts.st_mtime)

    def path(self, blob_id: str) -> str:
        base.require_valid(blob_id)
        return f"{self.root}/{blob_id}"

    def url(self, blob_id: str) -> str:
        return f"file://{self.root}/{blob_id}"

    def properties(self) -> dict[str, Any]:
        return {"data_dir": self.root, "chunk_size": CHUNK, "thin_provisioning": False}

    def check(self) -> None:
        if self._wanted is not None:
            self._require(self.mark(), self._wanted)
        probe = f"{secrets.token_hex(8)}.probe"
        try:
            root = os.open(os.path.join(self.root, PARTIAL), os.O_RDONLY | os.O_DIRECTORY)
            try:
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
                os.close(os.open(probe, flags, 0o600, dir_fd=root))
                os.unlink(probe, dir_fd=root)
                free, kept = self._room(root)
            finally:
                os.close(root)
        except OSError as exc:
            raise errors.StoreUnusable(
                store_id=self.store_id, reason=f"{self.root}: {exc.strerror}"
            ) from exc
        if free <= kept:
            raise errors.StoreUnusable(
                store_id=self.store_id, reason=f"{self.root}: there is no room left"
            )

    def sweep(self, keep: Callable[[str], bool] = lambda blob_id: False) -> int:
        removed = 0
        with self._directories() as (_, partial), self._translated():
            for name in os.listdir(partial):
                if not keep(name.rpartition(".")[0]) and _is_abandoned(partial, name):
                    os.unlink(name, dir_fd=partial)
                    removed += 1
        return removed

    @contextlib.contextmanager
    def _directories(self) -> Iterator[tuple[int, int]]:
        """As `_opened`; raises where the directory is not this service's."""
        with self._opened() as (root, partial):
            facts = os.fstat(root)
            place = (facts.st_dev, facts.st_ino)
            if self._wanted is not None and place != self._accepted:
                self._accept(root, self._wanted, place)
            yield root, partial

    def _accept(self, root: int, wanted: marks.Mark, place: tuple[int, int]) -> None:
        try:
            with self._translated():
                self._require(marks.read(root), wanted)
        except errors.StoreUnusable as exc:
            # What it says is for the operator, and not for whoever asks for an image.
            log.error("%s", exc)
            raise errors.StoreUnavailable(store_id=self.store_id) from exc
        self._accepted = place

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[int, int]]:
        """Handles of the root and its ``partial``; raises if the store is away."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        with contextlib.ExitStack() as opened:
            with self._translated():
                root = os.open(self.root, flags)
                opened.callback(os.close, root)
                partial = os.open(PARTIAL, flags | os.O_NOFOLLOW, dir_fd=root)
                opened.callback(os.close, partial)
            yield root, partial

    @contextlib.contextmanager
    def _translated(self, blob_id: str | None = None) -> Iterator[None]:
        """Turn what the operating system says into an error of ours; the log has the rest."""
        try:
            yield
        except FileNotFoundError as exc:
            if blob_id is not None:
                raise errors.BlobNotFound(store_id=self.store_id) from exc
            log.error("Store %s: %s", self.store_id, exc)
            raise errors.StoreUnavailable(store_id=self.store_id) from exc
        except OSError as exc:
            log.error("Store %s: %s", self.store_id, exc)
            if blob_id is not None and exc.errno in NOT_READABLE:
                reason = (exc.strerror or "").lower()
                raise errors.BlobUnreadable(store_id=self.store_id, reason=reason) from exc
            full = exc.errno in NO_ROOM
            failure = errors.StoreFull if full else errors.StoreUnavailable
            raise failure(store_id=self.store_id) from exc


def _make(directory: str) -> None:
    """Make the directory, and what is missing above it, each to outlast a loss of power."""
    if os.path.isdir(directory):
        return
    above = os.path.dirname(directory)
    _make(above)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        if not os.path.isdir(directory):
            raise
    # What is above may be somebody else's, and not for this user to open.
    with contextlib.suppress(PermissionError):
        handle = os.open(above, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_behind(target: int) -> None:
    """Have the disk begin with what is written, and forget what it has already.

    The sync at the end then has nothing left to wait for (0.01 s a GiB, not
    0.45), and images on their way in neither fill the page cache nor drive
    out of it what others read: memory that was not used lately costs up to
    2 CPU seconds a GiB where machines are virtual, this way 0.3.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(target, 0, 0, os.POSIX_FADV_DONTNEED)


def _is_abandoned(partial: int, name: str) -> bool:
    """Is nobody writing this file? Its writer holds a lock, which dies with the process."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=partial)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        # A writer takes its lock a moment after it has made the file. A clock that was set
        # back since leaves times in the future.
        return abs(time.time() - os.fstat(handle).st_mtime) > GRACE
    finally:
        os.close(handle)
