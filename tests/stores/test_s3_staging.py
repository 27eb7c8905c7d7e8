"""Staged data in a real object store, and data that the engine sends by itself."""

from __future__ import annotations

import gzip
import random
import urllib.error
import urllib.request
from typing import Any

import object_store
import pytest
from people import Person, Service

MIB = 1 << 20
LARGE = random.Random(5).randbytes(12 * MIB)
PARTS = {"s3_store_large_object_size": 5, "s3_store_large_object_chunk_size": 5}


@pytest.fixture
def on_s3(engine: object_store.Swift, bucket: str, make_service: Any) -> Any:
    """``on_s3(…)``: a service with a store and staging in the engine, and a store in files."""

    def make(**options: Any) -> Service:
        return make_service(
            enabled_backends={"big": "s3", "local": "file"},
            big=engine.options(bucket, **PARTS),
            os_glance_staging_store=engine.options(bucket, s3_store_prefix="staging/"),
            **options,
        )

    return make


@pytest.fixture
def service(on_s3: Any) -> Service:
    return on_s3(show_multiple_locations=True)


def objects(service: Service) -> list[str]:
    bucket = service.deployment.stores.find("big")._bucket
    return [each["Key"] for each in bucket.call("list_objects_v2").get("Contents", ())]


def test_staged_data_is_in_the_engine_until_it_is_imported(
    service: Service, alice: Person
) -> None:
    image = alice.create()["id"]
    assert alice.stage(image, LARGE).status_code == 204
    assert [key.startswith("staging/") for key in objects(service)] == [True]

    assert alice.import_(image, stores=["big"]).status_code == 202
    service.work()

    assert alice.show(image)["status"] == "active"
    assert [key.startswith("staging/") for key in objects(service)] == [False]
    assert alice.get(f"/v2/images/{image}/file").data == LARGE


def test_plugins_work_on_staged_data_that_is_no_file_of_this_host(on_s3: Any) -> None:
    service = on_s3(image_import_opts={"image_import_plugins": ["image_decompression"]})
    alice = service.person("p1", "member")
    image = alice.create()["id"]
    assert alice.stage(image, gzip.compress(b"content " * 1000)).status_code == 204

    assert alice.import_(image).status_code == 202
    service.work()

    assert alice.get(f"/v2/images/{image}/file").data == b"content " * 1000
    assert len(objects(service)) == 1


REDIRECT = {"X-OpenStack-Image-Redirect": "allow"}


def test_who_asks_for_it_is_led_to_the_engine_for_a_while(on_s3: Any) -> None:
    service = on_s3(download_url_seconds=60)
    alice, carol = service.person("p1", "member"), service.person("p3", "member")
    image = alice.active(LARGE)
    path = f"/v2/images/{image['id']}/file"

    answer = alice.get(path, headers=REDIRECT)

    assert (answer.status_code, answer.data) == (307, b"")
    assert answer.headers["Content-MD5"] == image["checksum"]
    assert answer.headers["Cache-Control"] == "no-store"
    with urllib.request.urlopen(answer.location) as engine:
        assert engine.read() == LARGE
    assert object_store.SECRET_KEY not in answer.location.replace("X-Amz", "")
    assert alice.get(path).data == LARGE
    assert carol.get(path, headers=REDIRECT).status_code == 404
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(answer.location.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))


def test_nobody_is_led_elsewhere_unless_it_is_configured(alice: Person) -> None:
    image = alice.active(b"data")["id"]

    answer = alice.get(f"/v2/images/{image}/file", headers=REDIRECT)

    assert (answer.status_code, answer.data) == (200, b"data")


def test_data_in_files_is_sent_from_here_all_the_same(on_s3: Any) -> None:
    service = on_s3(download_url_seconds=60)
    alice = service.person("p1", "member")
    image = alice.create()["id"]
    alice.upload(image, b"data", **{"X-Image-Meta-Store": "local"})

    answer = alice.get(f"/v2/images/{image}/file", headers=REDIRECT)

    assert (answer.status_code, answer.data) == (200, b"data")
