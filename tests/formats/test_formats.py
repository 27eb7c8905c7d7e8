"""Looking inside data while it is uploaded."""

from __future__ import annotations

import io

import disk_images as disks
import pytest
from people import Person, Service

ZEROS = b"\0" * 2000
BACKED = disks.qcow2(backing=b"/etc/passwd")
SIZE = "its own size"
GIB = 1 << 30
MIB = disks.MIB

# Data, disk_format, code, virtual size.
TABLE = {
    "zeros": [
        (ZEROS, "raw", 204, SIZE),
        (ZEROS, "qcow2", 415, None),
        (ZEROS, "ami", 204, None),
        (ZEROS, "ploop", 204, None),
        (ZEROS, "iso", 415, None),
    ],
    "nothing": [(b"", "raw", 204, None), (b"", "qcow2", 415, None), (b"", "iso", 415, None)],
    "qcow2": [
        (disks.qcow2(version), disk_format, code, size)
        for version in (2, 3)
        for disk_format, code, size in (
            ("qcow2", 204, GIB),
            ("raw", 204, SIZE),
            ("vmdk", 415, None),
            ("ami", 415, None),
        )
    ],
    "unsafe qcow2": [
        (data, disk_format, 415, None)
        for data in (
            disks.qcow2(1),
            BACKED,
            disks.qcow2(2, backing=b"relative"),
            disks.qcow2(backing=b"json:{}"),
            disks.qcow2(backing=b"nbd://x"),
            disks.qcow2(incompatible=0x04),
            disks.qcow2(incompatible=0x40),
        )
        for disk_format in ("qcow2", "raw")
    ],
    "half a header": [(disks.qcow2()[:100], "qcow2", 415, None)],
    "larger than any disk": [
        (disks.qcow2(virtual_size=1 << 60), "qcow2", 204, 1 << 60),
        (disks.qcow2(virtual_size=(1 << 60) + 1), "qcow2", 415, None),
        (disks.qcow2(virtual_size=(1 << 64) - 1), "qcow2", 415, None),
    ],
    "vhd": [(disks.vhd(), "vhd", 204, 8 * MIB), (disks.vhd(), "raw", 204, SIZE)],
    "fixed vhd": [
        (ZEROS + disks.vhd()[:512], "vhd", 415, None),
        (ZEROS + disks.vhd()[:512], "raw", 204, SIZE),
    ],
    "vdi": [(disks.vdi(), "vdi", 204, 8 * MIB), (disks.vdi(), "qcow2", 415, None)],
    "vmdk": [
        (disks.vmdk(), "vmdk", 204, 16 * 512),
        (disks.vmdk(kind="streamOptimized"), "vmdk", 204, 16 * 512),
    ],
    "unsafe vmdk": [
        (data, disk_format, 415, None)
        for data in (
            disks.vmdk(kind="monolithicFlat"),
            disks.vmdk('RW 16 SPARSE "/etc/passwd"'),
            disks.vmdk(""),
            disks.vmdk("odd line"),
            disks.vmdk_text(),
        )
        for disk_format in ("vmdk", "raw")
    ],
    "vmdk that looks raw": [
        (disks.vmdk_text(100), "raw", 415, None),
        (disks.vmdk_text(5000), "raw", 415, None),
        (b"\n# comment\n\nversion = 1\n" + b"\0" * 600, "raw", 415, None),
        (disks.padded(b"COWD\1\0\0\0"), "raw", 415, None),
        (disks.padded(b"COWD\1\0\0\0"), "vmdk", 415, None),
    ],
    "iso": [
        (disks.iso(), "iso", 204, 20 * 2048),
        (disks.iso(disks.mbr()), "iso", 204, 20 * 2048),
        (disks.iso(), "raw", 204, SIZE),
        (disks.iso(disks.qcow2()), "iso", 415, None),
        (disks.iso(disks.qcow2()), "qcow2", 415, None),
        (disks.iso(disks.qcow2()), "raw", 415, None),
    ],
    "partition tables": [
        (data, disk_format, code, size)
        for data in (disks.protective(), disks.padded(disks.mbr(), 40 * 512))
        for disk_format, code, size in (
            ("raw", 204, SIZE),
            ("qcow2", 415, None),
            ("ami", 415, None),
        )
    ],
    "broken partition tables": [
        (disks.padded(data, 40 * 512), "raw", 415, None)
        for data in (disks.mbr(used=False), disks.mbr(boot=0x33), disks.mbr(0xEE, 2048))
    ],
    "luks": [(disks.luks(), "raw", 204, SIZE), (disks.luks(2), "raw", 415, None)],
    "qed": [
        (disks.padded(b"QED\0"), "raw", 415, None),
        (disks.padded(b"QED\0"), "qcow2", 415, None),
    ],
}
ROWS = [
    pytest.param(*row, id=f"{name} {number} as {row[1]}")
    for name, rows in TABLE.items()
    for number, row in enumerate(rows)
]


@pytest.mark.parametrize("data, disk_format, code, virtual_size", ROWS)
def test_content_is_judged_as_the_table_says(
    service: Service,
    alice: Person,
    data: bytes,
    disk_format: str,
    code: int,
    virtual_size: int | str | None,
) -> None:
    image_id = alice.create(disk_format=disk_format)["id"]

    assert alice.upload(image_id, data).status_code == code
    image = alice.show(image_id)
    if code == 204:
        wanted = len(data) if virtual_size == SIZE else virtual_size
        assert (image["status"], image["virtual_size"]) == ("active", wanted)
        return
    assert image["status"] == "queued"
    assert [image[name] for name in ("size", "checksum", "os_hash_value")] == [None] * 3
    assert service.blobs() == []


@pytest.mark.parametrize("container", ["ovf", "ova", "docker", "compressed", "ami"])
def test_data_in_a_container_is_not_looked_at(alice: Person, container: str) -> None:
    image_id = alice.create(disk_format="qcow2", container_format=container)["id"]

    assert alice.upload(image_id, b"anything").status_code == 204
    assert alice.show(image_id)["virtual_size"] is None


def test_other_data_can_follow_refused_data(alice: Person) -> None:
    image_id = alice.create(disk_format="qcow2")["id"]
    assert alice.upload(image_id, BACKED).status_code == 415

    assert alice.upload(image_id, disks.qcow2()).status_code == 204
    assert alice.get(f"/v2/images/{image_id}/file").data == disks.qcow2()


class Drops(io.BytesIO):
    """Data that comes byte by byte."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(1)


def test_data_is_judged_alike_however_it_is_cut(alice: Person) -> None:
    image_id = alice.create(disk_format="qcow2")["id"]
    response = alice.put(
        f"/v2/images/{image_id}/file",
        input_stream=Drops(BACKED),
        headers={"Content-Length": str(len(BACKED))},
        content_type="application/octet-stream",
    )

    assert response.status_code == 415
