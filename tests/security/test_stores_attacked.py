"""Files, links and pipes where data should be, names of files where text should be."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service

from glance_shim import config, errors
from glance_shim.stores import open_stores

DATA = b"0123456789"
BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"


def become(path: Path, what: str, outside: Path) -> None:
    """Put something else in the place of a file."""
    if what == "extended":
        path.write_bytes(DATA + b"x")
        return
    if what == "cut":
        path.write_bytes(DATA[:-1])
        return
    path.unlink()
    if what == "a directory":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "a link":
        path.symlink_to(outside)
    elif what == "a link to nothing":
        path.symlink_to(outside.with_name("nothing"))
    elif what == "a device":
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "what",
    [
        *("a directory", "a pipe", "a link", "a link to nothing", "a device", "nothing"),
        *("extended", "cut"),
    ],
)
def test_N_07_what_is_not_the_data_is_not_served(
    service: Service, alice: Person, tmp_path: Path, what: str
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"canary-dat")
    image_id = alice.active(DATA)["id"]
    (blob,) = service.blobs()
    become(blob, what, outside)

    for headers in ({}, {"Range": "bytes=0-4"}):
        response = alice.get(f"/v2/images/{image_id}/file", headers=headers)
        assert response.status_code == 503
        assert b"canary" not in response.data and str(blob) not in response.text
    if blob.is_dir() and not blob.is_symlink():
        blob.rmdir()
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204
    assert outside.read_bytes() == b"canary-dat"


@pytest.fixture
def opened() -> Iterator[Callable[[], list[str]]]:
    """The names of all files that are opened, and of programs that are started."""
    names: list[str] = []
    listening = [True]

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if listening and event in ("open", "subprocess.Popen", "os.exec", "os.posix_spawn"):
            names.append(repr(arguments))

    sys.addaudithook(hear)
    yield lambda: names
    listening.clear()


def test_N_04_a_property_that_names_a_file_is_text(
    service: Service, alice: Person, tmp_path: Path, opened: Any
) -> None:
    canary = tmp_path / "canary-of-a-property"
    canary.write_text("canary")
    opened().clear()
    names = ("kernel_id", "ramdisk_id", "config", "path", "pxe_template", "description", "$ref")
    values = dict.fromkeys(names, str(canary))
    command = {
        "note": f"$(cat {canary})",
        "other": f"`cat {canary}`",
        "url": f"file://{canary}",
    }

    image = alice.active(DATA, name=str(canary), tags=[str(canary)], **values, **command)
    assert (values | command).items() <= image.items()
    assert alice.stage(alice.create(**values)["id"]).status_code == 204
    service.work()
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert opened()
    assert not [name for name in opened() if "canary-of-a-property" in name or "Popen" in name]


def test_T_FS_3_nothing_goes_to_the_directory_for_temporary_files(
    service: Service, alice: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = tmp_path / "nowhere"
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(nowhere))
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    data = os.urandom(3 << 20)

    image_id = alice.active(data)["id"]
    assert alice.get(f"/v2/images/{image_id}/file").data == data
    staged = alice.create()["id"]
    assert alice.stage(staged, data).status_code == 204
    assert alice.import_(staged).status_code == 202
    service.work()
    assert alice.show(staged)["status"] == "active"
    assert not nowhere.exists()


def test_T_FS_5_what_comes_again_is_served_again(service: Service, alice: Person) -> None:
    image_id = alice.active(DATA)["id"]
    (blob,) = service.blobs()
    kept = blob.with_name("kept")
    shutil.move(blob, kept)
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 503
    shutil.move(kept, blob)

    assert alice.get(f"/v2/images/{image_id}/file").data == DATA


HEADERS = {
    *("content-type", "content-length", "content-md5", "content-range", "accept-ranges"),
    *("x-openstack-request-id", "date", "server", "connection"),
}


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=1-3"}, {"Range": "bytes=99-"}])
def test_H_53_a_download_has_headers_of_a_fixed_list(
    make_service: Any, tmp_path: Path, asked: dict[str, str]
) -> None:
    service = make_service(image_cache_dir=str(tmp_path / "cache"))
    alice, admin = service.person("p1", "member"), service.person("p9", "admin")
    image_id = alice.active(DATA)["id"]

    def names() -> set[str]:
        answer = alice.get(f"/v2/images/{image_id}/file", headers=asked)
        return {name.lower() for name, _ in answer.headers}

    cold = names()
    assert admin.put(f"/v2/cache/{image_id}").status_code == 202
    service.work()
    assert cold == names() <= HEADERS


def test_N_37_data_of_a_failed_upload_is_nobodys(service: Service, alice: Person) -> None:
    image_id = alice.create(disk_format="qcow2")["id"]
    assert alice.upload(image_id, b"secret" * 1000).status_code == 415

    response = alice.get(f"/v2/images/{image_id}/file")
    assert (response.status_code, response.data) == (204, b"")
    assert service.blobs() == []


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{part};" * 10}">'
        for part, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><Error><Code>&i;</Code><Message>&i;</Message></Error>"
)
OUTWARD = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file://{canary}">]>'
    "<Error><Code>AccessDenied</Code><Message>&a;</Message></Error>"
)


@pytest.mark.parametrize("xml", [BOMB, OUTWARD, "<Error>" * 5000, "no xml", ""], ids=len)
@pytest.mark.parametrize("status", [200, 403])
def test_N_15_hostile_xml_of_an_object_store_is_a_failure_and_no_more(
    tmp_path: Path, xml: str, status: int
) -> None:
    canary = tmp_path / "canary"
    canary.write_text("canary-in-a-file")
    body = xml.replace("{canary}", str(canary)).encode()

    class Hostile(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = {
        "s3_store_host": f"http://127.0.0.1:{server.server_port}",
        "s3_store_bucket": "images",
        "s3_store_access_key": "key",
        "s3_store_secret_key": "secret-canary",
        "s3_store_large_object_size": 5,
        "s3_store_large_object_chunk_size": 5,
    }
    sections = {
        "DEFAULT": {"enabled_backends": {"tested": "s3"}, "state_path": str(tmp_path)},
        "tested": options,
    }
    store = open_stores(config.load([], sections)).default
    told = []
    tracemalloc.start()
    try:
        for use in (
            lambda: store.add(BLOB, [b"x" * (6 << 20)]),
            store.check,
        ):
            with contextlib.suppress(errors.Unavailable):
                try:
                    use()
                except errors.Unavailable as exc:
                    told.append(str(exc))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        server.shutdown()
        server.server_close()

    assert told
    assert "canary" not in " ".join(told)
    assert most < 64 << 20
