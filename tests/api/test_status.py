"""Every call in every status."""

from __future__ import annotations

from typing import Any

import pytest
from people import OCTETS, Person, Service

from glance_shim.db import connection
from glance_shim.db.models.images import Image

STATUSES = (
    "queued",
    "saving",
    "uploading",
    "importing",
    "active",
    "deactivated",
    "killed",
    "pending_delete",
    "deleted",
)
GONE = (404, 404)

# Codes by status, in the order above.
TABLE = {
    "show": (200,) * 7 + GONE,
    "listed": (1, 1, 1, 1, 1, 1, 0, 0, 0),
    "download": (204, 204, 204, 204, 200, 403, 204, *GONE),
    "upload": (204, *(409,) * 6, *GONE),
    "stage": (204, *(409,) * 6, *GONE),
    "rename": (200,) * 7 + GONE,
    "set disk_format": (200, 403, 403, 200, 403, 403, 403, *GONE),
    "add tag": (204,) * 7 + GONE,
    "add member": (200,) * 7 + GONE,
    "deactivate": (403, 403, 403, 403, 204, 204, 403, *GONE),
    "reactivate": (403, 403, 403, 403, 204, 204, 403, *GONE),
    "import glance-direct": (409, 409, 202, 409, 409, 409, 409, *GONE),
    "import copy-image": (409, 409, 409, 409, 202, 409, 409, *GONE),
    "delete": (204,) * 7 + GONE,
}


@pytest.fixture
def service(make_service: Any) -> Service:
    return make_service(enabled_backends={"fast": "file", "cheap": "file"})


def in_status(service: Service, person: Person, status: str) -> str:
    """An image that the database says has this status."""
    has_data = status in ("active", "deactivated")
    image_id = (person.active() if has_data else person.create())["id"]
    gone = status in ("pending_delete", "deleted")
    with connection.connected(service.deployment.database):
        Image.update(status=status, deleted=gone).where(Image.id == image_id).execute()
    return str(image_id)


def act(person: Person, call: str, image_id: str) -> int:
    path = f"/v2/images/{image_id}"
    verb, _, rest = call.partition(" ")
    if call == "listed":
        return person.ids().count(image_id)
    calls: dict[str, Any] = {
        "show": lambda: person.get(path),
        "download": lambda: person.get(f"{path}/file"),
        "upload": lambda: person.upload(image_id),
        "stage": lambda: person.put(f"{path}/stage", data=b"x", content_type=OCTETS),
        "rename": lambda: person.set(image_id, name="x"),
        "set": lambda: person.set(image_id, **{rest: "iso"}),
        "add": lambda: (
            person.put(f"{path}/tags/t")
            if rest == "tag"
            else person.post(f"{path}/members", json={"member": "m"})
        ),
        "deactivate": lambda: person.post(f"{path}/actions/deactivate"),
        "reactivate": lambda: person.post(f"{path}/actions/reactivate"),
        "import": lambda: person.import_(
            image_id, rest, **({"stores": ["cheap"]} if rest == "copy-image" else {})
        ),
        "delete": lambda: person.delete(path),
    }
    return int(calls[verb]().status_code)


@pytest.mark.parametrize("call", TABLE)
def test_a_call_is_answered_as_the_status_says(service: Service, call: str) -> None:
    # Copying is for administrators; everything else is done by the owner.
    person = service.person("p1", "admin" if call == "import copy-image" else "member")

    codes = [act(person, call, in_status(service, person, status)) for status in STATUSES]

    assert codes == list(TABLE[call])
