"""What a store of files promises."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from glance_shim import errors
from glance_shim.stores import filesystem
from glance_shim.stores.filesystem import FilesystemStore

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"
OTHER = BLOB[:-1] + "1"


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    return FilesystemStore("local", str(tmp_path / "store"))


def files(store: FilesystemStore) -> list[str]:
    return sorted(p.name for p in Path(store.root).rglob("*") if not p.is_dir())


def test_a_part_is_read_from_where_it_begins(store: FilesystemStore) -> None:
    store.add(BLOB, [b"0123456789"])

    reading = store.read(BLOB, offset=3, length=4)
    assert reading.file.tell() == 3
    assert b"".join(reading) == b"3456"
    reading.close()


def test_what_is_written_behind_is_all_there(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "WRITE_BEHIND", 8192)
    chunks = [bytes([number]) * 5000 for number in range(20)]

    assert store.add(BLOB, chunks) == 100_000
    assert b"".join(store.read(BLOB)) == b"".join(chunks)


def test_a_blob_is_never_overwritten(store: FilesystemStore) -> None:
    store.add(BLOB, [b"first"])

    with pytest.raises(errors.StoreUnavailable):
        store.add(BLOB, [b"second"])
    assert b"".join(store.read(BLOB)) == b"first"
    assert files(store) == [BLOB]


def test_nobody_else_can_read_what_is_stored(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = FilesystemStore("local", str(tmp_path / "store"))
        store.add(BLOB, [b"x"])
    finally:
        os.umask(before)

    for path in (tmp_path / "store").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_what_somebody_planted_leads_nowhere(store: FilesystemStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    root = Path(store.root)
    (root / BLOB).symlink_to(secret)
    os.mkfifo(root / OTHER)
    directory = BLOB[:-1] + "2"
    (root / directory).mkdir()

    for blob_id in (BLOB, OTHER, directory):
        with pytest.raises(errors.StoreUnavailable):
            store.read(blob_id)
        with pytest.raises(errors.StoreUnavailable):
            store.add(blob_id, [b"x"])
    store.delete(BLOB)
    assert secret.read_text() == "secret"


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@pytest.mark.parametrize("code", [*FULL, errno.EIO, errno.EROFS])
@pytest.mark.parametrize(
    "call, at", [("write", 1), ("write", 2), ("fsync", 1), ("link", 1), ("fsync", 2)]
)
def test_a_disk_that_fails_leaves_nothing(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch, call: str, at: int, code: int
) -> None:
    real, calls = getattr(os, call), []

    def failing(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == at:
            raise OSError(code, os.strerror(code), "/secret/path")
        return real(*args, **kwargs)

    monkeypatch.setattr(os, call, failing)
    wanted = errors.StoreFull if code in FULL else errors.StoreUnavailable
    with pytest.raises(wanted) as caught:
        store.add(BLOB, [b"a", b"b"])
    monkeypatch.undo()

    assert "secret" not in str(caught.value)
    assert files(store) == []
    assert store.add(BLOB, [b"ok"]) == 2


def test_data_is_safe_before_its_name_and_the_name_before_the_answer(
    store: FilesystemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []
    for call in ("write", "fsync", "link"):
        real = getattr(os, call)

        def noted(*args: Any, call: str = call, real: Any = real, **kwargs: Any) -> Any:
            kind = (
                stat.S_ISDIR(os.fstat(args[0]).st_mode) if isinstance(args[0], int) else False
            )
            order.append(f"{call} directory" if kind else call)
            return real(*args, **kwargs)

        monkeypatch.setattr(os, call, noted)
    store.add(BLOB, [b"a", b"b"])

    assert order == ["write", "write", "fsync", "link", "fsync directory"]


def test_directories_that_were_made_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = [], os.fsync

    def noted(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    FilesystemStore("local", str(tmp_path / "above" / "store"))
    made = [str(tmp_path), str(tmp_path / "above"), str(tmp_path / "above" / "store")]
    assert synced == made

    FilesystemStore("local", str(tmp_path / "above" / "store"))
    assert synced == made


def test_a_sweep_takes_what_nobody_writes_to(store: FilesystemStore) -> None:
    partial = Path(store.root) / "partial"
    for name in ("abandoned", "young", "busy", "kept"):
        (partial / f"{name}.x").write_text("x")
    for name in ("abandoned", "busy", "kept"):
        os.utime(partial / f"{name}.x", (0, time.time() - 3600))
    with open(partial / "busy.x") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        removed = store.sweep(keep=lambda blob_id: blob_id == "kept")

    assert removed == 1
    assert files(store) == ["busy.x", "kept.x", "young.x"]


def test_a_store_that_is_away_says_so(store: FilesystemStore) -> None:
    os.rename(store.root, f"{store.root}.away")

    for use in (store.read, store.size, store.delete, lambda b: store.add(b, [b"x"])):
        with pytest.raises(errors.StoreUnavailable):
            use(BLOB)
