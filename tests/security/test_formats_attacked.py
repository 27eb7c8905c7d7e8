"""Data made to be taken for something else, or to cost more than it should."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import threading
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import disk_images as disks
import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from people import Person, Service
from web_source import Source, message, web

from glance_shim.core.arrivals import Lease
from glance_shim.stores.filesystem import FilesystemStore

MIB = disks.MIB
GIB = 1 << 30


def footer(data: bytes) -> bytes:
    """The data, and after it what ends a fixed disk of Hyper-V."""
    return disks.padded(data, MIB) + disks.vhd()[:512]


def with_backing_format(backing: bytes) -> bytes:
    """A header that says, in an extension, that the backing file is raw."""
    data = bytearray(disks.qcow2(backing=backing))
    struct.pack_into(">II3s", data, 104, 0xE2792ACA, 3, b"raw")
    return bytes(data)


def with_data_file(name: bytes) -> bytes:
    """A header of which the data is in another file, whose name is in an extension."""
    data = bytearray(disks.padded(disks.qcow2(incompatible=0x04), 65_536))
    struct.pack_into(f">II{len(name)}s", data, 104, 0x44415441, len(name), name)
    return bytes(data)


def with_descriptor(kind: str, extent: str = 'RW 16 SPARSE "disk.vmdk"') -> bytes:
    return disks.vmdk(extent, kind)


UNSAFE = {
    "H-13 a data file": with_data_file(b"/etc/passwd"),
    "H-13 a data file without a name": disks.padded(disks.qcow2(incompatible=0x04), 65_536),
    "H-18 vmfs": with_descriptor("vmfs"),
    "H-18 two files": with_descriptor("twoGbMaxExtentFlat"),
    "H-18 of one's own": with_descriptor("custom"),
    "H-18 a device": with_descriptor("fullDevice", 'RW 16 FLAT "/dev/sda" 0'),
    "H-18 a path": with_descriptor("monolithicSparse", 'RW 16 SPARSE "../../etc/passwd"'),
    "H-18 two extents": with_descriptor(
        "monolithicSparse", 'RW 16 SPARSE "a.vmdk"\nRW 16 FLAT "/etc/passwd" 0'
    ),
    "H-18 by itself": disks.vmdk_text(),
    "H-18 by itself and padded": disks.vmdk_text(100_000),
    "H-18 after blank lines": b"\n\n  \n" + disks.vmdk_text(100_000),
    "H-34 a backing file": disks.qcow2(backing=b"/etc/passwd"),
    "H-34 json": disks.qcow2(backing=b'json:{"driver":"file","filename":"/etc/passwd"}'),
    "N-14 nbd": disks.qcow2(backing=b"nbd:127.0.0.1:10809"),
    "N-14 http": disks.qcow2(backing=b"http://127.0.0.1/"),
    "N-21 version 2": disks.qcow2(2, backing=b"/etc/passwd"),
    "N-22 before a real disk": disks.padded(disks.qcow2(backing=b"/etc/passwd"), MIB)
    + b"x" * MIB,
    "N-25 a raw backing file": with_backing_format(b"/etc/passwd"),
    "N-28 two formats": footer(disks.qcow2(backing=b"/etc/passwd")),
    "N-31 a relative name": disks.qcow2(2, backing=b"../x"),
}


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    return make_service(import_filtering_opts=reaching)


@pytest.mark.parametrize("declared", ["raw", "qcow2", "vmdk"])
@pytest.mark.parametrize("what", UNSAFE)
def test_H_34_no_data_that_names_other_files_is_taken(
    service: Service, alice: Person, what: str, declared: str
) -> None:
    image_id = alice.create(disk_format=declared)["id"]

    assert alice.upload(image_id, UNSAFE[what]).status_code == 415
    assert alice.show(image_id)["status"] == "queued"
    assert alice.get(f"/v2/images/{image_id}/file").status_code == 204
    assert service.blobs() == []


@pytest.mark.parametrize("how", ["staged", "fetched"])
@pytest.mark.parametrize("what", UNSAFE)
def test_H_13_no_data_that_names_other_files_is_imported(
    service: Service, alice: Person, source: str, what: str, how: str
) -> None:
    declared = "vmdk" if "H-18" in what else "qcow2"
    image_id = alice.create(disk_format=declared)["id"]
    if how == "staged":
        assert alice.stage(image_id, UNSAFE[what]).status_code == 204
        assert alice.import_(image_id).status_code == 202
    else:
        Source.answers["/unsafe"] = (200, {}, UNSAFE[what])
        assert alice.import_(image_id, web(source, "/unsafe")).status_code == 202
    service.work()

    (task,) = alice.get(f"/v2/images/{image_id}/tasks").json["tasks"]
    assert task["status"] == "failure"
    assert alice.show(image_id)["status"] == "queued"
    assert service.blobs() == service.staged() == []


def greedy_vmdk() -> bytes:
    """A header that claims a descriptor of half a PiB."""
    head = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, 16, 128, 1, 1 << 40, 512, 0, 0, 128)
    return disks.padded(head, 512)


def greedy_vhdx() -> bytes:
    """A table of regions with as many entries as a number can say, of 2 GiB."""
    data = bytearray(512 * 1024)
    data[:8] = b"vhdxfile"
    struct.pack_into("<4sIII", data, 192 * 1024, b"regi", 0, 2**32 - 1, 0)
    metadata = bytes.fromhex("06a27c8b9047 9a4bb8fe575f050f886e".replace(" ", ""))
    struct.pack_into("<16sQII", data, 192 * 1024 + 16, metadata, 256 * 1024, 2**31, 1)
    struct.pack_into("<8sHH", data, 256 * 1024, b"metadata", 0, 2047)
    return bytes(data)


def greedy_luks() -> bytes:
    data = bytearray(disks.luks())
    struct.pack_into(">I", data, 104, 2**32 - 1)
    return bytes(data)


GREEDY = {
    "vmdk": greedy_vmdk(),
    "vhdx": greedy_vhdx(),
    "luks": greedy_luks(),
    "iso": disks.iso(),
    "qcow2": disks.qcow2(virtual_size=1 << 60),
}


@pytest.mark.parametrize("what", GREEDY)
def test_H_17_no_header_makes_the_inspection_keep_the_data(alice: Person, what: str) -> None:
    block = b"\0" * MIB

    class Long(io.RawIOBase):
        left = 48

        def __init__(self) -> None:
            self.head: bytes | None = GREEDY[what]

        def read(self, size: int = -1) -> bytes:
            head, self.head = self.head, None
            if head is not None:
                return head
            self.left -= 1
            return block if self.left >= 0 else b""

    image_id = alice.create(disk_format="raw")["id"]
    tracemalloc.start()
    try:
        response = alice.put(
            f"/v2/images/{image_id}/file",
            environ_overrides={
                "wsgi.input": Long(),
                "wsgi.input_terminated": True,
                "HTTP_TRANSFER_ENCODING": "chunked",
            },
            content_type="application/octet-stream",
        )
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert response.status_code in (204, 415)
    assert most < 16 * MIB


HEADS = [
    *(disks.qcow2(), disks.qcow2(2), disks.vhd(), disks.vdi(), disks.vmdk(), disks.iso()),
    *(disks.mbr(), disks.protective(), disks.luks(), disks.luks(2), greedy_vhdx()),
    *(disks.vmdk_text(), disks.padded(b"QED\0"), disks.padded(b"COWD\1\0\0\0")),
]


@given(
    head=st.sampled_from(HEADS),
    declared=st.sampled_from(["raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "ami"]),
    changes=st.lists(st.tuples(st.integers(0, 40_000), st.binary(max_size=16)), max_size=8),
    end=st.integers(0, 70_000),
)
@examples(150)
def test_H_24_no_header_is_too_much(
    alice: Person,
    head: bytes,
    declared: str,
    changes: list[tuple[int, bytes]],
    end: int,
) -> None:
    data = bytearray(head)
    for at, given_bytes in changes:
        at %= len(data)
        data[at : at + len(given_bytes)] = given_bytes
    image_id = alice.create(disk_format=declared)["id"]

    response = alice.upload(image_id, bytes(data[:end]))

    assert response.status_code in (204, 415), response.text
    assert alice.show(image_id)["status"] == (
        "active" if response.status_code == 204 else "queued"
    )


CANARY = "../../../../tmp/canary-of-glance-shim"


def archive(kind: str) -> bytes:
    """An archive with names that lead elsewhere, a link, and a description with a URL."""
    kept = io.BytesIO()
    names = (CANARY, f"/{CANARY}", "image.ovf")
    text = b'<Envelope><File href="http://127.0.0.1:9/x"/><File href="file:///etc/passwd"/>'
    if kind == "zip":
        with zipfile.ZipFile(kept, "w") as zipped:
            for name in names:
                zipped.writestr(name, text)
        return kept.getvalue()
    with tarfile.open(fileobj=kept, mode="w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
        link = tarfile.TarInfo("disk.vmdk")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return kept.getvalue()


KEPT = {
    "ova": (archive("tar"), "raw", "ova"),
    "ovf": (archive("tar"), "vmdk", "ovf"),
    "zip": (archive("zip"), "raw", "compressed"),
    "a bomb": (gzip.compress(b"\0" * 64 * MIB), "raw", "compressed"),
    "a script": (b"#!/bin/sh\ntouch /tmp/canary-of-glance-shim\n" * 50, "raw", "bare"),
    "a program": (b"\x7fELF" + b"\x02\x01\x01" + b"\0" * 4000, "raw", "bare"),
}


@pytest.mark.parametrize("what", KEPT)
@pytest.mark.parametrize("how", ["uploaded", "imported"])
def test_N_05_what_holds_other_files_is_kept_as_it_is(
    service: Service, alice: Person, what: str, how: str
) -> None:
    data, disk_format, container_format = KEPT[what]
    formats = {"disk_format": disk_format, "container_format": container_format}
    image_id = alice.create(**formats)["id"]
    before = set(service.directory.rglob("*"))
    if how == "uploaded":
        assert alice.upload(image_id, data).status_code == 204
    else:
        assert alice.stage(image_id, data).status_code == 204
        assert alice.import_(image_id).status_code == 202
        service.work()

    assert alice.get(f"/v2/images/{image_id}/file").data == data
    assert set(service.directory.rglob("*")) - before <= set(service.blobs())
    assert not Path("/tmp/canary-of-glance-shim").exists()


def test_N_36_data_that_would_grow_is_kept_small_and_its_size_is_told(
    service: Service, alice: Person
) -> None:
    data = disks.padded(disks.qcow2(virtual_size=100 * GIB), MIB)
    image_id = alice.create(disk_format="qcow2")["id"]

    assert alice.upload(image_id, data).status_code == 204
    assert alice.show(image_id)["virtual_size"] == 100 * GIB
    assert [path.stat().st_size for path in service.blobs()] == [MIB]


BARE = [{"op": "replace", "path": "/container_format", "value": "bare"}]
BACKED = disks.qcow2(backing=b"/etc/passwd")


def test_N_13_a_container_cannot_be_taken_off_while_its_data_is_imported(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = alice.create(disk_format="qcow2", container_format="ovf")["id"]
    assert alice.stage(image_id, BACKED).status_code == 204
    assert alice.import_(image_id).status_code == 202
    add = FilesystemStore.add

    def add_and_change(store: Any, blob_id: str, data: Any, expected: Any = None) -> int:
        if store.store_id == "os_glance_staging_store":
            return add(store, blob_id, data, expected)
        changing = threading.Thread(target=lambda: codes.append(alice.patch(image_id, *BARE)))
        changing.start()
        changing.join()
        return add(store, blob_id, data, expected)

    codes: list[Any] = []
    monkeypatch.setattr(FilesystemStore, "add", add_and_change)
    service.work()

    image = alice.show(image_id)
    assert [response.status_code for response in codes] == [200]
    assert (image["status"], image["container_format"]) == ("queued", "bare")
    assert "was changed" in message(alice, image_id)
    assert service.blobs() == service.staged() == []


def test_N_13_a_container_cannot_be_taken_off_while_its_data_is_awaited(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = alice.create(disk_format="qcow2", container_format="ovf")["id"]
    held = Lease.held

    def change_and_hold(lease: Any) -> Any:
        changing = threading.Thread(target=lambda: alice.patch(image_id, *BARE))
        changing.start()
        changing.join()
        return held(lease)

    monkeypatch.setattr(Lease, "held", change_and_hold)

    assert alice.upload(image_id, BACKED).status_code == 409
    image = alice.show(image_id)
    assert (image["status"], image["container_format"]) == ("queued", "bare")
    assert service.blobs() == []
