"""Uploads that meet a limit, a store, a format or a signature."""

from __future__ import annotations

from typing import Any

import pytest
from bodies import arriving
from people import Person
from scenes import (
    NO_DATA,
    assert_is_whole,
    assert_nothing_was_kept,
    file_of,
    put_in_status,
)

from glance_shim.stores import streams

QCOW2_MAGIC = b"QFI\xfb\x00\x00\x00\x03"
SIGNATURE = {
    "img_signature": "bm90IGEgc2lnbmF0dXJl",
    "img_signature_hash_method": "SHA-256",
    "img_signature_key_type": "RSA-PSS",
    "img_signature_certificate_uuid": "a7a2fd2b-7a3c-4f0e-8e6f-1f5f3c1d2b10",
}


@pytest.mark.parametrize("data, status", [(b"x" * 10, 204), (b"x" * 11, 413)])
@pytest.mark.parametrize("how", ["length", "size header", "neither"])
def test_the_largest_image_is_taken_and_a_larger_one_is_not(
    make_service: Any, data: bytes, status: int, how: str
) -> None:
    service = make_service(image_size_cap=10)
    alice = service.person("p1", "member")
    image = alice.create()
    headers = {"x-openstack-image-size": str(len(data))} if how == "size header" else {}

    if how == "length":
        response = alice.upload(image["id"], data)
    else:
        parts = [data[start : start + 3] for start in range(0, len(data), 3)]
        response = alice.put(file_of(image), **arriving(*parts, **headers))

    assert response.status_code == status
    if status == 204:
        assert_is_whole(alice, image["id"], data)
    else:
        assert_nothing_was_kept(service, alice, image["id"])
        assert alice.upload(image["id"]).status_code == 204


@pytest.mark.parametrize("how", ["length", "size header", "neither"])
def test_a_project_stores_no_more_than_its_quota(make_service: Any, how: str) -> None:
    service = make_service(user_storage_quota="1KB")
    alice = service.person("p1", "member")
    first, second = alice.active(b"x" * 1000), alice.create()
    data = b"x" * 25
    headers = {"x-openstack-image-size": "25"} if how == "size header" else {}

    if how == "length":
        response = alice.upload(second["id"], data)
    else:
        response = alice.put(file_of(second), **arriving(data[:20], data[20:], **headers))

    assert response.status_code == 413
    shown = alice.show(second["id"])
    assert shown["status"] == "queued"
    assert {name: shown[name] for name in NO_DATA} == dict.fromkeys(NO_DATA)
    assert len(service.blobs()) == 1
    assert alice.upload(second["id"], b"x" * 24).status_code == 204
    assert_is_whole(alice, first["id"], b"x" * 1000)


def test_the_quota_is_the_projects_own_and_deleting_gives_it_back(make_service: Any) -> None:
    service = make_service(user_storage_quota="10B")
    alice, carol = service.person("p1", "member"), service.person("p3", "member")
    image = alice.active()

    other = alice.create()
    assert alice.upload(other["id"], b"x").status_code == 413
    assert carol.active()["status"] == "active"
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert alice.upload(other["id"], b"x").status_code == 204


def test_uploads_at_the_same_time_do_not_pass_the_quota_together(make_service: Any) -> None:
    service = make_service(user_storage_quota="15B")
    alice = service.person("p1", "member")
    first, second = alice.create(), alice.create()
    seen: list[int] = []

    response = alice.put(
        file_of(first),
        **arriving(
            b"01234",
            lambda: seen.append(alice.upload(second["id"]).status_code),
            b"56789",
            length=10,
        ),
    )

    assert (response.status_code, seen) == (204, [413])
    assert alice.show(second["id"])["status"] == "queued"


def test_a_failed_upload_frees_the_quota(make_service: Any) -> None:
    service = make_service(user_storage_quota="10B")
    alice = service.person("p1", "member")
    first, second = alice.create(), alice.create()

    assert alice.put(file_of(first), **arriving(b"01234", length=10)).status_code == 400
    assert alice.upload(second["id"]).status_code == 204


def test_the_store_header_means_nothing_where_there_is_one_store(alice: Person) -> None:
    image = alice.create()

    assert alice.upload(image["id"], **{"X-Image-Meta-Store": "nosuch"}).status_code == 204
    assert "stores" not in alice.show(image["id"])


