"""Images whose data is in an object store, over the API."""

from __future__ import annotations

import logging
import os
from typing import Any

import object_store
import pytest
from bodies import arriving
from people import OCTETS, Person, Service

MIB = 1 << 20

# Parts as small as they may be, so that little data is several of them.
SMALL_PARTS = {"s3_store_large_object_size": 5, "s3_store_large_object_chunk_size": 5}


@pytest.fixture
def service(engine: object_store.Swift, bucket: str, make_service: Any) -> Service:
    """A service with a bucket and a directory."""
    made: Service = make_service(
        enabled_backends={"big": "s3", "near": "file"},
        big=engine.options(bucket, **SMALL_PARTS),
    )
    return made


def content(person: Person, image_id: str, **headers: str) -> bytes:
    answer = person.get(f"/v2/images/{image_id}/file", headers=headers)
    assert answer.status_code in (200, 204, 206), answer.text
    return bytes(answer.data)


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 17 * MIB + 3])
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with a length"])
def test_an_image_comes_back_as_it_was_and_leaves_no_object(
    engine: object_store.Swift,
    bucket: str,
    service: Service,
    alice: Person,
    size: int,
    chunked: bool,
) -> None:
    data, image_id = os.urandom(size), alice.create()["id"]
    body = arriving(data) if chunked else {"data": data, "content_type": OCTETS}
    assert alice.put(f"/v2/images/{image_id}/file", **body).status_code == 204

    shown = alice.show(image_id)
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", size, "big")
    assert content(alice, image_id) == data
    assert len(engine.objects(bucket)) == 1

    assert alice.delete(f"/v2/images/{image_id}").status_code == 204
    assert engine.objects(bucket) == engine.unfinished(bucket) == []


def test_a_range_is_what_the_whole_has_there(alice: Person) -> None:
    data = os.urandom(12 * MIB)
    image_id = alice.active(data)["id"]

    span = f"bytes={5 * MIB - 10}-{5 * MIB + 9}"
    assert content(alice, image_id, Range=span) == data[5 * MIB - 10 : 5 * MIB + 10]
    assert content(alice, image_id, Range=f"bytes={12 * MIB - 7}-") == data[-7:]


def test_staged_data_is_imported_into_the_bucket(service: Service, alice: Person) -> None:
    data, image_id = os.urandom(7 * MIB), alice.create()["id"]
    assert alice.stage(image_id, data).status_code == 204
    assert alice.import_(image_id).status_code == 202
    service.work()

    assert alice.show(image_id)["stores"] == "big"
    assert content(alice, image_id) == data
    assert service.staged() == []


def test_data_is_copied_from_a_directory_to_the_bucket_and_back(
    engine: object_store.Swift, bucket: str, service: Service, alice: Person, admin: Person
) -> None:
    data, image_id = os.urandom(7 * MIB), alice.create()["id"]
    near = {"X-Image-Meta-Store": "near"}
    assert alice.upload(image_id, data, **near).status_code == 204
    for there, other in (("big", "near"), ("near", "big")):
        assert admin.import_(image_id, "copy-image", stores=[there]).status_code == 202
        service.work()
        assert sorted(alice.show(image_id)["stores"].split(",")) == ["big", "near"]
        assert admin.delete(f"/v2/stores/{other}/{image_id}").status_code == 204
        assert alice.show(image_id)["stores"] == there
        assert content(alice, image_id) == data

    assert engine.objects(bucket) == []


def test_an_upload_beyond_the_quota_leaves_nothing(
    engine: object_store.Swift, bucket: str, alice: Person, limit: Any
) -> None:
    limit(alice, image_size_total=6)
    image_id = alice.create()["id"]

    answer = alice.put(f"/v2/images/{image_id}/file", **arriving(b"x" * 12 * MIB))

    assert answer.status_code == 413
    assert alice.show(image_id)["status"] == "queued"
    assert engine.objects(bucket) == engine.unfinished(bucket) == []
    assert alice.upload(image_id, b"x" * 6 * MIB).status_code == 204


def test_no_secret_is_in_answers_or_logs_even_of_failures(
    engine: object_store.Swift, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    image_id = admin.active()["id"]
    told = [admin.get(path).text for path in ("/v2/info/stores/detail", "/v2/images")]
    told.append(admin.get(f"/v2/images/{image_id}").text)
    with object_store.stopped(engine):
        answer = admin.get(f"/v2/images/{image_id}/file")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        told.append(answer.text)

    assert "there is no connection to" in caplog.text
    for text in (*told, caplog.text):
        assert object_store.SECRET_KEY not in text
        assert object_store.ACCESS_KEY not in text
        assert "Signature=" not in text


def test_while_the_engine_is_away_an_image_stays_queued_and_takes_data_afterwards(
    engine: object_store.Swift, bucket: str, service: Service, alice: Person
) -> None:
    image_id = alice.create()["id"]
    part = b"x" * 6 * MIB
    try:
        body = arriving(part, engine.stop, part)
        answer = alice.put(f"/v2/images/{image_id}/file", **body)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert alice.show(image_id)["status"] == "queued"
    finally:
        engine.start()

    assert alice.upload(image_id, b"again").status_code == 204
    assert content(alice, image_id) == b"again"
