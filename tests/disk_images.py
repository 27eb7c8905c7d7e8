"""Small files of every format that the service looks for."""

from __future__ import annotations

import struct

SECTOR = 512
MIB = 1 << 20


def padded(data: bytes, size: int = 4 * SECTOR) -> bytes:
    return data + b"\0" * (size - len(data))


def qcow2(
    version: int = 3,
    virtual_size: int = 1 << 30,
    backing: bytes = b"",
    incompatible: int = 0,
) -> bytes:
    """A header as the format's specification lays it out."""
    offset = 112 if backing else 0
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        offset,
        len(backing),
        16,
        virtual_size,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    head += struct.pack(">QQQII", incompatible, 0, 0, 4, 104)
    return padded(padded(head, 112) + backing)


def vhd(virtual_size: int = 8 * MIB) -> bytes:
    """A dynamic disk: the footer stands at the beginning too."""
    head = b"conectix" + struct.pack(
        ">IIQI4sI4sQQ", 2, 0x10000, 512, 0, b"test", 0, b"Wi2k", virtual_size, virtual_size
    )
    return padded(head)


def vdi(virtual_size: int = 8 * MIB) -> bytes:
    data = bytearray(padded(b"<<< Disk Image >>>\n"))
    struct.pack_into("<I", data, 0x40, 0xBEDA107F)
    struct.pack_into("<Q", data, 0x170, virtual_size)
    return bytes(data)


def vmdk(extent: str = 'RW 16 SPARSE "disk.vmdk"', kind: str = "monolithicSparse") -> bytes:
    descriptor = f'# Disk DescriptorFile\nversion=1\ncreateType="{kind}"\n{extent}\n'
    head = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, 16, 128, 1, 20, 512, 0, 0, 128)
    return padded(padded(head, SECTOR) + padded(descriptor.encode(), 20 * SECTOR), 64 * SECTOR)


def vmdk_text(padding: int = 0) -> bytes:
    """A descriptor by itself, which names another file."""
    text = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n'
    return text + b'RW 16 FLAT "/etc/passwd" 0\n' + b"\0" * padding


def iso(table: bytes = b"") -> bytes:
    descriptor = bytearray(2048)
    descriptor[0:7] = b"\x01CD001\x01"
    struct.pack_into("<L", descriptor, 80, 20)
    struct.pack_into("<H", descriptor, 128, 2048)
    return padded(table, 32768) + bytes(descriptor) + b"\0" * 4096


def mbr(kind: int = 0x83, start: int = 2048, boot: int = 0, used: bool = True) -> bytes:
    """The first sector of a disk with one partition."""
    entry = struct.pack("<B3sB3sII", boot, b"\x00\x02\x00", kind, b"\xff\xff\xff", start, 4096)
    return b"\0" * 446 + (entry if used else b"\0" * 16) + b"\0" * 48 + b"\x55\xaa"


def protective() -> bytes:
    """The first sector of a disk with a GPT."""
    return padded(mbr(0xEE, 1), 40 * SECTOR)


def luks(version: int = 1) -> bytes:
    return padded(
        b"LUKS\xba\xbe" + struct.pack(">H", version) + b"\0" * 96 + struct.pack(">I", 1)
    )
