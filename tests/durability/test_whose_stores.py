"""Whose the directories of the stores are: of this service, of another, of nobody yet."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click.testing
import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.cli import cli as commands
from glance_shim.core import cache, checks, marks, orphans, recovery
from glance_shim.db import connection, copying, uploads
from glance_shim.db import marks as rows
from glance_shim.stores import STAGING
from glance_shim.stores import marks as marks_of_stores
from glance_shim.stores.marks import NAME

DATA = b"0123456789"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    """``make("one", images=path)``: a service, whose store may be somewhere else."""
    made: list[Service] = []

    def service(name: str, images: Path | None = None, **options: Any) -> Service:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        place = {"filesystem_store_datadir": str(images or home / "images")}
        made.append(Service(home, {"DEFAULT": options, "glance_store": place}))
        return made[-1]

    yield service
    for each in made:
        each.close()


def begin(service: Service) -> None:
    """What a server does when it starts."""
    marks.claim_at_start(service.deployment)


def sweep(service: Service) -> recovery.Recovered:
    with connection.connected(service.deployment.database):
        return recovery.sweep(service.deployment)


def root(service: Service) -> Path:
    return Path(service.deployment.stores.default.properties()["data_dir"])


def problems(service: Service) -> str:
    return "\n".join(checks.problems(service.deployment))


def claim(service: Service, store_id: str = "default") -> click.testing.Result:
    return click.testing.CliRunner().invoke(
        commands.commands["claim"], [store_id], obj=lambda: service.deployment
    )


def member(service: Service) -> Person:
    return service.person("p1", "member")


def unmount(service: Service) -> Path:
    """Have the directory that a disk was mounted on in its place; where the disk is now."""
    away = root(service).rename(root(service).with_name("away"))
    (root(service) / "partial").mkdir(parents=True)
    return away


def test_a_start_marks_what_is_new_for_good(make: Any) -> None:
    service = make("one")
    assert problems(service) == ""
    assert not (root(service) / NAME).exists(), "a check changes nothing"

    begin(service)
    marked = (root(service) / NAME).read_bytes()
    begin(service)

    assert (root(service) / NAME).read_bytes() == marked
    assert (Path(service.deployment.stores.staging.root) / NAME).exists()
    assert member(service).active(DATA)["status"] == "active"
    assert problems(service) == ""


def test_what_belongs_to_another_service_is_refused_and_left_alone(make: Any) -> None:
    one = make("one")
    begin(one)
    image_id = member(one).active(DATA)["id"]
    other = make("other", images=root(one))
    assert "belongs to another service" in problems(other)

    begin(other)
    carol = member(other)
    refused = carol.upload(carol.create()["id"], DATA)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert str(root(one)) not in refused.text
    assert sweep(other).away == ["default"]
    with connection.connected(other.deployment.database):
        away: list[str] = []
        assert (list(orphans.find(other.deployment, away)), away) == ([], ["default"])
    said = claim(other)
    assert said.exit_code == 1
    assert isinstance(said.exception, errors.StoreUnusable)
    assert f"remove its {NAME} if nobody else uses it" in str(said.exception)
    assert member(one).get(f"/v2/images/{image_id}/file").data == DATA


def test_where_a_disk_is_not_mounted_nothing_is_written_or_removed(make: Any) -> None:
    service = make("one")
    begin(service)
    alice = member(service)
    kept, deleted = (alice.active(DATA)["id"] for _ in range(2))
    away = unmount(service)

    assert alice.upload(alice.create()["id"], DATA).status_code == 503
    assert alice.get(f"/v2/images/{kept}/file").status_code == 503
    assert alice.delete(f"/v2/images/{deleted}").status_code == 204
    assert sweep(service).pending == 2
    begin(service)
    assert "no mark of this service and none of its data" in problems(service)
    assert sorted(path.name for path in root(service).rglob("*")) == ["partial"]

    shutil.rmtree(root(service))
    away.rename(root(service))
    assert alice.get(f"/v2/images/{kept}/file").data == DATA
    assert sweep(service)._replace(partial=0) == (0, 2, 0, 0, [])
    assert len(service.blobs()) == 1


def test_a_mark_that_changes_under_a_service_is_seen_by_its_next_sweep(make: Any) -> None:
    one, other = make("one"), make("other")
    begin(one)
    begin(other)
    (root(other) / NAME).replace(root(one) / NAME)

    assert sweep(one).away == ["default"]


def test_a_start_without_the_disk_marks_nothing(make: Any) -> None:
    service = make("one")
    image_id = member(service).active(DATA)["id"]
    away = unmount(service)

    begin(service)
    assert "glance-shim claim default" in problems(service)
    assert not (root(service) / NAME).exists()
    assert member(service).get(f"/v2/images/{image_id}/file").status_code == 503

    shutil.rmtree(root(service))
    away.rename(root(service))
    assert sweep(service).away == []
    assert member(service).get(f"/v2/images/{image_id}/file").data == DATA
    assert (root(service) / NAME).exists()


def test_stores_whose_directories_are_confused_are_refused(make: Any, tmp_path: Path) -> None:
    stores = {"enabled_backends": {"fast": "file", "cheap": "file"}}
    service = make("one", **stores)
    alice = member(service)
    for store in ("fast", "cheap"):
        alice.upload(alice.create()["id"], DATA, **{"X-Image-Meta-Store": store})
    home = tmp_path / "one"
    (home / "fast").rename(home / "between")
    (home / "cheap").rename(home / "fast")
    (home / "between").rename(home / "cheap")

    begin(service)
    assert not any((home / name / NAME).exists() for name in ("fast", "cheap"))
    assert problems(service).count("none of its data") == 2

    (home / "fast").rename(home / "between")
    (home / "cheap").rename(home / "fast")
    begin(service)
    (home / "fast").rename(home / "cheap")
    assert "is that of store 'fast'" in problems(service)


def test_data_that_is_to_be_removed_is_missed_too(make: Any) -> None:
    service = make("one")
    with connection.connected(service.deployment.database):
        assert not rows.expects_blobs("default")
        uploads.add_removals("0" * 36, [("default", "blob")], delay=60)
        assert rows.expects_blobs("default")
        assert not rows.expects_blobs("defaul_")


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_disk_that_takes_no_mark_is_read_all_the_same(
    make: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    service = make("one")
    alice = member(service)
    image_id = alice.active(DATA)["id"]

    def refuse(*args: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(marks_of_stores, "write", refuse)
        begin(service)
        assert alice.get(f"/v2/images/{image_id}/file").data == DATA
    assert not (root(service) / NAME).exists()

    assert sweep(service).away == []
    assert (root(service) / NAME).exists()
    away = unmount(service)
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 503
    assert away.exists()


def test_a_new_disk_in_the_place_of_a_broken_one_is_claimed(make: Any) -> None:
    service = make("one")
    begin(service)
    alice = member(service)
    alice.active(DATA)
    unmount(service)

    said = claim(service)

    assert said.output == f"{root(service)} is marked as store default of this service\n"
    assert alice.active(DATA)["status"] == "active"
    assert isinstance(claim(service, "cheap").exception, errors.UnknownStore)


def test_a_restored_service_has_its_stores(make: Any, tmp_path: Path) -> None:
    service = make("one")
    begin(service)
    alice = member(service)
    image_id = alice.active(DATA)["id"]
    for copy in ("whole", "without hidden files"):
        shutil.copytree(root(service), tmp_path / copy)
    (tmp_path / "without hidden files" / NAME).unlink()

    for copy in ("whole", "without hidden files"):
        restored = make(f"restored {copy}", images=tmp_path / copy)
        copying.copy(service.deployment.database, restored.deployment.database, print)
        begin(restored)
        person = Person(restored.app, alice.token, alice.project_id)
        assert problems(restored) == ""
        assert person.get(f"/v2/images/{image_id}/file").data == DATA
        assert (tmp_path / copy / NAME).read_bytes() == (root(service) / NAME).read_bytes()


def test_all_processes_of_a_service_have_one_id(make: Any) -> None:
    service, barrier = make("one"), threading.Barrier(8)

    def ask(_: int) -> str:
        with connection.connected(service.deployment.database):
            barrier.wait(60)
            return rows.service_id()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))

    assert len(found) == 1
    assert len(found.pop()) == 36


def test_a_host_has_staged_data_of_its_own(make: Any) -> None:
    service = make("one")
    alice = member(service)
    alice.stage(alice.create()["id"])
    staging = Path(service.deployment.stores.staging.root)
    shutil.rmtree(staging)
    (staging / "partial").mkdir(parents=True)

    begin(service)

    assert problems(service) == ""
    assert service.deployment.stores.of_blob(STAGING).mark() is not None


def test_a_cache_takes_nothing_out_of_the_store_of_another_service(make: Any) -> None:
    one = make("one")
    unmarked = [member(one).active(DATA)["id"]]
    for marked in (False, True):
        if marked:
            begin(one)
        node = make(f"node {marked}", image_cache_dir=str(root(one)))
        begin(node)
        with connection.connected(node.deployment.database), pytest.raises(errors.Unavailable):
            cache.sweep(node.deployment)
        assert "cache: " in problems(node)
    assert member(one).get(f"/v2/images/{unmarked[0]}/file").data == DATA


def test_a_database_that_gives_no_id_lets_the_service_start(
    make: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = make("one")

    def refuse() -> str:
        raise connection.FAILURES[0]("attempt to write a readonly database")

    monkeypatch.setattr(rows, "service_id", refuse)
    begin(service)

    assert "Nobody looks yet whose the stores are" in caplog.text
