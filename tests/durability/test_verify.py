"""Looking whether all image data still is what it was, and mending what is not."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.core import copies, pace, recovery, verification
from glance_shim.db import connection
from glance_shim.db import verification as rows
from glance_shim.db.models.verification import Verification

DATA = bytes(range(256)) * 40
DAMAGED, UNCHECKED = 3, 4


def flip(position: int) -> Callable[[Path], None]:
    """Another bit at a place of the file, which stays as long as it was."""

    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[position] ^= 1
        path.write_bytes(data)

    return change


def cut(path: Path) -> None:
    os.truncate(path, len(DATA) - 1)


def extend(path: Path) -> None:
    os.truncate(path, len(DATA) + 1)


def replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def replace_by_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


VISIBLE = {
    "missing": Path.unlink,
    "short": cut,
    "long": extend,
    "pipe": replace_by_a_pipe,
    "link": replace_by_a_link,
    "directory": replace_by_a_directory,
}
CHANGED = {"first": flip(0), "middle": flip(5000), "last": flip(-1)}


def kind_of(name: str) -> str:
    return name if name in verification.KINDS else "unreadable"


@pytest.mark.parametrize("deep", [[], ["--deep"]], ids=["light", "deep"])
def test_good_data_is_found_good(run: Any, copied: str, deep: list[str]) -> None:
    code, report = run("verify", *deep)

    assert code == 0
    assert (report["images"], report["copies"], report["damages"]) == (1, 2, [])
    assert report["size"] == (2 * len(DATA) if deep else 0)


@pytest.mark.parametrize("deep", [[], ["--deep"]], ids=["light", "deep"])
@pytest.mark.parametrize("name", VISIBLE)
def test_damage_that_shows_is_reported_and_not_served(
    run: Any, alice: Person, golden: str, file_of: Any, name: str, deep: list[str]
) -> None:
    VISIBLE[name](file_of(golden))

    code, report = run("verify", *deep)

    (damage,) = report["damages"]
    assert code == DAMAGED
    assert (damage["image_id"], damage["store_id"]) == (golden, "fast")
    assert damage["kind"] == kind_of(name)
    assert alice.get(f"/v2/images/{golden}/file").status_code == 503
    assert alice.show(golden)["status"] == "active"


@pytest.mark.parametrize("name", CHANGED)
def test_one_flipped_bit_is_found_by_reading_all(
    run: Any, alice: Person, golden: str, file_of: Any, name: str
) -> None:
    CHANGED[name](file_of(golden))
    assert run("verify")[0] == 0

    code, report = run("verify", "--deep")

    (damage,) = report["damages"]
    assert (code, damage["kind"]) == (DAMAGED, "changed")
    assert damage["expected"] == alice.show(golden)["os_hash_value"]
    answer = alice.get(f"/v2/images/{golden}/file")
    assert answer.status_code == 503
    assert "damaged in every store" in answer.json["error"]["message"]
    # Sizes alone cannot show that it has become good again.
    assert run("verify")[1]["damages"] == [damage]
    assert alice.get(f"/v2/images/{golden}/file").status_code == 503


def test_data_that_was_put_back_is_served_again(
    run: Any, alice: Person, golden: str, file_of: Any
) -> None:
    flip(7)(file_of(golden))
    run("verify", "--deep")
    flip(7)(file_of(golden))

    assert run("verify", "--deep")[0] == 0
    assert alice.get(f"/v2/images/{golden}/file").data == DATA


def test_the_good_copy_is_served_until_the_other_is_repaired(
    run: Any, service: Service, alice: Person, copied: str, file_of: Any
) -> None:
    flip(100)(file_of(copied))
    assert run("verify", "--deep")[0] == DAMAGED
    assert alice.get(f"/v2/images/{copied}/file").data == DATA
    before = alice.show(copied)

    code, report = run("verify", "--deep", "--repair")

    assert code == 0
    assert [each["kind"] for each in report["repairs"]] == ["changed"]
    assert report["damages"] == []
    assert file_of(copied).read_bytes() == DATA
    assert len(service.blobs()) == 2
    assert alice.show(copied) == before
    assert run("verify", "--deep")[0] == 0


@pytest.mark.parametrize("name", VISIBLE)
def test_every_kind_of_damage_is_repaired(
    run: Any, copied: str, file_of: Any, name: str
) -> None:
    damaged = file_of(copied, "cheap")
    VISIBLE[name](damaged)

    # Where the store has something else that is no file, it stays for the operator to see.
    code, report = run("verify", "--repair")

    assert (code, len(report["repairs"])) == (0, 1)
    names = [path for path in damaged.parent.glob(f"{copied}-*") if path != damaged]
    assert [path.read_bytes() for path in names] == [DATA]


def test_a_copy_is_not_repaired_from_one_that_is_damaged_too(
    run: Any, copied: str, file_of: Any
) -> None:
    flip(1)(file_of(copied, "fast"))
    file_of(copied, "cheap").unlink()

    code, report = run("verify", "--repair")

    assert (code, report["repairs"]) == (DAMAGED, [])
    assert [each["store_id"] for each in report["damages"]] == ["cheap"]
    assert not list(file_of(copied).parent.parent.glob(f"cheap/{copied}-*"))


def test_without_a_hash_no_copy_is_taken_for_the_good_one(
    run: Any, service: Service, copied: str, file_of: Any
) -> None:
    with connection.connected(service.deployment.database):
        connection.database.execute_sql("UPDATE images SET os_hash_value=NULL, checksum=NULL")
    cut(file_of(copied))

    assert run("verify", "--repair")[0] == DAMAGED


def test_damage_is_forgotten_with_the_image(
    run: Any, alice: Person, golden: str, file_of: Any
) -> None:
    cut(file_of(golden))
    run("verify")

    assert alice.delete(f"/v2/images/{golden}").status_code == 204
    code, report = run("verify")
    assert (code, report["damages"]) == (0, [])


def test_a_store_that_is_away_is_no_damage(
    run: Any, service: Service, alice: Person, copied: str
) -> None:
    root = Path(service.deployment.stores["cheap"].properties()["data_dir"])
    root.rename(root.with_name("elsewhere"))
    try:
        code, report = run("verify", "--deep")
    finally:
        root.with_name("elsewhere").rename(root)

    assert (code, report["unchecked"], report["copies"]) == (UNCHECKED, 1, 1)
    assert report["damages"] == []


def test_a_run_that_died_is_gone_on_with(
    run: Any, service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        alice.active()
    monkeypatch.setattr(verification, "BATCH", 2)
    examine, calls = verification.Run._examine, []

    def die_at_the_fourth(self: Any, image: Any, location: Any) -> Any:
        calls.append(image.id)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return examine(self, image, location)

    monkeypatch.setattr(verification.Run, "_examine", die_at_the_fourth)
    monkeypatch.setattr(rows, "pause", lambda *_: None)
    with connection.connected(service.deployment.database), pytest.raises(KeyboardInterrupt):
        verification.Run(service.deployment, "deep").go()

    code, report = run("verify", "--deep")

    assert (code, report["images"]) == (0, 5)
    # The image at which it died and the one before, whose batch had no end, come again.
    assert len(calls) == 4 + 3
    assert run("verify", "--deep")[1]["images"] == 5
    assert len(calls) == 4 + 3 + 5


def test_anew_begins_with_the_first_image(run: Any, service: Service, golden: str) -> None:
    run("verify")
    with connection.connected(service.deployment.database):
        Verification.update(marker="f" * 36, images=7).execute()

    assert run("verify")[1]["images"] == 7
    with connection.connected(service.deployment.database):
        Verification.update(marker="f" * 36, images=7).execute()
    assert run("verify", "--anew")[1]["images"] == 1


def test_who_was_taken_over_stops(service: Service, golden: str) -> None:
    first = verification.Run(service.deployment, "deep")

    def take_over(_: Any) -> None:
        rows.take("deep", "another")

    first.tell = take_over
    with connection.connected(service.deployment.database):
        with pytest.raises(verification.TakenOver):
            first.go()
        assert rows.find("deep").runner == "another"


def test_it_is_done_by_itself_when_it_is_due_and_by_one_only(
    service: Service, copied: str, file_of: Any
) -> None:
    flip(3)(file_of(copied))
    with connection.connected(service.deployment.database):
        verification.run_due(service.deployment)
        assert verification.known_damages() == []
        Verification.update(completed_at=time.time() - 169 * 3600).execute()
        rows.take_if_due("deep", "another", time.time(), time.time() - 60)
        verification.run_due(service.deployment)
        assert rows.find("light").images == 1
        assert rows.find("deep").images == 0
        rows.pause("deep", "another")
        verification.run_due(service.deployment)
        done = rows.find("deep")

    assert (done.images, done.repaired) == (1, 1)
    assert file_of(copied).read_bytes() == DATA


def test_it_reads_no_faster_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pace.time, "monotonic", lambda: 100.0 + sum(slept))
    monkeypatch.setattr(pace.time, "sleep", slept.append)
    slow, fast = pace.Pace(2), pace.Pace(0)

    for _ in range(10):
        slow.spend(b"x" * pace.MIB)
        fast.spend(b"x" * pace.MIB)

    assert sum(slept) == pytest.approx(5.0)


def test_a_repair_that_was_given_up_changes_nothing(
    service: Service, alice: Person, copied: str, file_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = file_of(copied)
    cut(damaged)
    add = type(service.deployment.stores["fast"]).add

    def add_while_deleted(*args: Any) -> int:
        size = add(*args)
        assert alice.delete(f"/v2/images/{copied}").status_code == 204
        return size

    monkeypatch.setattr(type(service.deployment.stores["fast"]), "add", add_while_deleted)
    with connection.connected(service.deployment.database):
        verification.Run(service.deployment, "light", repairs=True).go()

    monkeypatch.undo()
    with connection.connected(service.deployment.database):
        recovery.sweep(service.deployment)
    assert service.blobs() == []


def test_reading_a_file_that_cannot_be_read_is_said(
    service: Service, golden: str, file_of: Any
) -> None:
    replace_by_a_pipe(file_of(golden))
    store = service.deployment.stores["fast"]

    for ask in (store.read, store.size):
        with pytest.raises(errors.BlobUnreadable, match="no ordinary file"):
            ask(file_of(golden).name)


@pytest.fixture
def comparing(make_service: Any) -> Person:
    """Somebody whose downloads are compared with the hash."""
    service = make_service(
        enabled_backends={"fast": "file", "cheap": "file"}, verify_downloads=True
    )
    return service.person("p1", "member")


LONG = bytes(range(256)) * 4096


@pytest.mark.parametrize("data", [b"x", LONG[: 1 << 18], LONG[: (1 << 18) + 1], LONG], ids=len)
def test_a_good_download_that_is_compared_is_whole(comparing: Person, data: bytes) -> None:
    image_id = comparing.active(data)["id"]

    answer = comparing.get(f"/v2/images/{image_id}/file")

    assert answer.data == data
    assert answer.headers["Content-Length"] == str(len(data))


@pytest.mark.parametrize("name", CHANGED)
def test_a_damaged_download_that_is_compared_breaks_off_and_is_noted(
    comparing: Person, name: str
) -> None:
    image_id = comparing.active(LONG)["id"]
    deployment = comparing._client.application.config["deployment"]
    root = Path(deployment.stores["fast"].properties()["data_dir"])
    (path,) = root.glob(f"{image_id}-*")
    CHANGED[name](path)

    with contextlib.closing(comparing.get(f"/v2/images/{image_id}/file")) as answer:
        received = 0
        with pytest.raises(copies.NotTheImage):
            for chunk in answer.response:
                received += len(chunk)

    assert received < len(LONG)
    again = comparing.get(f"/v2/images/{image_id}/file")
    assert again.status_code == 503
    assert comparing.get(f"/v2/images/{image_id}").json["status"] == "active"
