"""What is in the cache: how it is used, and how it goes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from people import Person

from glance_shim.core import cache
from glance_shim.db import cache as rows
from glance_shim.db import connection

DATA = b"0123456789"


@pytest.fixture
def cached(node: Any, admin: Person, image: str) -> str:
    """The image, in the cache."""
    admin.put(f"/v2/cache/{image}")
    node.settle()
    return image


def download(person: Person, image_id: str, byte_range: str | None = None) -> Any:
    headers = {"Range": f"bytes={byte_range}"} if byte_range else {}
    return person.get(f"/v2/images/{image_id}/file", headers=headers)


def test_downloads_are_served_and_counted(node: Any, alice: Person, cached: str) -> None:
    node.slow.away = True
    before = node.entry(cached)

    for _ in range(3):
        answer = download(alice, cached)
        assert (answer.status_code, answer.data) == (200, DATA)

    assert node.entry(cached).hits == 3
    assert node.entry(cached).last_accessed > before.last_accessed
    assert node.entry(cached).last_modified == before.last_modified


@pytest.mark.parametrize("byte_range, data", [("2-4", b"234"), ("9-", b"9"), ("-3", b"789")])
def test_a_range_is_served_and_only_the_beginning_is_a_hit(
    node: Any, alice: Person, cached: str, byte_range: str, data: bytes
) -> None:
    node.slow.away = True

    answer = download(alice, cached, byte_range)

    assert (answer.status_code, answer.data) == (206, data)
    assert node.entry(cached).hits == 0
    assert download(alice, cached, "0-0").data == b"0"
    assert node.entry(cached).hits == 1


def test_reading_on_is_a_use_once_a_minute(node: Any, alice: Person, cached: str) -> None:
    node.change(cached, last_accessed=1.0)
    download(alice, cached, "5-")
    used = node.entry(cached).last_accessed
    assert used == pytest.approx(time.time(), abs=20)

    download(alice, cached, "6-")
    assert node.entry(cached).last_accessed == used


def test_a_use_that_cannot_be_counted_fails_nothing(
    alice: Person, cached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise connection.FAILURES[0]("database is locked")

    monkeypatch.setattr(rows, "count_use", fail)

    assert download(alice, cached).data == DATA


def test_rights_and_status_count_as_without_a_cache(
    alice: Person, carol: Person, alice_reader: Person, cached: str
) -> None:
    assert download(carol, cached).status_code == 404
    assert download(alice_reader, cached).status_code == 403
    alice.post(f"/v2/images/{cached}/actions/deactivate")
    assert download(alice, cached).status_code == 403


@pytest.mark.parametrize("harm", ["removed", "cut", "longer"])
def test_damage_is_noticed_and_the_store_serves(
    node: Any, alice: Person, cached: str, harm: str
) -> None:
    (file,) = node.files()
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(DATA[:5] if harm == "cut" else DATA + b"x")

    assert download(alice, cached).data == DATA
    node.settle()

    assert [path.read_bytes() for path in node.files()] == [DATA]
    assert node.entry(cached).hits == 0


def test_a_cache_that_is_away_fails_nothing(node: Any, alice: Person, cached: str) -> None:
    away = node.directory.rename(node.directory.with_name("away"))
    try:
        assert download(alice, cached).data == DATA
    finally:
        away.rename(node.directory)
    assert node.entry(cached).status == "cached"


def test_a_deleted_image_leaves_the_cache_and_the_queue(
    node: Any, alice: Person, cached: str, upload: Any
) -> None:
    queued = upload(alice)
    node.only_queue(queued)

    for image_id in (cached, queued):
        assert alice.delete(f"/v2/images/{image_id}").status_code == 204

    assert node.entries() == [] and node.files() == []


def test_a_deleted_image_leaves_the_rows_of_other_nodes(
    node: Any, alice: Person, cached: str
) -> None:
    node.change(cached, node="http://elsewhere")

    alice.delete(f"/v2/images/{cached}")

    # What is left there is a file that nobody knows, and goes as such.
    assert node.do(rows.nodes, cached) == []


def test_a_node_sees_its_own_entries_only(node: Any, admin: Person, cached: str) -> None:
    node.change(cached, node="http://elsewhere")

    assert admin.get("/v2/cache").json == {"cached_images": [], "queued_images": []}
    assert admin.get(f"/v2/cache/nodes/{cached}").json == ["http://elsewhere"]
    assert admin.delete("/v2/cache").status_code == 204
    assert admin.get(f"/v2/cache/nodes/{cached}").json == ["http://elsewhere"]


# Pruning

SMALL = {"image_cache_max_size": 25}


@pytest.fixture
def small(make_node: Any) -> Any:
    """A node whose cache has room for two images and a half."""
    return make_node(**SMALL)


@pytest.fixture
def people(small: Any) -> tuple[Person, Person]:
    return small.service.person("admin", "admin"), small.service.person("p1", "member")


def cache_one(node: Any, admin: Person, image_id: str) -> str:
    admin.put(f"/v2/cache/{image_id}")
    node.settle()
    return image_id


def held(node: Any) -> list[str]:
    return [entry.image_id for entry in node.do(rows.select_cached, node.name)]


def test_pruning_drops_the_least_recently_used(small: Any, people: Any, upload: Any) -> None:
    admin, alice = people
    first, second, third = (cache_one(small, admin, upload(alice)) for _ in range(3))
    download(alice, first)
    assert held(small) == [second, third, first]

    answer = admin.post("/v2/cache/prune")

    assert answer.json == {"total_files_pruned": 1, "total_bytes_pruned": 10}
    assert held(small) == [third, first]
    assert len(small.files()) == 2
    assert admin.post("/v2/cache/prune").json == {
        "total_files_pruned": 0,
        "total_bytes_pruned": 0,
    }


def test_the_cache_never_holds_more_than_its_size_and_one_image(
    small: Any, people: Any, upload: Any
) -> None:
    admin, alice = people
    most = 0
    for number in range(12):
        size = 10 + number % 7
        cache_one(small, admin, upload(alice, bytes(size)))
        total = sum(path.stat().st_size for path in small.files())
        assert total <= SMALL["image_cache_max_size"] + size
        most = max(most, total)
    assert most > SMALL["image_cache_max_size"]


def test_an_image_larger_than_the_cache_goes_when_the_next_one_comes(
    small: Any, people: Any, upload: Any
) -> None:
    admin, alice = people
    cache_one(small, admin, upload(alice, bytes(1000)))
    assert len(held(small)) == 1

    after = cache_one(small, admin, upload(alice))

    assert held(small) == [after]


def test_images_on_their_way_count_too(small: Any, people: Any, upload: Any) -> None:
    _, alice = people
    for _ in range(3):
        small.only_queue(upload(alice))
        small.do(rows.claim, small.name, 120.0)
    waiting = upload(alice)
    small.only_queue(waiting)

    assert small.fetch_next() is True

    assert small.files() == [] and small.slow.reads == []
    assert small.entry(waiting).status == "queued"


# Cleaning


def test_cleaning_drops_downloads_that_have_stalled(
    node: Any, admin: Person, image: str
) -> None:
    node.only_queue(image)
    node.do(rows.claim, node.name, 120.0)
    (node.directory / "partial" / f"{image}-00000000.11111111").write_bytes(b"0123")

    node.change(image, due=time.time() - 86000)
    admin.post("/v2/cache/clean")
    assert admin.get("/v2/cache").json["queued_images"] == [image]

    node.change(image, due=time.time() - 87000)
    assert admin.post("/v2/cache/clean").status_code == 200
    assert admin.get("/v2/cache").json["queued_images"] == []


def make_old(path: Path) -> None:
    os.utime(path, (time.time() - 3600,) * 2)


def test_cleaning_removes_what_nobody_knows(node: Any, admin: Person, cached: str) -> None:
    orphan = node.directory / f"{cached}-00000000"
    partial = node.directory / "partial" / f"{cached}-00000000.11111111"
    foreign = node.directory / "README"
    for path in (orphan, partial, foreign):
        path.write_bytes(b"0123")
        make_old(path)

    admin.post("/v2/cache/clean")

    assert not orphan.exists() and not partial.exists() and foreign.exists()
    assert node.entry(cached).status == "cached" and len(node.files()) == 2
    foreign.unlink()


@pytest.mark.parametrize("harm", ["removed", "cut"])
def test_cleaning_drops_damaged_entries(
    node: Any, admin: Person, cached: str, harm: str
) -> None:
    (file,) = node.files()
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(b"0123")

    admin.post("/v2/cache/clean")

    assert node.entries() == [] and node.files() == []


def test_cleaning_leaves_what_came_in_while_it_looked(
    node: Any, cached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cache.store_of(node.deployment)
    monkeypatch.setattr(store, "blobs", dict)

    node.sweep()

    assert node.entry(cached).status == "cached" and len(node.files()) == 1


def test_cleaning_drops_images_that_were_deleted_unnoticed(
    node: Any, alice: Person, cached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "forget", lambda *args: None)
    alice.delete(f"/v2/images/{cached}")
    assert len(node.entries()) == 1

    node.sweep()

    assert node.entries() == [] and node.files() == []


def test_nothing_is_done_where_there_is_no_cache(make_service: Any) -> None:
    deployment = make_service(image_cache_max_size=12345).deployment

    cache.sweep(deployment)
    cache.forget(deployment, "x")

    assert cache.store_of(deployment) is None


def test_what_was_planted_in_the_directory_is_not_served(
    node: Any, alice: Person, cached: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret!!!!")
    (file,) = node.files()
    file.unlink()
    file.symlink_to(secret)

    assert download(alice, cached).data == DATA
