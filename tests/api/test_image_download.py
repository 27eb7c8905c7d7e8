"""Download of image data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from people import OCTETS, Person, Service, some_id
from scenes import DATA, file_of, put_in_status


def test_the_headers_of_a_download(alice: Person) -> None:
    image = alice.active()

    response = alice.get(file_of(image), headers={"Accept": "application/json"})

    assert response.headers["Content-Type"] == OCTETS
    assert response.headers["Content-Length"] == "10"
    assert response.headers["Content-MD5"] == image["checksum"]
    assert response.headers["X-Openstack-Request-Id"].startswith("req-")
    for name in (
        "Content-Disposition",
        "Accept-Ranges",
        "ETag",
        "Last-Modified",
        "Content-Range",
    ):
        assert name not in response.headers


@pytest.mark.parametrize("path", ["", "?prefer=", "?prefer=,%20,", "?other=1"])
def test_a_download_takes_no_body(alice: Person, path: str) -> None:
    image = alice.active()

    assert alice.get(file_of(image) + path).status_code == 200
    assert alice.get(file_of(image) + path, data=b"{}").status_code == 400
    assert alice.get(file_of(some_id()) + path, data=b"{}").status_code == 400


def test_a_preferred_store_needs_several_stores(alice: Person) -> None:
    assert alice.get(f"{file_of(alice.active())}?prefer=x").status_code == 400


def test_head_is_not_answered_for_data(alice: Person) -> None:
    response = alice.request("HEAD", file_of(alice.active()))

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, PUT"
    assert response.data == b""


@pytest.mark.parametrize(
    "visibility, to_member, to_stranger",
    [
        ("private", 404, 404),
        ("shared", 200, 404),
        ("community", 200, 200),
        ("public", 200, 200),
    ],
)
def test_who_may_download(
    service: Any,
    alice: Person,
    alice_reader: Person,
    bob: Person,
    bob_reader: Person,
    carol: Person,
    admin: Person,
    visibility: str,
    to_member: int,
    to_stranger: int,
) -> None:
    image = alice.active()
    alice.share(image["id"], bob.project_id)
    admin.set(image["id"], visibility=visibility)

    def codes(path: str) -> dict[str, int]:
        people = {
            "alice": alice,
            "alice_reader": alice_reader,
            "admin": admin,
            "bob": bob,
            "bob_reader": bob_reader,
            "carol": carol,
        }
        return {name: person.get(path).status_code for name, person in people.items()}

    expected = {
        "alice": 200,
        "alice_reader": 403,
        "admin": 200,
        "bob": to_member,
        "bob_reader": 403 if to_member == 200 else 404,
        "carol": to_stranger,
    }
    assert codes(file_of(image)) == expected
    put_in_status(service, image["id"], "deactivated")
    assert codes(file_of(image)) == {
        name: 403 if code == 200 and name != "admin" else code
        for name, code in expected.items()
    }


@pytest.mark.parametrize(
    "prefer, status",
    [
        ("fast", 200),
        ("cheap", 200),
        ("cheap,fast", 200),
        ("%20cheap%20,,", 200),
        ("", 200),
        ("nosuch", 400),
        ("fast,nosuch", 400),
        ("os_glance_staging_store", 400),
        ("../fast", 400),
    ],
)
def test_a_download_may_prefer_a_store(make_service: Any, prefer: str, status: int) -> None:
    service = make_service(enabled_backends={"fast": "file", "cheap": "file"})
    alice = service.person("p1", "member")
    image = alice.active()

    response = alice.get(f"{file_of(image)}?prefer={prefer}")

    assert response.status_code == status
    assert status != 200 or response.data == DATA


def test_data_that_was_lost_is_not_served_as_if_it_were_whole(
    service: Any, alice: Person
) -> None:
    image = alice.active()
    (blob,) = service.blobs()

    blob.write_bytes(b"01234")
    assert alice.get(file_of(image)).status_code == 503
    blob.unlink()
    assert alice.get(file_of(image)).status_code == 503
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204


def test_an_image_that_is_deleted_meanwhile_is_gone_and_not_damaged(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v2/images/{alice.active()['id']}"
    store = service.deployment.stores.default
    read = store.read

    def deleted_and_read(*args: Any) -> Any:
        with ThreadPoolExecutor(1) as other:
            assert other.submit(alice.delete, path).result().status_code == 204
        return read(*args)

    monkeypatch.setattr(store, "read", deleted_and_read)

    assert alice.get(f"{path}/file").status_code == 404
