"""How images come into the cache, and what never does."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from people import Person
from slow_stores import SlowStore

from glance_shim import threads
from glance_shim.core import cache_filling
from glance_shim.db import cache as rows
from glance_shim.db import connection
from glance_shim.db import images as image_rows

DATA = b"0123456789"


def test_a_queued_image_is_fetched_at_once(node: Any, admin: Person, image: str) -> None:
    assert admin.put(f"/v2/cache/{image}").status_code == 202
    node.settle()

    document = admin.get("/v2/cache").json
    assert [entry["image_id"] for entry in document["cached_images"]] == [image]
    assert document["queued_images"] == []
    (file,) = node.files()
    assert file.read_bytes() == DATA


def test_without_a_thread_it_is_fetched_when_one_can_be_had(
    node: Any, admin: Person, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(threads, "start", lambda *args: False)
        assert admin.put(f"/v2/cache/{image}").status_code == 202
        assert node.files() == []
    cache_filling.start(node.deployment)
    node.settle()

    (file,) = node.files()
    assert file.read_bytes() == DATA


def test_an_image_that_is_cached_stays_as_it_is(node: Any, admin: Person, image: str) -> None:
    admin.put(f"/v2/cache/{image}")
    node.settle()
    before = node.entries()

    assert admin.put(f"/v2/cache/{image}").status_code == 202
    node.settle()

    assert node.entries() == before and len(node.slow.reads) == 1


def test_files_and_directories_are_for_their_owner_only(
    node: Any, admin: Person, image: str
) -> None:
    admin.put(f"/v2/cache/{image}")
    node.settle()

    assert [path.stat().st_mode & 0o777 for path in node.files()] == [0o600]
    for directory in (node.directory, node.directory / "partial"):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_a_download_from_a_slow_store_fills_the_cache(
    node: Any, alice: Person, image: str
) -> None:
    assert alice.get(f"/v2/images/{image}/file").data == DATA
    node.settle()
    assert node.entry(image).status == "cached"

    node.slow.away = True
    assert alice.get(f"/v2/images/{image}/file").data == DATA
    assert node.entry(image).hits == 1


def test_a_client_that_stops_leaves_a_whole_entry(node: Any, alice: Person, image: str) -> None:
    answer = alice.get(f"/v2/images/{image}/file", buffered=False)
    next(answer.iter_encoded())
    answer.close()
    node.settle()

    (file,) = node.files()
    assert file.read_bytes() == DATA


def test_a_range_fills_the_cache_with_all_of_it(node: Any, alice: Person, image: str) -> None:
    answer = alice.get(f"/v2/images/{image}/file", headers={"Range": "bytes=2-4"})
    node.settle()

    assert answer.data == b"234"
    assert node.files()[0].read_bytes() == DATA


@pytest.mark.parametrize(
    "size, store, wanted",
    [(10, "slow", True), (10, "fast", False), (100, "slow", True), (101, "slow", False)],
)
def test_local_and_oversized_images_do_not_come_in_by_themselves(
    make_node: Any, upload: Any, size: int, store: str, wanted: bool
) -> None:
    node = make_node(image_cache_max_size=100)
    alice = node.service.person("p1", "member")
    image_id = upload(alice, bytes(size), store)

    alice.get(f"/v2/images/{image_id}/file")
    node.settle()

    assert bool(node.entries()) == wanted


def test_an_administrator_can_have_a_local_image_cached(
    node: Any, admin: Person, alice: Person
) -> None:
    image_id = alice.active()["id"]

    admin.put(f"/v2/cache/{image_id}")
    node.settle()

    assert node.entry(image_id).status == "cached"


@pytest.mark.parametrize("data", [b"012345678X", b"012345678", b"01234567890", b""])
def test_data_that_is_not_the_image_never_comes_in(
    node: Any, admin: Person, image: str, data: bytes
) -> None:
    node.slow.spoil(data)

    admin.put(f"/v2/cache/{image}")
    node.settle()

    assert node.files() == []
    assert node.entry(image).status == "queued"


def test_a_failing_image_is_tried_again_later_and_does_not_hold_up_others(
    node: Any, admin: Person, alice: Person, image: str, upload: Any
) -> None:
    node.slow.away = True
    admin.put(f"/v2/cache/{image}")
    node.settle()
    assert node.fetch_next() is False
    assert node.entry(image).due == pytest.approx(time.time() + 60, abs=20)

    node.slow.away = False
    other = upload(alice)
    admin.put(f"/v2/cache/{other}")
    node.settle()
    assert admin.get("/v2/cache").json["queued_images"] == [image]

    admin.put(f"/v2/cache/{image}")
    node.settle()
    assert node.entry(image).status == "cached"


@pytest.mark.parametrize("attempts, pause", [(0, 60), (1, 120), (5, 1920), (5000, 86400)])
def test_each_pause_is_longer(node: Any, image: str, attempts: int, pause: float) -> None:
    node.slow.away = True
    node.only_queue(image)
    node.change(image, attempts=attempts)

    assert node.fetch_next() is True

    assert node.entry(image).due == pytest.approx(time.time() + pause, abs=20)


def test_a_download_does_not_begin_again_what_was_put_off(
    node: Any, admin: Person, alice: Person, image: str
) -> None:
    node.slow.away = True
    admin.put(f"/v2/cache/{image}")
    node.settle()
    node.slow.away = False

    alice.get(f"/v2/images/{image}/file")
    node.settle()

    assert node.entry(image).status == "queued" and len(node.slow.reads) == 1


def test_another_place_is_tried_when_the_first_one_is_spoilt(
    node: Any, admin: Person, image: str, tmp_path: Any
) -> None:
    def add_place() -> None:
        row = image_rows.find_any(image)
        assert row is not None
        (place,) = row.locations
        other.add(place.blob_id, [DATA])
        image_rows.save(row, locations=[place, place._replace(store_id="other")])

    other = node.deployment.stores["other"] = SlowStore("other", tmp_path / "other")
    try:
        node.do(add_place)
        node.slow.spoil(b"012345678X")
        admin.put(f"/v2/cache/{image}")
        node.settle()
    finally:
        del node.deployment.stores["other"]

    assert len(node.slow.reads) == len(other.reads) == 1
    assert node.files()[0].read_bytes() == DATA


def test_an_image_that_is_not_active_any_more_leaves_the_queue(
    node: Any, alice: Person, image: str
) -> None:
    node.only_queue(image)
    alice.post(f"/v2/images/{image}/actions/deactivate")

    assert node.fetch_next() is True

    assert node.entries() == [] and node.slow.reads == []


@pytest.mark.parametrize("how", ["/v2/cache/{}", "/v2/cache", "/v2/images/{}"])
def test_what_is_taken_out_while_it_is_fetched_does_not_come_in(
    node: Any, admin: Person, image: str, how: str
) -> None:
    # In a thread of its own, as the request of somebody else is.
    def take_out() -> None:
        thread = threading.Thread(target=admin.delete, args=(how.format(image),))
        thread.start()
        thread.join()
        node.slow.between = lambda: None

    node.slow.between = take_out
    node.only_queue(image)

    assert node.fetch_next() is True

    assert node.entries() == [] and node.files() == []


def at_once(number: int, function: Any) -> list[Any]:
    """The results of so many threads that call the function at the same moment."""
    barrier, results = threading.Barrier(number), []

    def call() -> None:
        barrier.wait()
        results.append(function())

    threads = [threading.Thread(target=call) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_several_processes_one_claims(node: Any, image: str) -> None:
    node.only_queue(image)

    claims = at_once(8, lambda: node.do(rows.claim, node.name, 120.0))

    assert len([claim for claim in claims if claim is not None]) == 1


def test_an_image_is_fetched_once_however_many_fetch(
    node: Any, alice: Person, upload: Any
) -> None:
    images = [upload(alice) for _ in range(3)]
    for image_id in images:
        node.only_queue(image_id)

    at_once(4, node.fetch_next)

    assert len(node.slow.reads) == len(set(node.slow.reads)) == 3
    assert [entry.status for entry in node.entries()] == ["cached"] * 3
    assert len(node.files()) == 3


def test_what_a_dead_process_was_fetching_is_fetched_by_another(node: Any, image: str) -> None:
    node.only_queue(image)
    dead = node.do(rows.claim, node.name, 120.0)
    assert node.fetch_next() is False

    node.change(image, due=time.time() - 1)
    assert node.fetch_next() is True

    assert node.entry(image).status == "cached"
    assert [file.name for file in node.files()] == [node.entry(image).blob_id]
    assert node.entry(image).blob_id != dead.blob_id
    assert node.do(rows.finish, dead) is False


def test_who_was_taken_for_dead_keeps_nothing(node: Any, image: str) -> None:
    def overtake() -> None:
        node.slow.between = lambda: None
        node.change(image, due=time.time() - 1)
        assert node.fetch_next() is True

    def in_another_thread() -> None:
        thread = threading.Thread(target=overtake)
        thread.start()
        thread.join()

    node.slow.between = in_another_thread
    node.only_queue(image)

    assert node.fetch_next() is True

    assert [file.name for file in node.files()] == [node.entry(image).blob_id]
    assert node.entry(image).status == "cached"


def test_a_long_fetch_keeps_its_lease(
    node: Any, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glance_shim.stores.streams.EVERY_BYTES", 4)
    dues = []

    def look() -> None:
        dues.append(node.entry(image).due)

    def in_another_thread() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    node.slow.between = in_another_thread
    node.only_queue(image)
    node.fetch_next()

    assert len(set(dues)) > 1 and dues == sorted(dues)


def test_no_connection_is_held_while_data_comes(node: Any, image: str) -> None:
    held = []
    node.slow.between = lambda: held.append(not node.deployment.database.is_closed())
    node.only_queue(image)

    node.fetch_next()

    assert held and not any(held)


def test_what_is_queued_while_the_queue_runs_empty_is_fetched_too(
    node: Any, admin: Person, alice: Person, upload: Any
) -> None:
    images = [upload(alice) for _ in range(12)]

    for image_id in images:
        admin.put(f"/v2/cache/{image_id}")
    node.settle()

    assert sorted(entry.image_id for entry in node.entries()) == sorted(images)
    assert {entry.status for entry in node.entries()} == {"cached"}


def test_a_download_does_not_fail_because_the_queue_does(
    node: Any, alice: Person, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise connection.FAILURES[0]("disk full")

    monkeypatch.setattr(rows, "add", fail)

    assert alice.get(f"/v2/images/{image}/file").data == DATA


def test_without_a_cache_nothing_is_begun(make_service: Any) -> None:
    deployment = make_service(image_cache_max_size=12345).deployment

    cache_filling.start(deployment)

    assert cache_filling.fetch_next(deployment) is False