@pytest.mark.parametrize(
    "store_id, expected", [(None, "fast"), ("fast", "fast"), ("cheap",) * 2]
)
def test_data_goes_to_the_store_that_is_named(
    make_service: Any, store_id: str | None, expected: str
) -> None:
    service = make_service(enabled_backends={"fast": "file", "cheap": "file"})
    alice = service.person("p1", "member")
    image = alice.create()
    assert "stores" not in image

    headers = {"X-Image-Meta-Store": store_id} if store_id else {}
    assert alice.upload(image["id"], **headers).status_code == 204

    assert alice.show(image["id"])["stores"] == expected
    (blob,) = service.blobs()
    assert blob.is_relative_to(service.directory / expected)
    assert_is_whole(alice, image["id"])


@pytest.mark.parametrize(
    "store_id",
    [
        "nosuch",
        "FAST",
        "../fast",
        "fast,cheap",
        "os_glance_staging_store",
        "os_glance_tasks_store",
        "x" * 300,
    ],
)
def test_a_store_that_there_is_not_is_refused(make_service: Any, store_id: str) -> None:
    service = make_service(enabled_backends={"fast": "file", "cheap": "file"})
    alice = service.person("p1", "member")
    image = alice.create()

    response = alice.upload(image["id"], **{"X-Image-Meta-Store": store_id})

    assert response.status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])


@pytest.mark.parametrize(
    "disk_format, container_format, data, status",
    [
        ("raw", "bare", b"text", 204),
        ("qcow2", "bare", b"text", 415),
        ("qcow2", "ovf", b"text", 204),
        ("qcow2", "bare", b"x" * 100_000, 415),
        ("vmdk", "bare", b"text", 415),
        ("vdi", "bare", b"text", 415),
        ("vhd", "bare", b"text", 415),
        ("vhdx", "bare", b"text", 415),
        ("iso", "bare", b"text", 415),
        ("ami", "bare", b"text", 204),
        ("ploop", "bare", b"text", 204),
        ("raw", "ovf", QCOW2_MAGIC, 204),
    ],
)
def test_data_must_look_like_its_format(
    service: Any,
    alice: Person,
    disk_format: str,
    container_format: str,
    data: bytes,
    status: int,
) -> None:
    image = alice.create(disk_format=disk_format, container_format=container_format)

    assert alice.upload(image["id"], data).status_code == status

    if status == 204:
        assert_is_whole(alice, image["id"], data)
    else:
        assert_nothing_was_kept(service, alice, image["id"])
        assert alice.set(image["id"], disk_format="raw").status_code == 200
        assert alice.upload(image["id"], b"other bytes").status_code == 204
        assert_is_whole(alice, image["id"], b"other bytes")


@pytest.mark.parametrize("names", [[name] for name in SIGNATURE] + [list(SIGNATURE)[:3]])
def test_some_of_the_signature_properties_are_ordinary_ones(
    alice: Person, names: list[str]
) -> None:
    image = alice.active(**{name: SIGNATURE[name] for name in names})

    assert {name: image[name] for name in names} == {name: SIGNATURE[name] for name in names}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"img_signature": "§ no base64"},
        {"img_signature_hash_method": "MD5"},
        {"img_signature_key_type": "nosuch"},
        {"img_signature_certificate_uuid": "../../etc/passwd"},
    ],
)
def test_a_signature_that_cannot_be_verified_is_refused(
    service: Any, alice: Person, wrong: dict[str, str]
) -> None:
    image = alice.create(**{**SIGNATURE, **wrong})

    assert alice.upload(image["id"]).status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])
    alice.patch(image["id"], {"op": "remove", "path": "/img_signature"})
    assert alice.upload(image["id"]).status_code == 204


def test_a_deleted_image_leaves_no_data(service: Any, alice: Person) -> None:
    image = alice.active()

    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert service.blobs() == []
    assert alice.get(file_of(image)).status_code == 404
    assert alice.upload(image["id"]).status_code == 404


def test_an_image_whose_upload_has_died_can_be_deleted(service: Any, alice: Person) -> None:
    image = alice.create()
    put_in_status(service, image["id"], "saving")

    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert alice.get(f"/v2/images/{image['id']}").status_code == 404


def test_an_upload_that_finds_no_memory_is_to_be_tried_again(
    service: Any, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = alice.create()

    def fail(*args: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(streams._Hashing, "update", fail)
        response = alice.upload(image["id"], b"data")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert_nothing_was_kept(service, alice, image["id"])
    assert alice.upload(image["id"], b"data").status_code == 204
