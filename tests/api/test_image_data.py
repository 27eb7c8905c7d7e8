"""Upload of image data."""

from __future__ import annotations

from typing import Any

import pytest
from bodies import arriving
from people import OCTETS, Person, some_id
from scenes import (
    DATA,
    LONG_AGO,
    assert_is_whole,
    assert_nothing_was_kept,
    file_of,
    make_old,
    put_in_status,
)


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.create()


def test_data_comes_back_as_it_was_sent(
    service: Any, alice: Person, image: dict[str, Any]
) -> None:
    make_old(service, image["id"])

    response = alice.upload(image["id"])

    assert response.status_code == 204
    assert response.data == b""
    assert response.headers.get("Content-Length", "0") == "0"
    assert_is_whole(alice, image["id"])
    assert alice.show(image["id"])["updated_at"] > LONG_AGO
    assert alice.show(image["id"])["virtual_size"] == len(DATA)
    assert len(service.blobs()) == 1


@pytest.mark.parametrize("content_type", [OCTETS, f"{OCTETS}; x=y", OCTETS.upper()])
def test_the_media_type_may_have_parameters_and_any_case(
    alice: Person, image: dict[str, Any], content_type: str
) -> None:
    response = alice.put(file_of(image), data=DATA, content_type=content_type)

    assert response.status_code == 204


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json"])
def test_other_media_types_are_refused_before_anything_else(
    service: Any, alice: Person, image: dict[str, Any], content_type: str | None
) -> None:
    headers = {"x-openstack-image-size": "abc"}
    for image_id in (image["id"], some_id()):
        response = alice.put(
            file_of(image_id), data=DATA, content_type=content_type, headers=headers
        )
        assert response.status_code == 415
    assert_nothing_was_kept(service, alice, image["id"])


@pytest.mark.parametrize("size", ["", "abc", "-1", "1.5", "0x10", "1e3", "1_0", "٣"])
def test_a_size_that_is_no_number_is_refused_before_the_image_is_looked_up(
    service: Any, alice: Person, image: dict[str, Any], size: str
) -> None:
    # Header bytes reach the application as Latin-1.
    header = {"x-openstack-image-size": size.encode().decode("latin-1")}
    assert alice.upload(some_id(), **header).status_code == 400
    assert alice.upload(image["id"], **header).status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])


@pytest.mark.parametrize("size", ["9", "11", "1", "1000000"])
def test_a_size_that_is_not_the_one_of_the_data_is_refused(
    service: Any, alice: Person, image: dict[str, Any], size: str
) -> None:
    headers = {"x-openstack-image-size": size}

    assert alice.upload(image["id"], **headers).status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])
    response = alice.put(file_of(image), **arriving(DATA, **headers))
    assert response.status_code == 400
    assert_nothing_was_kept(service, alice, image["id"])
    assert alice.upload(image["id"]).status_code == 204


@pytest.mark.parametrize("size", ["10", "0", " 10 ", "010"])
def test_the_right_size_and_an_unknown_one_are_taken(
    alice: Person, image: dict[str, Any], size: str
) -> None:
    response = alice.upload(image["id"], **{"x-openstack-image-size": size})

    assert response.status_code == 204
    assert_is_whole(alice, image["id"])


def test_data_may_come_in_chunks_of_unknown_number(
    alice: Person, image: dict[str, Any]
) -> None:
    assert alice.put(file_of(image), **arriving(b"01234", b"5", b"6789")).status_code == 204
    assert_is_whole(alice, image["id"])


@pytest.mark.parametrize("declared", [{}, {"x-openstack-image-size": "0"}])
def test_no_bytes_are_data_too(
    alice: Person, image: dict[str, Any], declared: dict[str, str]
) -> None:
    assert alice.upload(image["id"], b"", **declared).status_code == 204
    assert_is_whole(alice, image["id"], b"")
    assert alice.show(image["id"])["virtual_size"] is None


