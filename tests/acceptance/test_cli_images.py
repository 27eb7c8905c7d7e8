"""Images come in, are changed and go out again with the command line client."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

import pytest
from deployments import LIMIT, Site
from persons import Person

CLUSTER = 1 << 16


def qcow2(virtual_size: int) -> bytes:
    """An empty disk in the format qcow2, version 3."""
    fields = (b"QFI\xfb", 3, 0, 0, 16, virtual_size, 0, 1, 3 * CLUSTER, CLUSTER, 1, 0, 0)
    header = struct.pack(">4sIQIIQIIQQIIQ", *fields) + struct.pack(">QQQII", 0, 0, 0, 4, 104)
    return header.ljust(4 * CLUSTER, b"\0")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to upload."""
    path = tmp_path / "disk.qcow2"
    path.write_bytes(qcow2(1 << 30))
    return path


class TestCreate:
    def test_from_a_file(self, owner: Person, file: Path) -> None:
        words = "image create --disk-format qcow2 --property os_distro=debian --tag t1 --tag t2"
        created = owner.json(words, "--file", file, "from-a-file")

        image = owner.show(created["id"])
        assert (image["status"], image["name"]) == ("active", "from-a-file")
        assert image["size"] == file.stat().st_size
        assert image["virtual_size"] == 1 << 30
        assert image["checksum"] == hashlib.md5(file.read_bytes()).hexdigest()
        assert image["hash_value"] == hashlib.sha512(file.read_bytes()).hexdigest()
        assert image["os_distro"] == "debian"
        assert sorted(image["tags"]) == ["t1", "t2"]

    def test_from_a_pipe(self, owner: Person) -> None:
        data = random.Random(1).randbytes(3 << 20)
        created = owner.json("image create --disk-format raw from-a-pipe", data=data)

        image = owner.show(created["id"])
        assert (image["status"], image["size"]) == ("active", len(data))
        assert image["checksum"] == hashlib.md5(data).hexdigest()

    @pytest.mark.needs("every command")
    def test_from_empty_input(self, owner: Person) -> None:
        created = owner.json("image create --disk-format raw from-nothing")

        image = owner.show(created["id"])
        assert (image["status"], image["size"]) == ("active", 0)

    @pytest.mark.needs("every command")
    def test_with_a_wrong_size_leaves_nothing(self, owner: Person, file: Path) -> None:
        before = owner.site.blobs()
        size = str(file.stat().st_size + 1)
        words = "image create --disk-format qcow2 wrong-size --file"
        refused = owner.openstack(words, file, "--size", size, ok=False)

        assert f"announced {size} bytes" in refused.err
        assert owner.named("wrong-size") == []
        assert owner.site.blobs() == before

    @pytest.mark.needs("every command")
    def test_of_another_format_than_was_said_leaves_nothing(
        self, owner: Person, file: Path
    ) -> None:
        words = "image create --disk-format vmdk wrong-format --file"
        refused = owner.openstack(words, file, ok=False)

        assert "415" in refused.err
        assert "vmdk" in refused.err
        assert owner.named("wrong-format") == []

    @pytest.mark.needs("limits", "every command")
    def test_of_more_than_the_limit_leaves_nothing(self, owner: Person, tmp_path: Path) -> None:
        large = tmp_path / "large"
        with large.open("wb") as data:
            data.truncate(LIMIT + 1)
        refused = owner.openstack("image create too-large --file", large, ok=False)

        assert "413" in refused.err
        assert "image_size_cap" in refused.err
        assert owner.named("too-large") == []


class TestShowAndSave:
    def test_by_id_all_is_shown(self, owner: Person) -> None:
        image_id = owner.image("shown", tags=["a", "b"], os_distro="debian")
        shown = owner.json("image show", image_id)

        assert shown["id"] == image_id
        assert shown["status"] == "active"
        assert shown["properties"]["os_distro"] == "debian"
        assert sorted(shown["tags"]) == ["a", "b"]

    @pytest.mark.needs("every option")
    @pytest.mark.parametrize("name", ["ubuntu 24.04 (minimal)", "100%25 pure", "a/b"])
    def test_by_any_name(self, owner: Person, tmp_path: Path, name: str) -> None:
        image_id = owner.image(name, data=name)
        saved = tmp_path / "saved"
        owner.openstack("image save", name, "--file", saved)

        assert saved.read_text() == name
        owner.sdk("cloud.image.delete_image(image_id)", image_id=image_id)

    def test_what_is_saved_is_what_was_uploaded(
        self, owner: Person, file: Path, tmp_path: Path
    ) -> None:
        created = owner.json("image create --disk-format qcow2 there-and-back --file", file)
        saved = tmp_path / "saved"
        owner.openstack("image save", created["id"], "--file", saved)

        assert saved.read_bytes() == file.read_bytes()

    @pytest.mark.needs("every option")
    def test_to_standard_output(self, owner: Person) -> None:
        image_id = owner.image("to-stdout")

        assert owner.openstack("image save", image_id).data == b"0123456789"

    @pytest.mark.needs("every option")
    def test_what_does_not_exist(self, owner: Person) -> None:
        refused = owner.openstack("image show no-such-image", ok=False)

        assert "No Image found for no-such-image" in refused.err


class TestSet:
    def test_attributes_tags_and_properties(self, owner: Person) -> None:
        image_id = owner.image("before", tags=["t1"])
        owner.openstack(
            "image set --name after --min-disk 3 --min-ram 64 --tag t2 --property a.b=c",
            *("--property", "empty=", "--os-distro", "debian", "--protected", image_id),
        )

        image = owner.show(image_id)
        assert (image["name"], image["min_disk"], image["min_ram"]) == ("after", 3, 64)
        assert sorted(image["tags"]) == ["t1", "t2"]
        assert image["properties"]["a.b"] == "c"
        assert image["properties"]["empty"] == ""
        assert image["os_distro"] == "debian"
        assert image["is_protected"] is True

    @pytest.mark.needs("every command")
    def test_hidden_is_found_by_name_and_not_listed(self, owner: Person) -> None:
        image_id = owner.image("to-hide")
        owner.openstack("image set --hidden", image_id)

        assert owner.show(image_id)["is_hidden"] is True
        assert owner.named("to-hide") == []
        assert owner.openstack("image show -f value -c id to-hide").out.strip() == image_id

        owner.openstack("image set --unhidden to-hide")
        assert owner.named("to-hide") == [image_id]

    @pytest.mark.needs("every command")
    def test_unset(self, owner: Person) -> None:
        image_id = owner.image("unset", tags=["t1", "t2"], key="value", other="value")
        owner.openstack("image unset --tag t1 --property key", image_id)

        image = owner.show(image_id)
        assert image["tags"] == ["t2"]
        assert "key" not in image["properties"]
        assert image["properties"]["other"] == "value"


class TestDelete:
    def test_by_name_and_id(self, owner: Person, site: Site) -> None:
        before = site.blobs()
        owner.image("first-to-go")
        owner.openstack("image delete first-to-go", owner.image("second-to-go"))

        assert owner.named("first-to-go") == owner.named("second-to-go") == []
        assert site.blobs() == before

    @pytest.mark.needs("every option")
    def test_protected_stays(self, owner: Person) -> None:
        image_id = owner.image("to-stay", is_protected=True)
        refused = owner.openstack("image delete", image_id, ok=False)

        assert "protected" in refused.err
        assert owner.show(image_id)["status"] == "active"
