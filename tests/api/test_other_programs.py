"""What Nova, Terraform and other programs on gophercloud send, one request after the other."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from people import OCTETS, V21, Person, Service
from web_source import DATA, web


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    """A service that may fetch from the web server of the tests."""
    return make_service(import_filtering_opts=reaching)


# Terraform's resources and data sources, and what gophercloud reads of the answers


def test_terraform_image_from_the_web(service: Service, alice: Person, source: str) -> None:
    """openstack_images_image_v2 with image_source_url and web_download, then destroy."""
    image = alice.post(
        "/v2/images",
        json={
            "name": "golden",
            "container_format": "bare",
            "disk_format": "raw",
            "min_disk": 0,
            "min_ram": 0,
            "protected": False,
            "visibility": "private",
            "tags": ["lts"],
            "os_hidden": False,
            "team": "web",
        },
    )
    methods = image.headers["OpenStack-image-import-methods"].split(",")
    path = f"/v2/images/{image.json['id']}"
    begun = alice.post(f"{path}/import", json={"method": web(source, "/data")})
    pending = alice.get(path).json["status"]
    service.work()
    shown = alice.get(path).json
    known = {"self", "file", "schema", "stores", "direct_url", "locations", "team"}
    added = [
        name
        for name, value in shown.items()
        if name not in known and name not in image.json and not name.startswith("os_glance")
    ]

    assert image.status_code == 201 and "web-download" in methods
    assert begun.status_code == 202 and pending in ("queued", "saving", "importing")
    assert shown["status"] == "active"
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()
    assert not added and shown["team"] == "web"
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


def test_terraform_changes_an_image(alice: Person) -> None:
    image = alice.active(team="web", gone="1")

    changed = alice.patch(
        image["id"],
        {"op": "replace", "path": "/name", "value": "golden-2"},
        {"op": "replace", "path": "/tags", "value": ["a", "b"]},
        {"op": "replace", "path": "/visibility", "value": "shared"},
        {"op": "replace", "path": "/os_hidden", "value": False},
        {"op": "replace", "path": "/team", "value": "lab"},
        {"op": "add", "path": "/new", "value": "1"},
        {"op": "remove", "path": "/gone"},
        content_type=V21,
    )

    assert changed.status_code == 200
    assert changed.json["name"] == "golden-2" and changed.json["tags"] == ["a", "b"]
    assert changed.json["team"] == "lab" and changed.json["new"] == "1"
    assert "gone" not in changed.json


def test_terraform_image_access_and_its_acceptance(alice: Person, bob: Person) -> None:
    """The owner's resource, the member's, and the destruction of both."""
    image = alice.active(visibility="shared")
    members = f"/v2/images/{image['id']}/members"
    mine = f"{members}/{bob.project_id}"

    made = alice.post(members, json={"member": bob.project_id})
    # Without a member id the acceptance takes the only row it sees.
    rows = bob.get(members).json["members"]
    accepted = bob.put(mine, json={"status": "accepted"})
    read = bob.get(mine)
    destroyed = bob.put(mine, json={"status": "rejected"})
    revoked = alice.delete(mine)

    assert made.status_code == 200 and made.json["status"] == "pending"
    assert [row["member_id"] for row in rows] == [bob.project_id]
    assert accepted.status_code == 200 and accepted.json["status"] == "accepted"
    assert read.json["schema"] == "/v2/schemas/member"
    assert destroyed.json["status"] == "rejected" and revoked.status_code == 204
    assert alice.get(mine).status_code == 404


def test_terraform_data_source_takes_the_newest(alice: Person) -> None:
    """openstack_images_image_v2 as data, with most_recent; pages until one is empty."""
    ids = [alice.active(name="golden", tags=["lts"], team="web")["id"] for _ in range(3)]
    alice.active(name="other")
    query = (
        "name=golden&status=active&visibility=shared&member_status=accepted&tag=lts&limit=2"
        f"&owner={alice.project_id}&size_min=1&size_max=100&sort=created_at:desc,id:asc"
    )

    found, path, pages = [], f"/v2/images?{query}", 0
    while path:
        page = alice.get(path).json
        found += [image["id"] for image in page["images"]]
        pages += 1
        # gophercloud puts the address without version before it.
        path = page.get("next")
        assert path is None or path.startswith("/v2/images?")

    assert sorted(found) == sorted(ids) and pages == 2


# Nova


def nova_properties() -> dict[str, str]:
    mapping = [{"source_type": "snapshot", "boot_index": 0, "device_name": "/dev/vda"}]
    return {
        "block_device_mapping": json.dumps(mapping),
        "mappings": json.dumps([{"virtual": "root", "device": "/dev/vda"}]),
        "bdm_v2": "True",
        "root_device_name": "/dev/vda",
        "base_image_ref": "",
        "instance_uuid": "11111111-2222-3333-4444-555555555555",
        "image_type": "snapshot",
    }


def test_nova_snapshot_of_a_server(alice: Person) -> None:
    """Formats come after the image is made, and data in chunks without a size."""
    properties = {"base_image_ref": "", "image_type": "snapshot", "instance_uuid": "abc"}
    schema = alice.get("/v2/schemas/image").json["properties"]
    image = alice.post(
        "/v2/images", json={"name": "snap", "visibility": "private", **properties}
    ).json
    formats = alice.patch(
        image["id"],
        {"op": "replace", "path": "/disk_format", "value": "raw"},
        {"op": "replace", "path": "/container_format", "value": "bare"},
        {"op": "add", "path": "/image_location", "value": "snapshot"},
        {"op": "remove", "path": "/image_type"},
    )
    sent = alice.put(
        f"/v2/images/{image['id']}/file",
        input_stream=io.BytesIO(b"snapshot"),
        headers={"Transfer-Encoding": "chunked", "Content-Type": OCTETS},
        environ_overrides={"wsgi.input_terminated": True},
    )
    shown = alice.show(image["id"])

    assert all(
        schema[name].get("is_base", True) for name in ("name", "disk_format", "min_disk")
    )
    assert set(schema["disk_format"]["enum"]) & {"qcow2", "raw"}
    assert formats.status_code == 200 and sent.status_code == 204
    assert shown["status"] == "active" and shown["size"] == len(b"snapshot")
    assert shown["image_location"] == "snapshot" and "image_type" not in shown


def test_nova_snapshot_of_a_server_that_boots_from_a_volume(alice: Person) -> None:
    """No bytes at all, and JSON that is kept as text."""
    formats = {"disk_format": "raw", "container_format": "bare"}
    image = alice.post("/v2/images", json={"name": "snap", **formats, **nova_properties()}).json

    sent = alice.put(
        f"/v2/images/{image['id']}/file",
        data=b"",
        headers={"Content-Length": "0", "Content-Type": OCTETS},
    )

    shown = alice.show(image["id"])
    assert sent.status_code == 204
    assert (shown["status"], shown["size"]) == ("active", 0)
    assert {name: shown[name] for name in nova_properties()} == nova_properties()


def test_nova_shares_a_snapshot_with_the_owner_of_the_server(
    admin: Person, alice: Person
) -> None:
    image = admin.active(visibility="shared")

    shared = admin.post(f"/v2/images/{image['id']}/members", json={"member": alice.project_id})

    assert shared.status_code == 200
    assert alice.get(f"/v2/images/{image['id']}/file").data == DATA


def test_nova_tells_what_cannot_be_from_what_may_be_tried_again(
    service: Service, alice: Person, bob: Person, nobody: Person
) -> None:
    image = alice.active(protected=True)
    queued = alice.create()
    path = f"/v2/images/{image['id']}"

    assert bob.get(path).status_code == 404
    assert alice.delete(path).status_code == 403
    assert alice.upload(image["id"]).status_code == 409
    assert alice.get(f"/v2/images/{queued['id']}/file").status_code == 204
    assert nobody.get(path).status_code == 401
    many = {
        f"p{number}": "x" for number in range(service.deployment.config.image_property_quota)
    }
    assert alice.post("/v2/images", json={**many, "one": "more"}).status_code == 413


def test_nova_lists_what_has_changed(alice: Person) -> None:
    """As its old API does for its own clients, with filters on properties."""
    image = alice.active(name="golden", image_type="snapshot")
    alice.active(name="other")

    page = alice.get(
        "/v2/images?updated_at=gte:2001-01-01T00:00:00Z&image_type=snapshot&visibility=shared"
        "&limit=1000&sort_key=created_at&sort_dir=desc",
        headers={"X-Openstack-Global-Request-Id": f"req-{image['id']}"},
    )

    assert [each["id"] for each in page.json["images"]] == [image["id"]]
