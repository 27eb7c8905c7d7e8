"""What is done to imported data before it is stored."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service
from web_source import message

MIB = 1 << 20
CONTENT = b"raw data " * 1000

needs_qemu_img = pytest.mark.skipif(
    shutil.which("qemu-img") is None, reason="qemu-img (package qemu-utils) is not installed"
)


def plugged(make_service: Any, *plugins: str, **sections: Any) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file"},
        image_import_opts={"image_import_plugins": list(plugins)},
        **{"image_size_cap": 16 * MIB, **sections},
    )


def imported(service: Service, person: Person, data: bytes, **values: Any) -> dict[str, Any]:
    image_id = person.create(**values)["id"]
    assert person.stage(image_id, data).status_code == 204
    assert person.import_(image_id).status_code == 202
    service.work()
    assert service.staged() == []
    return person.show(image_id)


def data_of(person: Person, image: dict[str, Any]) -> bytes:
    response = person.get(f"/v2/images/{image['id']}/file")
    assert response.status_code == 200
    return bytes(response.data)


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return file.getvalue()


class TestInject:
    @pytest.fixture
    def service(self, make_service: Any) -> Service:
        return plugged(
            make_service,
            "inject_image_metadata",
            inject_metadata_properties={"inject": {"origin": "import", "os_glance_x": "no"}},
        )

    def test_69_a_members_import_gets_the_properties(
        self, service: Service, alice: Person
    ) -> None:
        image = imported(service, alice, CONTENT, origin="mine", other="kept")

        assert (image["origin"], image["other"]) == ("import", "kept")
        assert "os_glance_x" not in image

    def test_69_an_administrators_does_not(self, service: Service) -> None:
        assert "origin" not in imported(service, service.person("p1", "admin"), CONTENT)

    def test_69_an_upload_does_not(self, alice: Person) -> None:
        assert "origin" not in alice.active()

    def test_a_copy_does_not(self, service: Service, alice: Person) -> None:
        image_id = alice.active()["id"]
        boss = service.person("p1", "admin")
        boss.import_(image_id, "copy-image", stores=["cheap"])
        service.work()

        assert "origin" not in alice.show(image_id)


class TestDecompression:
    @pytest.fixture
    def service(self, make_service: Any) -> Service:
        return plugged(make_service, "image_decompression")

    @pytest.mark.parametrize(
        "packed",
        [gzip.compress(CONTENT), zipped("disk.raw"), CONTENT],
        ids=["gzip", "zip", "raw"],
    )
    def test_68_what_is_packed_is_unpacked(
        self, service: Service, alice: Person, packed: bytes
    ) -> None:
        image = imported(service, alice, packed)

        assert (image["status"], image["size"]) == ("active", len(CONTENT))
        assert data_of(alice, image) == CONTENT

    def test_68_a_compressed_container_stays_packed(
        self, service: Service, alice: Person
    ) -> None:
        packed = gzip.compress(CONTENT)
        image = imported(service, alice, packed, container_format="compressed")

        assert data_of(alice, image) == packed

    @pytest.mark.parametrize(
        "packed",
        [
            zipped("a", "b"),
            zipped(),
            gzip.compress(CONTENT)[:-9],
            gzip.compress(CONTENT)[:30] + b"x" * 50,
            zipped("a")[:-30],
            b"\x1f\x8b\x08",
            b"PK\x03\x04",
            b"xx-lh5-" + b"x" * 100,
        ],
        ids=["two", "none", "short", "broken", "short-zip", "head", "zip-head", "lha"],
    )
    def test_68_what_is_not_sound_fails(
        self, service: Service, alice: Person, packed: bytes
    ) -> None:
        image = imported(service, alice, packed)

        if packed == zipped():  # An empty archive begins otherwise, and is no archive here.
            assert image["size"] == len(packed)
            return
        assert image["status"] == "queued"
        assert "image_decompression" in message(alice, image["id"])
        assert service.blobs() == []

    @pytest.mark.parametrize("packing", ["gzip", "zip"])
    def test_a_bomb_is_bounded(self, service: Service, alice: Person, packing: str) -> None:
        file = io.BytesIO()
        if packing == "gzip":
            file.write(gzip.compress(b"\0" * 17 * MIB))
        else:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("x", b"\0" * 17 * MIB)
        image = imported(service, alice, file.getvalue())

        assert image["status"] == "queued"
        assert "at most" in message(alice, image["id"])
        assert service.blobs() == []


@needs_qemu_img
class TestConversion:
    @pytest.fixture
    def make(self, tmp_path: Path) -> Any:
        """``make("qcow2", …)``: an image of 4 MiB that begins with known data."""

        def made(disk_format: str, *options: str) -> bytes:
            raw, file = tmp_path / "raw", tmp_path / f"image.{disk_format}"
            raw.write_bytes((CONTENT * 500)[: 4 * MIB])
            command = ["qemu-img", "convert", "-f", "raw", "-O", disk_format, *options]
            subprocess.run([*command, raw, file], check=True)
            return file.read_bytes()

        return made

    def service(self, make_service: Any, output: str = "raw") -> Service:
        return plugged(
            make_service, "image_conversion", image_conversion={"output_format": output}
        )

    @pytest.mark.parametrize(
        "given, name, options",
        [
            ("qcow2", "qcow2", ()),
            ("vmdk", "vmdk", ("-o", "subformat=streamOptimized")),
            ("vhd", "vpc", ()),
            ("vhdx", "vhdx", ()),
            ("vdi", "vdi", ()),
        ],
    )
    def test_67_data_is_converted(
        self, make_service: Any, make: Any, given: str, name: str, options: Any
    ) -> None:
        service = self.service(make_service)
        alice = service.person("p1", "member")
        image = imported(service, alice, make(name, *options), disk_format=given)

        assert image["status"] == "active", message(alice, image["id"])
        assert (image["disk_format"], image["container_format"]) == ("raw", "bare")
        assert image["size"] >= 4 * MIB
        assert image["virtual_size"] >= 4 * MIB
        assert data_of(alice, image)[: len(CONTENT)] == CONTENT

    @pytest.mark.parametrize("output", ["qcow2", "vmdk"])
    def test_raw_data_is_converted_too(
        self, make_service: Any, tmp_path: Path, output: str
    ) -> None:
        service = self.service(make_service, output)
        alice = service.person("p1", "member")
        raw = (CONTENT * 500)[: 4 * MIB]
        image = imported(service, alice, raw)
        back = tmp_path / "back"
        converted = tmp_path / "converted"
        converted.write_bytes(data_of(alice, image))
        command = ["qemu-img", "convert", "-f", output, "-O", "raw"]
        subprocess.run([*command, converted, back], check=True)

        assert image["disk_format"] == output
        assert back.read_bytes() == raw

    def test_what_has_the_format_stays_as_it_is(self, make_service: Any, make: Any) -> None:
        service = self.service(make_service, "qcow2")
        alice = service.person("p1", "member")
        data = make("qcow2")
        image = imported(service, alice, data, disk_format="qcow2")

        assert data_of(alice, image) == data
        assert image["virtual_size"] == 4 * MIB

    def test_67_what_is_labelled_otherwise_fails(self, make_service: Any, make: Any) -> None:
        service = self.service(make_service)
        alice = service.person("p1", "member")
        image = imported(service, alice, make("qcow2"), disk_format="raw")

        assert (image["status"], image["os_glance_failed_import"]) == ("queued", "fast")
        assert "qcow2" in message(alice, image["id"])
        assert service.blobs() == []

    @pytest.mark.parametrize("kind", ["backing", "data-file", "flat"])
    def test_data_that_refers_to_other_files_fails(
        self, make_service: Any, tmp_path: Path, kind: str
    ) -> None:
        service = self.service(make_service)
        alice = service.person("p1", "member")
        secret = tmp_path / "secret"
        secret.write_bytes(b"secret " * MIB)
        file, create = tmp_path / "bad", ["qemu-img", "create", "-q", "-f", "qcow2"]
        if kind == "backing":
            options = ["-b", secret, "-F", "raw", file]
            subprocess.run([*create, *options], check=True)
        elif kind == "data-file":
            options = ["-o", f"data_file={tmp_path / 'data'}", file, "4M"]
            subprocess.run([*create, *options], check=True)
        else:
            flat = ["-f", "vmdk", "-o", "subformat=monolithicFlat", file, "4M"]
            subprocess.run(["qemu-img", "create", "-q", *flat], check=True)
        given = "vmdk" if kind == "flat" else "qcow2"
        image = imported(service, alice, file.read_bytes(), disk_format=given)

        assert image["status"] == "queued"
        assert "image_conversion" in message(alice, image["id"])
        assert service.blobs() == []
        assert list(Path(service.deployment.stores.staging.root).rglob("*.converted")) == []

    def test_unpacked_and_converted(self, make_service: Any, make: Any) -> None:
        service = plugged(make_service, "image_decompression", "image_conversion")
        alice = service.person("p1", "member")
        image = imported(service, alice, gzip.compress(make("qcow2")), disk_format="qcow2")

        assert (image["status"], image["disk_format"], image["size"]) == (
            "active",
            "raw",
            4 * MIB,
        )


def test_without_qemu_img_the_import_fails(
    make_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    service = plugged(make_service, "image_conversion")
    alice = service.person("p1", "member")
    image = imported(service, alice, CONTENT)

    assert image["status"] == "queued"
    assert "qemu-img is not installed" in message(alice, image["id"])
