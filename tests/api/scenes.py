"""Scenes that several test modules begin with."""

from __future__ import annotations

import hashlib
from typing import Any

from people import Person, Service

from glance_shim.db import connection
from glance_shim.db import images as rows
from glance_shim.db.models.images import Image

LONG_AGO = "2001-02-03T04:05:06Z"
DATA = b"0123456789"
NO_DATA = ("size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value")


def put_in_status(service: Any, image_id: str, status: str) -> None:
    """Leave the image in a status that no single request leaves it in."""
    with connection.connected(service.deployment.database):
        if status in ("deleted", "pending_delete"):
            rows.mark_deleted(image_id, status)
        else:
            Image.update(status=status).where(Image.id == image_id).execute()


def give_properties(service: Any, image_id: str, **properties: str) -> None:
    """Let the image have these properties, whatever the limits are now."""
    with connection.connected(service.deployment.database), connection.writing():
        image = rows.find_any(image_id)
        assert image is not None
        rows.save(image, properties=properties)


def make_old(service: Any, image_id: str) -> None:
    """Let the image be created and last changed `LONG_AGO`."""
    with connection.connected(service.deployment.database):
        Image.update(created_at=LONG_AGO, updated_at=LONG_AGO).where(
            Image.id == image_id
        ).execute()


def file_of(image: Any) -> str:
    return f"/v2/images/{image if isinstance(image, str) else image['id']}/file"


def assert_nothing_was_kept(service: Any, person: Person, image_id: str) -> None:
    """The image is as if no upload had been tried, and takes one."""
    shown = person.show(image_id)
    assert shown["status"] == "queued"
    assert {name: shown[name] for name in NO_DATA} == dict.fromkeys(NO_DATA)
    assert service.blobs() == []


def assert_is_whole(person: Person, image_id: str, data: bytes = DATA) -> None:
    """The image is active, and its record says exactly what a download brings."""
    shown = person.show(image_id)
    assert shown["status"] == "active"
    assert shown["size"] == len(data)
    assert shown["checksum"] == hashlib.md5(data).hexdigest()
    assert shown["os_hash_algo"] == "sha512"
    assert shown["os_hash_value"] == hashlib.sha512(data).hexdigest()
    response = person.get(file_of(image_id))
    assert (response.status_code, response.data) == (200, data)


LEAKS = (
    "Traceback",
    'File "',
    "site-packages",
    "sqlite",
    "peewee",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
)


def assert_is_refused(service: Service, response: Any, *codes: int) -> None:
    """The caller is told no, nothing of the inside shows, and the service goes on."""
    assert 400 <= response.status_code < 500, response.text
    assert not codes or response.status_code in codes, response.text
    for leak in (*LEAKS, str(service.directory)):
        assert leak not in response.text
    assert len(response.text) < 2000
    assert service.nobody().get("/healthcheck").status_code == 200