def test_no_bytes_in_chunks_are_data_too(alice: Person, image: dict[str, Any]) -> None:
    assert alice.put(file_of(image), **arriving()).status_code == 204
    assert_is_whole(alice, image["id"], b"")


@pytest.mark.parametrize("received", [0, 1, 5, 9])
def test_a_body_shorter_than_announced_is_no_upload(
    service: Any, alice: Person, image: dict[str, Any], received: int
) -> None:
    for _ in range(2):
        response = alice.put(file_of(image), **arriving(DATA[:received], length=10))

        assert response.status_code == 400
        assert_nothing_was_kept(service, alice, image["id"])
    assert alice.upload(image["id"]).status_code == 204
    assert_is_whole(alice, image["id"])


BROKEN = dict.fromkeys((OSError, ConnectionResetError, TimeoutError, ValueError), 400)


@pytest.mark.parametrize("failure, status", [*BROKEN.items(), (MemoryError, 503)])
def test_a_connection_that_breaks_is_no_upload(
    service: Any, alice: Person, image: dict[str, Any], failure: type[Exception], status: int
) -> None:
    class Breaking:
        parts = [b"01234"]

        def read(self, size: int = -1) -> bytes:
            if self.parts:
                return self.parts.pop()
            raise failure("the client went away")

    for environ in ({"CONTENT_LENGTH": "10"}, {"HTTP_TRANSFER_ENCODING": "chunked"}):
        response = alice.put(
            file_of(image),
            content_type=OCTETS,
            environ_overrides={
                **environ,
                "wsgi.input": Breaking(),
                "wsgi.input_terminated": True,
            },
        )
        assert response.status_code == status
        assert_nothing_was_kept(service, alice, image["id"])
    assert alice.upload(image["id"]).status_code == 204


@pytest.mark.parametrize(
    "missing", [("disk_format",), ("container_format",), ("disk_format", "container_format")]
)
def test_formats_are_needed_first(
    service: Any, alice: Person, missing: tuple[str, ...]
) -> None:
    image = alice.create(**dict.fromkeys(missing))

    response = alice.upload(image["id"])

    assert response.status_code == 400
    for name in ("disk_format", "container_format"):
        assert (name in response.json["error"]["message"]) is (name in missing)
    assert_nothing_was_kept(service, alice, image["id"])


def test_data_is_never_replaced(service: Any, alice: Person) -> None:
    image = alice.active()

    assert alice.upload(image["id"], b"other data").status_code == 409
    assert alice.show(image["id"]) == image
    assert_is_whole(alice, image["id"])
    assert len(service.blobs()) == 1


@pytest.mark.parametrize(
    "status, upload, download",
    [
        ("queued", 204, 204),
        ("saving", 409, 204),
        ("uploading", 409, 204),
        ("importing", 409, 204),
        ("killed", 409, 204),
        ("pending_delete", 404, 404),
        ("deleted", 404, 404),
    ],
)
def test_what_is_possible_in_which_status(
    service: Any, alice: Person, admin: Person, status: str, upload: int, download: int
) -> None:
    image = alice.create()
    put_in_status(service, image["id"], status)

    for person in (alice, admin):
        response = person.get(file_of(image))
        assert response.status_code == download
        if download == 204:
            assert response.data == b""
            assert "Content-MD5" not in response.headers
            assert "Content-Range" not in response.headers
    assert alice.upload(image["id"]).status_code == upload


def test_the_image_is_saving_while_data_arrives(
    service: Any, alice: Person, image: dict[str, Any]
) -> None:
    seen: dict[str, Any] = {}

    def look() -> None:
        seen.update(alice.show(image["id"]))
        seen["download"] = alice.get(file_of(image)).status_code

    assert alice.put(file_of(image), **arriving(b"01234", look, b"56789")).status_code == 204
    assert (seen["status"], seen["size"], seen["checksum"]) == ("saving", None, None)
    assert seen["download"] == 204
    assert_is_whole(alice, image["id"])


