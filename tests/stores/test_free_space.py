"""A disk is not filled to its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.core import checks
from glance_shim.stores import filesystem
from glance_shim.stores.filesystem import FilesystemStore, Reserve

MIB = 1 << 20
GIB = 1 << 30
BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"


class Disk(NamedTuple):
    """What a disk of so many bytes says, of which some are free."""

    f_blocks: int
    f_bavail: int
    f_frsize: int = 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``disk(total, free)``: every file is on such a disk."""

    def put(total: int, free: int) -> None:
        monkeypatch.setattr(filesystem.os, "fstatvfs", lambda handle: Disk(total, free))

    return put


@pytest.mark.parametrize(
    "total, kept",
    [
        (100 * GIB, 5 * GIB),
        (20 * GIB, GIB),
        (10 * GIB, GIB),
        (2 * GIB, GIB),
        (GIB, GIB // 2),
        (0, 0),
    ],
)
def test_the_larger_of_both_is_kept_but_half_a_disk_at_most(total: int, kept: int) -> None:
    assert Reserve(5, GIB).of(total) == kept


@pytest.mark.parametrize("free, code", [(GIB + 10, 204), (GIB + 9, 413), (GIB, 413), (0, 413)])
@pytest.mark.parametrize("what", ["file", "stage"])
def test_data_that_takes_the_reserve_is_refused_before_it_is_read(
    service: Service, alice: Person, disk: Any, what: str, free: int, code: int
) -> None:
    disk(10 * GIB, free)
    image_id = alice.create()["id"]
    send = alice.upload if what == "file" else alice.stage

    answer = send(image_id, b"0123456789")

    assert answer.status_code == code
    if code == 413:
        assert "has no room for the data" in answer.json["error"]["message"]
        assert alice.show(image_id)["status"] == "queued"
        assert service.blobs() == service.staged() == []
        disk(10 * GIB, 2 * GIB)
        assert send(image_id, b"0123456789").status_code == 204


def test_data_of_unknown_length_ends_where_the_reserve_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [GIB + 100 * MIB]
    monkeypatch.setattr(filesystem.os, "fstatvfs", lambda handle: Disk(10 * GIB, free[0]))
    store = FilesystemStore("tested", str(tmp_path), reserve=Reserve(5, GIB))

    def chunks() -> Iterator[bytes]:
        while True:
            yield bytes(MIB)
            free[0] -= MIB

    with pytest.raises(errors.StoreFull):
        store.add(BLOB, chunks())
    assert GIB - 64 * MIB < free[0] <= GIB
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("free, problems", [(GIB + 1, 0), (GIB, 2)])
def test_a_disk_that_is_full_but_for_the_reserve_is_not_ready(
    service: Service, disk: Any, free: int, problems: int
) -> None:
    disk(10 * GIB, free)

    found = list(checks.problems(service.deployment))

    assert len(found) == problems
    assert all("no room left" in each for each in found)
    assert len(checks.Readiness(service.deployment).missing()) == problems


def test_the_reserve_is_an_option(make_service: Any, disk: Any) -> None:
    service = make_service(free_space_percent=0, free_space_mib=0)
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]
    disk(10 * GIB, 10)

    assert alice.upload(image_id, b"0123456789").status_code == 204
