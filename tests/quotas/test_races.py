"""Many at once get no more than one after the other would."""

from __future__ import annotations

import functools
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bodies import arriving
from people import Person, Service
from web_source import Source, web

MIB = 1 << 20
PATIENCE = 60


def at_once(*actions: Callable[[], Any]) -> Counter[int]:
    """Do all actions at the same time and count the statuses of their answers."""
    barrier = threading.Barrier(len(actions))

    def wait_and(action: Callable[[], Any]) -> int:
        barrier.wait(PATIENCE)
        return int(action().status_code)

    with ThreadPoolExecutor(len(actions)) as pool:
        return Counter(pool.map(wait_and, actions))


@pytest.fixture
def crowd(service: Service) -> list[Person]:
    """Many members of the same project."""
    return [service.person("p1", "member") for _ in range(16)]


def test_many_create_images_at_once(crowd: Sequence[Person], limit: Any, used: Any) -> None:
    limit(crowd[0], image_count_total=5)
    codes = at_once(*(lambda p=p: p.post("/v2/images", json={}) for p in crowd))

    assert codes == {201: 5, 413: 11}
    assert len(crowd[0].ids()) == used(crowd[0])["image_count_total"] == 5


@pytest.mark.parametrize("how", ["announced", "declared", "unknown"])
@pytest.mark.parametrize("what, name", [("file", "size"), ("stage", "stage")])
def test_many_send_data_at_once(
    service: Service,
    crowd: Sequence[Person],
    limit: Any,
    used: Any,
    what: str,
    name: str,
    how: str,
) -> None:
    limit(crowd[0], **{f"image_{name}_total": 5})
    paths = [f"/v2/images/{person.create()['id']}/{what}" for person in crowd]
    half = b"x" * (MIB // 2)
    headers = {"x-openstack-image-size": str(MIB)} if how == "declared" else {}
    length = MIB if how == "announced" else None
    codes = at_once(
        *(
            lambda p=p, path=path: p.put(path, **arriving(half, half, length=length, **headers))
            for p, path in zip(crowd, paths, strict=True)
        )
    )

    assert codes == {204: 5, 413: 11}
    kept = service.blobs() if what == "file" else service.staged()
    assert [path.stat().st_size for path in kept] == [MIB] * 5
    assert used(crowd[0])[f"image_{name}_total"] == 5


@pytest.mark.parametrize("what", ["file", "stage"])
def test_many_begin_to_send_data_at_once(
    crowd: Sequence[Person], limit: Any, what: str
) -> None:
    limit(crowd[0], image_count_uploading=3)
    rest = len(crowd) - 3
    refused, others_refused = itertools.count(1), threading.Event()

    def send(person: Person, path: str) -> Any:
        wait = functools.partial(others_refused.wait, PATIENCE)
        response = person.put(path, **arriving(b"x", wait, b"x"))
        if response.status_code == 413 and next(refused) == rest:
            others_refused.set()
        return response

    paths = [f"/v2/images/{person.create()['id']}/{what}" for person in crowd]
    pairs = zip(crowd, paths, strict=True)
    codes = at_once(*(lambda p=p, path=path: send(p, path) for p, path in pairs))

    assert codes == {204: 3, 413: rest}


def work_together(service: Service, workers: int = 4) -> None:
    """Let several workers do the tasks that are queued."""
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(service.work) for _ in range(workers)]:
            done.result()


def statuses(person: Person, ids: Sequence[str]) -> Counter[str]:
    return Counter(person.show(image_id)["status"] for image_id in ids)


def test_many_imports_at_once(service: Service, alice: Person, limit: Any, used: Any) -> None:
    ids = [alice.create()["id"] for _ in range(8)]
    for image_id in ids:
        assert alice.stage(image_id, b"x" * MIB).status_code == 204
        assert alice.import_(image_id).status_code == 202
    limit(alice, image_size_total=3)
    work_together(service)

    assert statuses(alice, ids) == {"active": 3, "queued": 5}
    assert used(alice)["image_size_total"] == len(service.blobs()) == 3
    assert service.staged() == []


def test_many_copies_at_once(
    service: Service, alice: Person, boss: Person, limit: Any, used: Any
) -> None:
    ids = [alice.active(b"x" * MIB)["id"] for _ in range(6)]
    limit(alice, image_size_total=8)
    for image_id in ids:
        assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    work_together(service)

    assert statuses(alice, ids) == {"active": 6}
    assert Counter(alice.show(image_id)["stores"] for image_id in ids) == {
        "fast,cheap": 2,
        "fast": 4,
    }
    assert used(alice)["image_size_total"] == len(service.blobs()) == 8


def test_many_downloads_from_the_web_never_wait_in_too_little_room(
    service: Service, alice: Person, source: str, limit: Any, used: Any
) -> None:
    Source.answers["/mebibyte"] = (200, {}, b"x" * MIB)
    limit(alice, image_stage_total=1)
    waiting = alice.create()["id"]
    assert alice.stage(waiting, b"x").status_code == 204
    ids = [alice.create()["id"] for _ in range(4)]
    for image_id in ids:
        assert alice.import_(image_id, web(source, "/mebibyte")).status_code == 202
    work_together(service)

    assert statuses(alice, ids) == {"queued": 4}
    assert len(service.staged()) == 1 and service.blobs() == []


@pytest.fixture
def tight(make_service: Any) -> Service:
    return make_service(image_property_quota=8, image_tag_quota=8, image_member_quota=8)


@pytest.mark.parametrize("what", ["properties", "tags", "members"])
def test_many_add_to_one_image_at_once(tight: Service, what: str) -> None:
    crowd = [tight.person("p1", "member") for _ in range(12)]
    image_id = crowd[0].create()["id"]
    base = f"/v2/images/{image_id}"

    def add(person: Person, number: int) -> Any:
        if what == "tags":
            return person.put(f"{base}/tags/t{number}")
        if what == "members":
            return person.post(f"{base}/members", json={"member": f"m{number}"})
        return person.patch(image_id, {"op": "add", "path": f"/p{number}", "value": "x"})

    codes = at_once(*(lambda p=p, n=n: add(p, n) for n, p in enumerate(crowd)))

    assert (codes[413], sum(codes.values()) - codes[413]) == (4, 8)
    image = crowd[0].show(image_id)
    held = {
        "properties": [name for name in image if name[0] == "p" and name[1:].isdigit()],
        "tags": image["tags"],
        "members": crowd[0].get(f"{base}/members").json["members"],
    }
    assert len(held[what]) == 8