def test_a_second_upload_does_not_disturb_the_first(
    service: Any, alice: Person, image: dict[str, Any]
) -> None:
    seen: list[int] = []

    def interfere() -> None:
        seen.append(alice.upload(image["id"], b"something else").status_code)

    response = alice.put(file_of(image), **arriving(b"01234", interfere, b"56789"))

    assert (response.status_code, seen) == (204, [409])
    assert_is_whole(alice, image["id"])
    assert len(service.blobs()) == 1


@pytest.mark.parametrize("parts", [(b"01234", b"56789"), (b"01234567", b"8", b"9"), (DATA,)])
@pytest.mark.parametrize("length", [10, None])
def test_an_image_deleted_while_data_arrives_is_gone(
    service: Any, alice: Person, image: dict[str, Any], parts: Any, length: int | None
) -> None:
    seen: list[int] = []

    def delete() -> None:
        seen.append(alice.delete(f"/v2/images/{image['id']}").status_code)

    response = alice.put(
        file_of(image), **arriving(parts[0], delete, *parts[1:], length=length)
    )

    # With all bytes read the server may be done before it is asked to delete.
    assert seen in ([204], [])
    assert response.status_code == (410 if seen else 204)
    if seen:
        assert alice.get(f"/v2/images/{image['id']}").status_code == 404
        assert service.blobs() == []


def test_an_upload_that_fails_after_a_delete_leaves_nothing(
    service: Any, alice: Person, image: dict[str, Any]
) -> None:
    def delete() -> None:
        alice.delete(f"/v2/images/{image['id']}")

    response = alice.put(file_of(image), **arriving(b"01234", delete, length=10))

    assert response.status_code in (400, 410)
    assert service.blobs() == []
    assert alice.get(f"/v2/images/{image['id']}").status_code == 404


def test_changes_made_while_data_arrives_are_kept(alice: Person, image: dict[str, Any]) -> None:
    def rename() -> None:
        alice.patch(
            image["id"],
            {"op": "replace", "path": "/name", "value": "renamed"},
            {"op": "add", "path": "/custom", "value": "x"},
        )
        alice.put(f"/v2/images/{image['id']}/tags/new")

    assert alice.put(file_of(image), **arriving(b"01234", rename, b"56789")).status_code == 204
    shown = alice.show(image["id"])
    assert (shown["name"], shown["custom"], shown["tags"]) == ("renamed", "x", ["new"])


@pytest.mark.parametrize("content_encoding", ["gzip", "deflate", "br", "identity"])
def test_encoded_data_is_stored_byte_for_byte(
    alice: Person, image: dict[str, Any], content_encoding: str
) -> None:
    response = alice.upload(image["id"], **{"Content-Encoding": content_encoding})

    assert response.status_code == 204
    assert_is_whole(alice, image["id"])


def test_a_range_in_an_upload_changes_nothing(alice: Person, image: dict[str, Any]) -> None:
    headers = {"Range": "bytes=0-4", "Content-Range": "bytes 0-4/10"}

    assert alice.upload(image["id"], **headers).status_code == 204
    assert_is_whole(alice, image["id"])


def test_who_may_upload(
    alice: Person, alice_reader: Person, bob: Person, carol: Person, admin: Person
) -> None:
    shared, private = alice.create(), alice.create(visibility="private")
    alice.share(shared["id"], bob.project_id)

    assert alice_reader.upload(shared["id"]).status_code == 403
    assert bob.upload(shared["id"]).status_code == 403
    assert carol.upload(shared["id"]).status_code == 404
    assert carol.upload(private["id"]).status_code == 404
    assert admin.upload(shared["id"]).status_code == 204
    assert alice.upload(private["id"]).status_code == 204
    # A right that is missing is said before the status that is wrong.
    assert bob.upload(shared["id"]).status_code == 403
