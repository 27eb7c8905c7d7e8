"""The command ``glance``, which keeps the schemas of a site; hence everything twice."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from deployments import LIMIT, Site
from persons import GlanceUser, Person

pytestmark = pytest.mark.needs("a glance command")
every = pytest.mark.needs("every command")

FORMATS = ("--disk-format", "raw", "--container-format", "bare")


class TestImages:
    def test_create_and_show(self, glance: GlanceUser, owner: Person, tmp_path: Path) -> None:
        file = tmp_path / "data"
        file.write_bytes(b"0123456789")
        name = f"from-glance-{uuid.uuid4().hex}"
        words = ("--name", name, "--file", file, "--property", "os_distro=debian")
        glance.twice("image-create", *words, *FORMATS)

        images = [owner.show(image_id) for image_id in owner.named(name)]
        assert [image["status"] for image in images] == ["active", "active"]
        assert {image["size"] for image in images} == {10}
        assert {image["os_distro"] for image in images} == {"debian"}
        shown = glance.twice("image-show", images[0]["id"]).out
        assert images[0]["checksum"] in shown
        assert name in shown

    def test_list(self, glance: GlanceUser, owner: Person) -> None:
        image_id = owner.image("listed-by-glance", key="value")

        assert image_id in glance.twice("image-list").out
        filters = ("--property-filter", "key=value", "--property-filter", "name=other")
        assert image_id not in glance("image-list", *filters).out

    def test_update(self, glance: GlanceUser, owner: Person) -> None:
        image_id = owner.image("before", tags=["kept"], old="value")
        glance.twice("image-update --name after --min-disk 2 --property a.b=c", image_id)
        image = owner.show(image_id)
        assert (image["name"], image["min_disk"], image["tags"]) == ("after", 2, ["kept"])
        assert image["properties"]["a.b"] == "c"

    @every
    def test_remove_a_property(self, glance: GlanceUser, owner: Person) -> None:
        for _ in range(2):
            image_id = owner.image("before", old="value")
            glance("image-update --remove-property old", image_id)
            assert "old" not in owner.show(image_id)["properties"]

    def test_download(self, glance: GlanceUser, owner: Person, tmp_path: Path) -> None:
        image_id = owner.image("to-download")
        saved = tmp_path / "saved"
        glance.twice("image-download --file", saved, image_id)

        assert saved.read_bytes() == b"0123456789"

    @every
    def test_deactivate_and_reactivate(self, glance: GlanceUser, owner: Person) -> None:
        image_id = owner.image("on-and-off")
        for _ in range(2):
            glance("image-deactivate", image_id)
            assert owner.show(image_id)["status"] == "deactivated"
            glance("image-reactivate", image_id)
            assert owner.show(image_id)["status"] == "active"

    @every
    def test_tags(self, glance: GlanceUser, owner: Person) -> None:
        image_id = owner.image("tagged")
        for _ in range(2):
            glance("image-tag-update", image_id, "new")
            assert owner.show(image_id)["tags"] == ["new"]
            glance("image-tag-delete", image_id, "new")
            assert owner.show(image_id)["tags"] == []

    def test_delete(self, glance: GlanceUser, owner: Person) -> None:
        for name in ("first-by-glance", "second-by-glance"):
            image_id = owner.image(name)
            glance("image-delete", image_id)
            assert owner.named(name) == []


class TestMembers:
    def test_an_offer(self, glance: GlanceUser, owner: Person, site: Site) -> None:
        project = site.project_id("app-team")
        for _ in range(2):
            image_id = owner.image("offered")
            glance("member-create", image_id, project)
            assert owner.answers(image_id) == {project: "pending"}
        listed = glance.twice("member-list --image-id", image_id).out
        assert project in listed
        assert "pending" in listed

    def test_its_answer(self, glance_of_member: GlanceUser, owner: Person, site: Site) -> None:
        image_id, project = owner.image("offered"), site.project_id("app-team")
        owner.share(image_id, "app-team")
        for answer in ("accepted", "rejected"):
            glance_of_member("member-update", image_id, project, answer)
            assert owner.answers(image_id) == {project: answer}


class TestTheService:
    @every
    def test_stores(self, glance: GlanceUser) -> None:
        assert '"id": "local"' in glance.twice("stores-info").out

    @every
    def test_usage(self, glance: GlanceUser) -> None:
        assert "Quota" in glance.twice("usage").out

    @every
    def test_explain(self, glance: GlanceUser) -> None:
        explained = glance.twice("explain image").out

        for name in ("os_hash_value", "visibility", "min_disk", "tags"):
            assert f"| {name} " in explained


class TestRefusals:
    """The client shows the reason that the service gives."""

    def test_404(self, glance: GlanceUser) -> None:
        image_id = str(uuid.uuid4())
        refused = glance("image-show", image_id, ok=False)

        assert f"No image found with ID {image_id}" in refused.err

    def test_403(self, glance: GlanceUser, owner: Person, site: Site) -> None:
        image_id = owner.image("private", visibility="private")
        refused = glance("member-create", image_id, site.project_id("app-team"), ok=False)

        assert f"Only shared images have members; image {image_id} is private" in refused.err

    def test_409(self, glance: GlanceUser, owner: Person, site: Site) -> None:
        image_id, project = owner.image("offered"), site.project_id("app-team")
        owner.share(image_id, "app-team")
        refused = glance("member-create", image_id, project, ok=False)

        assert f"Member {project} is duplicated for image {image_id}" in refused.err

    def test_413(self, glance: GlanceUser, owner: Person) -> None:
        properties = [f"--property=key{number}=value" for number in range(129)]
        refused = glance("image-create --name too-many", *FORMATS, *properties, ok=False)

        assert "image_property_quota allows at most 128 properties" in refused.err
        assert owner.named("too-many") == []

    @pytest.mark.needs("limits")
    def test_413_of_an_upload(self, glance: GlanceUser, owner: Person, tmp_path: Path) -> None:
        image_id = owner.image("too-large-for-glance", data=None)
        large = tmp_path / "large"
        with large.open("wb") as data:
            data.truncate(LIMIT + 1)
        refused = glance("image-upload", image_id, "--file", large, ok=False)

        assert "image_size_cap" in refused.err
        assert owner.show(image_id)["status"] == "queued"
