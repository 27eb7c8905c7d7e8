"""Images whose data are in a real object store, and what is seen of it through the API."""

from __future__ import annotations

import gzip
import logging
import random
from typing import Any

import object_store
import pytest
from people import Person, Service

from glance_shim import errors

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


def parts(service: Service) -> Any:
    bucket = service.deployment.stores.find("big")._bucket
    return bucket.call("list_multipart_uploads").get("Uploads", [])


@pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["empty", "small", "of several parts"])
def test_data_comes_back_and_a_deleted_image_leaves_no_object(
    service: Service, alice: Person, data: bytes
) -> None:
    image = alice.active(data)

    assert image["size"] == len(data) and len(objects(service)) == 1
    assert (alice.get(f"/v2/images/{image['id']}/file").data or b"") == data
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    service.work()
    assert objects(service) == [] and parts(service) == []


def test_a_range_is_read_across_the_border_of_parts(alice: Person) -> None:
    image = alice.active(LARGE)

    first, last = 5 * MIB - 2, 5 * MIB + 1
    answer = alice.get(
        f"/v2/images/{image['id']}/file", headers={"Range": f"bytes={first}-{last}"}
    )

    assert (answer.status_code, answer.data) == (206, LARGE[first : last + 1])


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


def test_an_image_is_copied_into_the_engine_and_out_of_it(
    service: Service, alice: Person, admin: Person
) -> None:
    image = alice.create()["id"]
    alice.upload(image, LARGE, **{"X-Image-Meta-Store": "local"})
    for method, store in (("copy-image", "big"),):
        assert admin.import_(image, method, stores=[store]).status_code == 202
        service.work()
    assert set(alice.show(image)["stores"].split(",")) == {"big", "local"}

    assert admin.delete(f"/v2/stores/local/{image}").status_code == 204
    assert service.blobs() == []
    assert alice.get(f"/v2/images/{image}/file").data == LARGE
    assert admin.import_(image, "copy-image", stores=["local"]).status_code == 202
    service.work()
    assert service.blobs()[0].read_bytes() == LARGE


def test_an_engine_that_is_away_is_said_and_used_again_when_it_is_back(
    service: Service, engine: object_store.Swift, alice: Person
) -> None:
    kept = alice.active(b"kept")["id"]
    image = alice.create()["id"]
    with object_store.stopped(engine):
        answers = [alice.upload(image, b"lost"), alice.get(f"/v2/images/{kept}/file")]
        assert alice.show(image)["status"] == "queued"

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert alice.upload(image, b"now").status_code == 204
    assert alice.get(f"/v2/images/{image}/file").data == b"now"
    assert alice.get(f"/v2/images/{kept}/file").data == b"kept"
    assert len(objects(service)) == 2


def test_no_secret_is_told_or_logged(
    service: Service, alice: Person, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    image = alice.active(LARGE)["id"]
    told = [alice.get(f"/v2/images/{image}").text, admin.get("/v2/info/stores/detail").text]
    store = service.deployment.stores.find("big")
    with pytest.raises(errors.BlobNotFound):
        store.size("c0ffee00-0000-4000-8000-000000000000-00000000")

    assert image in told[0] and "s3://" in told[0]
    for text in (*told, caplog.text):
        assert object_store.SECRET_KEY not in text.replace("X-Amz", "")
        assert object_store.ACCESS_KEY not in text


@pytest.mark.parametrize(
    "options, words",
    [
        ({"s3_store_secret_key": "wrong"}, "secret key does not belong"),
        ({"s3_store_access_key": "nobody"}, "access key"),
        ({"s3_store_create_bucket_on_put": False}, "there is no bucket"),
        ({"s3_store_host": "http://127.0.0.1:9"}, ""),
    ],
    ids=["wrong secret", "unknown key", "no bucket", "nobody there"],
)
def test_what_keeps_a_store_from_working_is_said_in_words(
    make_s3: Any, options: dict[str, Any], words: str
) -> None:
    store = make_s3(**{"s3_store_create_bucket_on_put": False, **options})

    with pytest.raises(errors.StoreUnavailable) as raised:
        store.check()

    assert words in str(raised.value)
    assert "testing" not in str(raised.value)
