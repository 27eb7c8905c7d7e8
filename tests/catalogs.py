"""A catalogue with images of all kinds, made and read over the API of any image service."""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import disk_images
from server_process import Http

PATCH = "application/openstack-images-v2.1-json-patch"
OCTETS = "application/octet-stream"

VISIBILITIES = ("private", "shared", "shared", "public", "community")
ANSWERS = ("pending", "accepted", "rejected")
NAMES = ("golden {}", "Größe {} ☃", "{} " + "x" * 240, "twice", "")
TRICKY = {
    "a/b~c d": "1",
    "läßlich": "übrig",
    "empty": "",
    "quoted": 'say "it"\\',
    "is_public": "x",
}

NAMESPACE = {
    "namespace": "Acme::Disks",
    "display_name": "Disks",
    "description": "What our disks are made of",
    "visibility": "public",
    "protected": True,
    "owner": "acme",
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "acme_"}],
    "properties": {
        "speed": {"type": "integer", "title": "Speed", "minimum": 1, "default": 5},
        "color": {"type": "string", "title": "Color", "enum": ["red", "blue"]},
    },
    "objects": [
        {
            "name": "spindle",
            "description": "It turns",
            "required": ["rpm"],
            "properties": {"rpm": {"type": "integer", "title": "Turns a minute"}},
        }
    ],
    "tags": [{"name": "fast"}, {"name": "slow"}],
}


def _asked(http: Http, method: str, path: str, body: Any = None, kind: str = "") -> Any:
    """The JSON of an answer that is no refusal."""
    if isinstance(body, bytes):
        parts: Any = [body[at : at + 65536] for at in range(0, len(body), 65536)]
        headers = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
        answer = http.answer(method, path, parts, **headers)
    elif body is None:
        answer = http.answer(method, path, Accept="application/json")
    else:
        headers = {"Content-Type": kind or "application/json"}
        answer = http.answer(method, path, json.dumps(body), **headers)
    assert answer.status < 300, (method, path, answer.status, answer.body)
    return json.loads(answer.body) if answer.body[:1] in (b"{", b"[") else None


def fill(admin: Http, projects: Mapping[str, Http], count: int) -> list[str]:
    """Make so many images, of every kind there is; their ids.

    ``projects`` are those that own and are offered images, each with somebody in it.
    """
    found = []
    for number in range(count):
        document = image(number, list(projects))
        data = content(number, document["disk_format"])
        made = _asked(admin, "POST", "/v2/images", document)
        found.append(made["id"])
        path = f"/v2/images/{made['id']}"
        if number % 6 != 5:
            _asked(admin, "PUT", f"{path}/file", data, OCTETS)
        if document["visibility"] == "shared":
            _offer(admin, path, document["owner"], projects, number)
        if number % 6 == 4:
            _asked(admin, "POST", f"{path}/actions/deactivate")
    _asked(admin, "POST", "/v2/metadefs/namespaces", NAMESPACE)
    return found


def image(number: int, projects: Sequence[str]) -> dict[str, Any]:
    """The document to make the image of that number with."""
    document = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"image {number}")),
        "name": NAMES[number % len(NAMES)].format(number) if number % 11 else None,
        "visibility": VISIBILITIES[number % len(VISIBILITIES)],
        "owner": projects[number % len(projects)] if number % 13 else None,
        "protected": number % 7 == 3,
        "os_hidden": number % 9 == 8,
        "disk_format": ("raw", "qcow2", "iso", "raw")[number % 4],
        "container_format": "bare" if number % 4 != 2 else "ovf",
        "min_disk": number % 3,
        "min_ram": 512 * (number % 4),
        "tags": [f"tag {n}" for n in range(number % 5)],
        **{f"p{n}": f"value {number}" for n in range(number % 8)},
        **(TRICKY if number % 3 == 1 else {}),
    }
    if number == 10:
        document |= {f"many{n}": "x" for n in range(128 - number % 8 - len(TRICKY))}
    if number % 30 == 29:
        # Queued, and even the formats are not yet known.
        document |= {"disk_format": None, "container_format": None}
    return document


def content(number: int, disk_format: str | None) -> bytes:
    """The data of that image; of some it is nothing, of some a few mebibytes."""
    if disk_format == "qcow2":
        return disk_images.qcow2(virtual_size=(number + 1) << 20)
    size = (1000 + number, 0, 3 << 20, number % 5)[number % 4 if number % 8 else 2]
    return (b"%08d" % number * (size // 8 + 1))[:size]


def _offer(
    admin: Http, path: str, owner: str | None, projects: Mapping[str, Http], number: int
) -> None:
    others = [project for project in projects if project != owner]
    for turn, project in enumerate(others[: number % 4]):
        _asked(admin, "POST", f"{path}/members", {"member": project})
        status = ANSWERS[(number + turn) % len(ANSWERS)]
        if status != "pending":
            body = {"status": status}
            _asked(projects[project], "PUT", f"{path}/members/{project}", body)


def read(admin: Http) -> dict[str, dict[str, Any]]:
    """Everything that the service says of each image, by its id; data by its hash."""
    found = {}
    for each in _pages(admin):
        each = {name: v for name, v in each.items() if not name.startswith("os_glance")}
        each["tags"] = sorted(each["tags"])
        path = f"/v2/images/{each['id']}"
        if each["visibility"] == "shared":
            members = _asked(admin, "GET", f"{path}/members")["members"]
            each["members"] = {member.pop("member_id"): member for member in members}
        if each["status"] != "queued":
            each["data"] = hashlib.sha256(admin.answer("GET", f"{path}/file").body).hexdigest()
        found[each["id"]] = each
    return found


def _pages(admin: Http) -> Iterator[dict[str, Any]]:
    for hidden in ("false", "true"):
        path: str | None = f"/v2/images?visibility=all&os_hidden={hidden}&limit=50"
        while path:
            page = _asked(admin, "GET", path)
            yield from page["images"]
            path = page.get("next")


def ids(admin: Http) -> list[str]:
    """The ids of all images."""
    return [each["id"] for each in _pages(admin)]


def read_definitions(admin: Http) -> dict[str, Any]:
    """Every namespace with what it holds, by name, without times and the order of things."""
    found = {}
    path: str | None = "/v2/metadefs/namespaces?limit=100"
    while path:
        page = _asked(admin, "GET", path)
        for each in page["namespaces"]:
            document = _asked(admin, "GET", f"/v2/metadefs/namespaces/{each['namespace']}")
            found[each["namespace"]] = _timeless(document)
        path = page.get("next")
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        times = ("created_at", "updated_at")
        return {name: _timeless(each) for name, each in value.items() if name not in times}
    if isinstance(value, list):
        return sorted(map(_timeless, value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def different(
    wanted: Mapping[str, Any], found: Mapping[str, Any], but: Sequence[str] = ()
) -> list[str]:
    """Every field of any image that is not the same, as text; ``but`` these are passed over."""
    lines = []
    for image_id in sorted({*wanted, *found}):
        here, there = wanted.get(image_id, {}), found.get(image_id, {})
        for name in itertools.chain(here, (each for each in there if each not in here)):
            pair = here.get(name), there.get(name)
            if name == "members" and "created_at" in but:
                pair = tuple(_statuses(each) for each in pair)
            if name not in but and pair[0] != pair[1]:
                lines.append(f"{image_id} {name}: {pair[0]!r} and {pair[1]!r}")
    return lines


def _statuses(members: Mapping[str, Any] | None) -> dict[str, str]:
    return {member_id: each["status"] for member_id, each in (members or {}).items()}
