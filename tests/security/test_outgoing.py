"""What the service fetches, from where, and what it tells of it; all through the API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import internal_urls
import pytest
import web_server
from people import OCTETS, Person, Service, some_id
from web_server import Web
from web_source import DATA, Source, message, web

from glance_shim.db import connection
from glance_shim.db.models.tasks import Task


@pytest.fixture
def sink() -> Iterator[Web]:
    """A server that nobody may reach, on all addresses of this machine."""
    server = Web("::")
    yield server
    server.close()


def task_rows(service: Service) -> list[dict[str, Any]]:
    with connection.connected(service.deployment.database):
        return list(Task.select().dicts())


URLS = [
    *(f"http://{host}/x" for host in internal_urls.HOSTS),
    *internal_urls.TRICKS,
    *(
        f"{scheme}:{rest}"
        for scheme in internal_urls.SCHEMES
        for rest in ("//h/x", "///x", "x")
    ),
    *("file://localhost/etc/passwd", "file:////etc/passwd", "file:%2fetc%2fpasswd"),
    *("http://8.8.8.8:22/", "https://8.8.8.8:9292/"),
]


@pytest.mark.parametrize("url", URLS)
def test_H_01_no_import_of_an_internal_address_begins(
    service: Service, alice: Person, sink: Web, url: str
) -> None:
    image = alice.create()
    given = url.replace("/x", f":{sink.port}/x") if url.endswith("1/x") else url

    for uri in {url, given}:
        response = alice.import_(image["id"], {"name": "web-download", "uri": uri})
        assert response.status_code == 400, response.text
    assert alice.show(image["id"]) == image
    assert task_rows(service) == []
    assert sink.connections == 0


def test_H_01_what_an_operator_opens_is_fetched(
    make_service: Any, source: str, reaching: dict[str, Any]
) -> None:
    service = make_service(import_filtering_opts=reaching)
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]

    assert alice.import_(image_id, web(source, "/data")).status_code == 202
    service.work()
    assert alice.get(f"/v2/images/{image_id}/file").data == DATA


@pytest.mark.parametrize("roles", [("member",), ("service",), ("admin",)], ids=str)
@pytest.mark.parametrize("shown", [True, False], ids=["shown", "not shown"])
def test_H_03_no_location_is_an_internal_address(
    make_service: Any, sink: Web, shown: bool, roles: tuple[str, ...]
) -> None:
    service = make_service(
        enabled_backends={"fast": "file", "web": "http"}, show_multiple_locations=shown
    )
    person = service.person("p1", *roles)
    image_id = service.person("p1", "member").create()["id"]
    hosts = ("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0x7f.1", "8.8.8.8:22")
    urls = [
        f"http://{host}:{sink.port}/x" if ":" not in host[1:] else f"http://{host}/x"
        for host in hosts
    ]
    urls += [f"{scheme}:///etc/passwd" for scheme in internal_urls.SCHEMES]

    for url in urls:
        operation = {"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}
        codes = {
            person.post(f"/v2/images/{image_id}/locations", json={"url": url}).status_code,
            person.patch(image_id, operation).status_code,
        }
        assert codes <= {202, 400, 403, 404}, (url, codes)
    service.work()
    image = service.person("p9", "admin").show(image_id)
    assert (image["status"], image.get("locations", [])) == ("queued", [])
    assert sink.connections == 0


def test_H_06_old_tasks_are_for_administrators_and_filtered(
    service: Service, alice: Person, admin: Person, sink: Web
) -> None:
    properties = {"disk_format": "raw", "container_format": "bare"}
    nova = service.person("services", "service")

    for url in (f"http://127.0.0.1:{sink.port}/", "file:///etc/passwd", "http://10.0.0.1/"):
        given = {
            "import_from": url,
            "import_from_format": "raw",
            "image_properties": properties,
        }
        body = {"type": "import", "input": given}
        for person, code in ((alice, 403), (nova, 403), (admin, 400)):
            assert person.post("/v2/tasks", json=body).status_code == code
    assert alice.get("/v2/tasks").status_code == 403
    assert admin.get("/v2/tasks").json["tasks"] == []
    assert sink.connections == 0


def test_H_21_an_empty_answer_is_no_image(
    make_service: Any, source: str, reaching: dict[str, Any]
) -> None:
    service = make_service(import_filtering_opts=reaching)
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]
    assert alice.import_(image_id, web(source, "/empty")).status_code == 202
    service.work()

    assert alice.show(image_id)["status"] == "queued"
    assert service.blobs() == service.staged() == []


HEADERS = {
    "x-glance-api-copy-from": "http://127.0.0.1:{port}/x",
    "x-image-meta-location": "http://127.0.0.1:{port}/x",
    "x-image-meta-copy_from": "http://127.0.0.1:{port}/x",
    "x-amz-copy-source": "/bucket/other",
    "X-Copy-From": "/other/image",
    "X-Object-Manifest": "other/",
    "X-Symlink-Target": "other/image",
    "Content-Location": "http://127.0.0.1:{port}/x",
}


def test_H_22_no_header_makes_an_upload_a_copy(
    service: Service, alice: Person, sink: Web
) -> None:
    headers = {name: value.format(port=sink.port) for name, value in HEADERS.items()}

    assert alice.post("/v1/images", headers=headers).status_code == 300
    assert alice.put("/v1/images/x", headers=headers).status_code == 300
    image = alice.post(
        "/v2/images", json={"disk_format": "raw", "container_format": "bare"}, headers=headers
    ).json
    path = f"/v2/images/{image['id']}/file"
    assert (
        alice.put(path, data=b"body", content_type=OCTETS, headers=headers).status_code == 204
    )
    assert alice.get(path, headers=headers).data == b"body"
    assert [blob.read_bytes() for blob in service.blobs()] == [b"body"]
    assert sink.connections == 0


Remote = Callable[..., tuple[Service, Person, str]]


@pytest.fixture
def remote(make_service: Any, source: str, reaching: dict[str, Any]) -> Remote:
    """``remote(document, data)``: the image service of the one region that there is."""

    def make(document: Any, data: bytes = DATA) -> tuple[Service, Person, str]:
        service = make_service(
            enabled_import_methods=["glance-download"],
            public_endpoint=source,
            import_filtering_opts=reaching,
        )
        remote_id = some_id()
        body = json.dumps(document).encode()
        path = f"/v2/images/{remote_id}"
        Source.answers[path] = (200, {"Content-Length": str(len(body))}, body)
        Source.answers[f"{path}/file"] = (200, {"Content-Length": str(len(data))}, data)
        return service, service.person("p1", "member"), remote_id

    return make


GOOD = {"status": "active", "size": len(DATA), "disk_format": "raw", "container_format": "bare"}
HOSTILE = {
    "visibility": "public",
    "owner": "admin",
    "protected": True,
    "os_hidden": True,
    "id": some_id(),
    "os_glance_import_task": "x",
    "os_glance_x": "x",
    "name": "theirs",
    "locations": [{"url": "file:///etc/passwd", "metadata": {}}],
    "tags": ["theirs"],
    "min_ram": 5,
    "checksum": "0" * 32,
    "os_hash_value": "0" * 128,
    "img_signature": "x",
    "hw_disk_bus": "virtio",
    "os_type": "linux",
}


def imported(service: Service, person: Person, remote_id: str) -> dict[str, Any]:
    region = service.deployment.config.identity.region
    method = {"name": "glance-download", "glance_region": region, "glance_image_id": remote_id}
    image = person.create()
    response = person.import_(image["id"], method)
    assert response.status_code == 202, response.text
    service.work()
    return person.show(image["id"])


def test_T_MASS_2_only_chosen_properties_come_from_a_remote_image(remote: Remote) -> None:
    service, alice, remote_id = remote({**GOOD, **HOSTILE})
    image = imported(service, alice, remote_id)

    assert image["status"] == "active", message(alice, image["id"])
    assert (image["hw_disk_bus"], image["os_type"]) == ("virtio", "linux")
    untouched = {"visibility": "shared", "owner": alice.project_id, "protected": False}
    untouched |= {"os_hidden": False, "name": None, "tags": [], "min_ram": 0}
    assert untouched.items() <= image.items()
    assert image["checksum"] != HOSTILE["checksum"]
    assert not {"os_glance_x", "img_signature", "locations"} & image.keys()


UNUSABLE = {
    "a format there is not": {"disk_format": "exe"},
    "no format": {"container_format": None},
    "another status": {"status": "queued"},
    "no size": {"size": None},
    "another size": {"size": 5},
    "a long value": {"hw_x": "x" * 70_000},
    "a value that is none": {"hw_x": {"a": 1}},
    "a long name": {"hw_" + "x" * 300: "x"},
    "a name with a line end": {"hw_\n": "x"},
    "a value with U+0000": {"hw_x": "\0"},
    "very many names": {f"hw_{number}": "x" for number in range(200)},
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_T_MASS_2_a_remote_image_is_judged_as_if_it_were_typed(
    remote: Remote, what: str
) -> None:
    service, alice, remote_id = remote({**GOOD, **UNUSABLE[what]})
    image = imported(service, alice, remote_id)

    assert image["status"] == "queued", image
    assert not [name for name in image if name.startswith("hw_")]
    assert service.blobs() == service.staged() == []
    assert "Internal" not in message(alice, image["id"])


def test_H_09_a_remote_service_that_leads_elsewhere_gets_no_further(
    remote: Remote, sink: Web
) -> None:
    for part in ("", "/file"):
        service, alice, remote_id = remote(GOOD)
        for url in (
            f"http://[::1]:{sink.port}/x",
            "http://169.254.169.254/",
            "file:///etc/passwd",
        ):
            Source.answers[f"/v2/images/{remote_id}{part}"] = (302, {"Location": url}, b"")
            assert imported(service, alice, remote_id)["status"] == "queued"
    assert sink.connections == 0


def test_P_14_no_record_of_a_task_holds_a_token(remote: Remote) -> None:
    service, alice, remote_id = remote(GOOD)
    assert imported(service, alice, remote_id)["status"] == "active"
    told = task_rows(service)
    shown = service.person("p9", "admin").get("/v2/tasks").text
    listed = alice.get("/v2/images").text

    assert len(told) == 1
    assert str(alice.token) not in f"{told} {shown} {listed}"


SIZE = 256 << 20


def add(value: dict[str, Any]) -> dict[str, Any]:
    return {"op": "add", "path": "/locations/-", "value": {"metadata": {}, **value}}


def large(at: Callable[[], Any]) -> Callable[[Any], Iterator[bytes]]:
    """An answer of 256 MiB, soon after whose beginning something happens."""

    def answer(request: Any) -> Iterator[bytes]:
        yield web_server.head(f"Content-Length: {SIZE}")
        for number in range(SIZE // 65_536 if request.method == "GET" else 0):
            if number == 40:
                at()
            if number > 40:
                # Minutes would go by until the end, and seconds until the deletion is seen.
                time.sleep(0.05)
            yield b"x" * 65_536

    return answer


@pytest.mark.parametrize("method", ["web-download", "copy-image"])
def test_N_19_a_deletion_ends_what_is_on_its_way(make_service: Any, method: str) -> None:
    pub = Web("127.0.0.1")
    service = make_service(
        enabled_backends={"fast": "file", "web": "http"},
        import_filtering_opts={"allowed_networks": ["127.0.0.0/8"], "allowed_ports": []},
        show_multiple_locations=True,
    )
    alice, admin = service.person("p1", "member"), service.person("p1", "admin")
    image_id = alice.create()["id"]
    codes: list[int] = []

    def delete() -> None:
        codes.append(admin.delete(f"/v2/images/{image_id}").status_code)

    try:
        pub.answers["/x"] = large(delete)
        if method == "copy-image":
            hashes = {"os_hash_algo": "sha512", "os_hash_value": "0" * 128}
            body = {"url": pub.url("/x"), "validation_data": hashes}
            assert alice.patch(image_id, add(body)).status_code == 200
            started = admin.import_(image_id, method, stores=["fast"])
        else:
            started = alice.import_(image_id, {"name": method, "uri": pub.url("/x")})
        assert started.status_code == 202, started.text
        service.work()
    finally:
        pub.close()

    assert codes == [204]
    assert service.blobs() == service.staged() == []
    assert pub.sent < SIZE
    (task,) = task_rows(service)
    assert task["status"] == "failure"
