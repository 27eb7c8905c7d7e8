"""Scripts that use openstacksdk, in every deployment."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from deployments import Site
from persons import Person
from terminal import SdkError

CREATE = """
    image = cloud.create_image(
        name, filename=path, disk_format="raw", validate_checksum=True, wait=True
    )
    return image.to_dict()
"""


class TestCreateImage:
    def test_a_second_time_uploads_nothing(self, owner: Person, tmp_path: Path) -> None:
        file = tmp_path / "data"
        file.write_bytes(b"once" * 1000)
        first = owner.sdk(CREATE, name="once", path=file)
        blobs = owner.site.blobs()
        second = owner.sdk(CREATE, name="once", path=file)

        assert first["status"] == "active"
        assert first["checksum"] == hashlib.md5(file.read_bytes()).hexdigest()
        assert second["id"] == first["id"]
        assert owner.named("once") == [first["id"]]
        assert owner.site.blobs() == blobs

    def test_with_other_data_makes_another_image(self, owner: Person, tmp_path: Path) -> None:
        file = tmp_path / "data"
        ids = []
        for text in ("one", "two"):
            file.write_text(text)
            ids.append(owner.sdk(CREATE, name="changing", path=file)["id"])

        assert sorted(owner.named("changing")) == sorted(ids)
        assert len(set(ids)) == 2


class TestUpdateImage:
    def test_tags(self, owner: Person) -> None:
        image_id = owner.image("tagged", tags=["old"])
        script = "cloud.image.update_image(image_id, tags=tags)"
        owner.sdk(script, image_id=image_id, tags=["a", "b"])

        assert sorted(owner.show(image_id)["tags"]) == ["a", "b"]

    def test_tags_within_their_list_are_refused_with_the_reason(self, owner: Person) -> None:
        image_id = owner.image("tagged", tags=["old"])
        script = """
            image = cloud.image.get_image(image_id)
            cloud.image.update_image(image, tags=["old", "new"])
        """
        with pytest.raises(SdkError, match="only locations have any") as refused:
            owner.sdk(script, image_id=image_id)

        assert refused.value.status == 400
        assert owner.show(image_id)["tags"] == ["old"]

    def test_all_properties_at_once(self, owner: Person) -> None:
        image_id = owner.image("with-properties", one="1", two="2")
        script = """
            image = cloud.image.get_image(image_id)
            properties = {**image.properties, "two": "II", "a.b": "c"}
            del properties["one"]
            cloud.image.update_image(image, name="renamed", properties=properties)
        """
        owner.sdk(script, image_id=image_id)

        image = owner.show(image_id)
        assert image["name"] == "renamed"
        assert {"two": "II", "a.b": "c"}.items() <= image["properties"].items()
        assert "one" not in image["properties"]


class TestDownloadImage:
    DATA = "0123456789" * 100_000

    def test_as_a_stream(self, owner: Person) -> None:
        image_id = owner.image("streamed", data=self.DATA)
        script = """
            import hashlib
            found = hashlib.sha256()
            for block in cloud.image.download_image(image_id, stream=True).iter_content(65536):
                found.update(block)
            return found.hexdigest()
        """
        digest = hashlib.sha256(self.DATA.encode()).hexdigest()

        assert owner.sdk(script, image_id=image_id) == digest

    def test_to_a_file_and_verified(self, owner: Person, tmp_path: Path) -> None:
        image_id = owner.image("saved", data=self.DATA)
        script = "cloud.image.download_image(image_id, output=path)"
        owner.sdk(script, image_id=image_id, path=tmp_path / "saved")

        assert (tmp_path / "saved").read_text() == self.DATA


@pytest.mark.parametrize(
    "name", ["ubuntu 24.04 (minimal)", "100%25 pure", "a/b", "Grüße?#&", "v2/images"]
)
def test_an_image_is_found_by_any_name(owner: Person, name: str) -> None:
    image_id = owner.image(name)
    script = "return cloud.image.find_image(name, ignore_missing=False).id"

    assert owner.sdk(script, name=name) == image_id
    owner.sdk("cloud.image.delete_image(image_id)", image_id=image_id)


@pytest.fixture(scope="session")
def listed(site: Site) -> list[str]:
    """Five images with the tag ``listed``, the first also with ``first``."""
    owner = Person(site, "admin")
    images = [owner.image(f"image-{number}", tags=["listed"]) for number in range(5)]
    owner.sdk("cloud.image.add_tag(image, 'first')", image=images[0])
    return images


class TestLists:
    @staticmethod
    def found(person: Person, **query: Any) -> list[str]:
        script = "return [image.id for image in cloud.image.images(**query)]"
        return list(person.sdk(script, query={"tag": ["listed"], **query}))

    def test_are_complete_whatever_the_size_of_a_page(
        self, admin: Person, listed: list[str]
    ) -> None:
        for limit in (1, 2, 5, 6):
            assert sorted(self.found(admin, limit=limit)) == sorted(listed)

    def test_begin_after_a_marker(self, admin: Person, listed: list[str]) -> None:
        found = self.found(admin, sort="name:asc")

        assert found == listed
        assert self.found(admin, sort="name:asc", marker=listed[1]) == listed[2:]

    @pytest.mark.parametrize(
        "query, indexes",
        [
            ({"tag": ["listed", "first"]}, [0]),
            ({"name": "image-3"}, [3]),
            ({"name": "in:image-1,image-2"}, [1, 2]),
            ({"status": "queued"}, []),
            ({"visibility": "shared"}, [0, 1, 2, 3, 4]),
            ({"visibility": "community"}, []),
            ({"size_min": 11}, []),
            ({"sort": "name:desc"}, [4, 3, 2, 1, 0]),
        ],
        ids=str,
    )
    def test_hold_what_was_asked_for(
        self, admin: Person, listed: list[str], query: dict[str, Any], indexes: list[int]
    ) -> None:
        found = self.found(admin, **query)

        wanted = [listed[index] for index in indexes]
        assert found == wanted if "sort" in query else sorted(found) == sorted(wanted)

    def test_of_a_project(self, admin: Person, listed: list[str], site: Site) -> None:
        assert sorted(self.found(admin, owner=site.project_id("admin"))) == sorted(listed)
        assert self.found(admin, owner=site.project_id("app-team")) == []


def test_images_are_deactivated_and_reactivated(owner: Person) -> None:
    image_id = owner.image("deactivated")
    owner.sdk("cloud.image.deactivate_image(image_id)", image_id=image_id)
    assert owner.show(image_id)["status"] == "deactivated"

    owner.sdk("cloud.image.reactivate_image(image_id)", image_id=image_id)
    assert owner.show(image_id)["status"] == "active"


def test_tags_are_added_and_removed(owner: Person) -> None:
    image_id = owner.image("tagged")
    script = "cloud.image.add_tag(image_id, 'one'); cloud.image.add_tag(image_id, 'a b')"
    owner.sdk(script, image_id=image_id)
    assert sorted(owner.show(image_id)["tags"]) == ["a b", "one"]

    owner.sdk("cloud.image.remove_tag(image_id, 'one')", image_id=image_id)
    assert owner.show(image_id)["tags"] == ["a b"]


@pytest.mark.parametrize("answer", ["accepted", "rejected", "pending"])
def test_an_offer_is_answered(owner: Person, member: Person, answer: str) -> None:
    image_id, project = owner.image("offered"), owner.site.project_id("app-team")
    owner.share(image_id, "app-team")
    script = "cloud.image.update_member(project, image_id, status=answer)"
    member.sdk(script, project=project, image_id=image_id, answer=answer)

    assert owner.answers(image_id) == {project: answer}


def test_a_deleted_image_is_gone(owner: Person) -> None:
    image_id = owner.image("deleted")
    script = "return cloud.delete_image(image_id, wait=True)"

    assert owner.sdk(script, image_id=image_id) is True
    with pytest.raises(SdkError) as missing:
        owner.show(image_id)
    assert missing.value.status == 404
    assert image_id in str(missing.value)


def test_the_stores_are_known(owner: Person) -> None:
    assert owner.sdk("return [store.id for store in cloud.image.stores()]") == ["local"]
