"""The mark that says whose the directory of a store is."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glance_shim import errors
from glance_shim.stores import marks
from glance_shim.stores.filesystem import FilesystemStore

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"
OURS, THEIRS = "0e8c3a39-0000-4000-8000-000000000000", "5f7a1c2d-0000-4000-8000-000000000000"


@pytest.fixture
def store(tmp_path: Path) -> FilesystemStore:
    """A store that is ours, with one blob in it."""
    store = FilesystemStore("local", str(tmp_path / "store"))
    store.put_mark(OURS)
    store.guard(OURS)
    store.add(BLOB, [b"0123456789"])
    return store


def replace(store: FilesystemStore, mark: str | None) -> Path:
    """Put another directory, with this mark, in the place of the store's; where it went."""
    root = Path(store.root)
    away = root.rename(root.with_name("away"))
    (root / "partial").mkdir(parents=True)
    if mark is not None:
        (root / marks.NAME).write_text(mark)
    return away


def test_a_mark_is_for_its_owner_only_and_stays_as_it_is(store: FilesystemStore) -> None:
    store.put_mark(THEIRS)

    assert store.mark() == marks.Mark(OURS, "local")
    assert os.stat(f"{store.root}/{marks.NAME}").st_mode & 0o777 == 0o600
    assert os.listdir(f"{store.root}/partial") == []
    assert [blob.blob_id for blob in store.blobs()] == [BLOB]


@pytest.mark.parametrize(
    "mark, words",
    [
        (None, "has no mark of this service and none of its data; mount the disk"),
        (f'{{"service_id": "{THEIRS}", "store_id": "local"}}', "belongs to another service"),
        (f'{{"service_id": "{OURS}", "store_id": "cheap"}}', "is that of store 'cheap'"),
        ("", "has a mark that says nothing"),
        ("[1]", "has a mark that says nothing"),
        ('{"service_id": 1}', "has a mark that says nothing"),
    ],
)
def test_nothing_is_done_in_a_directory_that_is_not_ours(
    store: FilesystemStore, caplog: pytest.LogCaptureFixture, mark: str | None, words: str
) -> None:
    away = replace(store, mark)
    left = Path(store.root, "partial", f"{BLOB}.00000000")
    left.touch()
    os.utime(left, (0, 0))
    theirs = Path(store.root, BLOB)
    theirs.write_bytes(b"theirs")

    for use in (
        lambda: store.add(BLOB[:-1] + "1", [b"data"]),
        lambda: store.read(BLOB),
        lambda: store.delete(BLOB),
        lambda: store.size(BLOB),
        lambda: list(store.blobs()),
        store.sweep,
    ):
        caplog.clear()
        with caplog.at_level(logging.ERROR), pytest.raises(errors.StoreUnavailable) as caught:
            use()
        assert words in caplog.text
        # Who asks for an image does not learn where it is.
        assert str(caught.value) == "Store 'local' is not available at the moment"
    with pytest.raises(errors.StoreUnusable, match=words):
        store.check()

    assert (left.exists(), theirs.read_bytes()) == (True, b"theirs")
    Path(store.root).rename(away.with_name("other"))
    away.rename(store.root)
    assert b"".join(store.read(BLOB)) == b"0123456789"
    store.check()


def test_a_link_or_a_pipe_is_no_mark(store: FilesystemStore, tmp_path: Path) -> None:
    kept = Path(store.root, marks.NAME).rename(tmp_path / "kept")
    Path(store.root, marks.NAME).symlink_to(kept)
    with pytest.raises(errors.StoreUnavailable):
        store.check()

    Path(store.root, marks.NAME).unlink()
    os.mkfifo(Path(store.root, marks.NAME))
    with pytest.raises(errors.StoreUnusable, match="has a mark that says nothing"):
        store.check()


def test_of_several_services_that_begin_at_once_one_has_the_directory(
    tmp_path: Path,
) -> None:
    barrier = threading.Barrier(8)

    def begin(number: int) -> marks.Mark | None:
        store = FilesystemStore("local", str(tmp_path / "store"))
        barrier.wait(60)
        store.put_mark(f"{number}")
        return store.mark()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(begin, range(8)))

    assert len(found) == 1
    assert os.listdir(tmp_path / "store" / "partial") == []
