"""How many uploads and downloads a server has at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.core.transfers import Places, Transfers, threads_for_transfers


@pytest.fixture
def service(make_service: Any) -> Service:
    return make_service(max_uploads=3, max_downloads=2)


@contextlib.contextmanager
def under_way(service: Service, kind: str, count: int) -> Iterator[None]:
    """So many others that do not end during the block."""
    with contextlib.ExitStack() as others:
        for _ in range(count):
            others.enter_context(getattr(service.deployment.transfers, kind)())
        yield


@pytest.mark.parametrize("way", ["upload", "stage"])
def test_so_many_uploads_are_taken_and_no_more(
    service: Service, alice: Person, way: str
) -> None:
    image_id = alice.create()["id"]
    with under_way(service, "upload", 3):
        refused = [getattr(alice, way)(image_id) for _ in range(20)]
        assert {response.status_code for response in refused} == {503}
        assert refused[0].headers["Retry-After"] == "5"
        assert "3 (max_uploads)" in refused[0].text
        assert alice.show(image_id)["status"] == "queued"
    with under_way(service, "upload", 2):
        assert getattr(alice, way)(image_id).status_code == 204


def test_so_many_downloads_are_made_and_no_more(service: Service, alice: Person) -> None:
    image_id = alice.active()["id"]
    path = f"/v2/images/{image_id}/file"
    with under_way(service, "download", 2):
        refused = [alice.get(path) for _ in range(20)]
        assert {response.status_code for response in refused} == {503}
        assert refused[0].headers["Retry-After"] == "5"
        assert "2 (max_downloads)" in refused[0].text
        assert alice.upload(alice.create()["id"]).status_code == 204
    with under_way(service, "download", 1):
        for _ in range(5):
            assert alice.get(path).data == b"0123456789"
            assert alice.get(path, headers={"Range": "bytes=0-1"}).data == b"01"


def test_what_fails_gives_its_place_back(service: Service, alice: Person) -> None:
    image_id = alice.active()["id"]
    [blob] = service.blobs()
    blob.unlink()
    for _ in range(5):
        answer = alice.get(f"/v2/images/{image_id}/file")
        assert (answer.status_code, "missing" in answer.text) == (503, True)
        empty = alice.create(disk_format="qcow2")["id"]
        assert alice.upload(empty, b"not at all qcow2").status_code == 415


def test_an_answer_that_nobody_reads_holds_its_place_no_longer(
    service: Service, alice: Person
) -> None:
    path = f"/v2/images/{alice.active()['id']}/file"
    for _ in range(5):
        assert alice.get(path).status_code == 200


def test_threads_are_left_to_small_requests() -> None:
    transfers = Transfers(uploads=100, downloads=100, threads=4)
    begun = [transfers.upload(), transfers.download(), transfers.upload()]
    with pytest.raises(errors.TooManyTransfers, match=r"3 \(threads\)"):
        transfers.download()

    begun[0].close()
    begun[0].close()
    begun[0] = transfers.download()
    with pytest.raises(errors.TooManyTransfers):
        transfers.upload()


@pytest.mark.parametrize("threads, most", [(2, 1), (16, 15), (64, 60), (256, 240)])
def test_a_sixteenth_of_the_threads_is_left(threads: int, most: int) -> None:
    assert threads_for_transfers(threads) == most


def test_what_a_process_had_that_died_is_free_again() -> None:
    places = Places(3)
    assert places.take() is not None
    child = os.fork()
    if not child:
        taken = [places.take() for _ in range(3)]
        os._exit(0 if taken.count(None) == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0

    assert [places.take() is None for _ in range(3)] == [False, False, True]
