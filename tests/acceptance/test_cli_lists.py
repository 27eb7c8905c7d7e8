"""Lists of images with the command line client."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from deployments import Site
from persons import Person

pytestmark = pytest.mark.needs("every option")

NAMES = [f"listed-{number}" for number in range(7)]


@pytest.fixture(scope="session")
def tag() -> str:
    """What the images of these tests have in common."""
    return uuid.uuid4().hex


@pytest.fixture(scope="session")
def listed(site: Site, tag: str) -> Iterator[dict[str, str]]:
    """Seven images by name; the last one is hidden, the first has another tag too."""
    owner = Person(site, "platform")
    images = {name: owner.image(name, tags=[tag], number=name[-1]) for name in NAMES}
    script = """
        cloud.image.add_tag(first, "first")
        cloud.image.update_image(last, is_hidden=True)
    """
    owner.sdk(script, first=images[NAMES[0]], last=images[NAMES[-1]])
    yield images
    script = "for image in images: cloud.image.delete_image(image)"
    owner.sdk(script, images=list(images.values()))


def names(person: Person, *options: str) -> list[str]:
    return [row["Name"] for row in person.json("image list", *options)]


class TestAList:
    def test_is_sorted_by_name_and_lacks_the_hidden(
        self, owner: Person, listed: dict[str, str], tag: str
    ) -> None:
        assert names(owner, "--tag", tag) == NAMES[:-1]

    def test_of_hidden_images(self, owner: Person, listed: dict[str, str], tag: str) -> None:
        assert names(owner, "--tag", tag, "--hidden") == NAMES[-1:]

    def test_goes_page_by_page(self, owner: Person, listed: dict[str, str], tag: str) -> None:
        # The client sorts what it prints; a page ends where the service says.
        script = "return [image.id for image in cloud.image.images(tag=tag)]"
        in_order = owner.sdk(script, tag=tag)
        words = ("image list --limit 2 --tag", tag)

        assert set(owner.ids(*words)) == set(in_order[:2])
        assert set(owner.ids(*words, "--marker", in_order[1])) == set(in_order[2:4])
        assert set(owner.ids(*words, "--marker", in_order[4])) == set(in_order[5:])

    def test_of_so_many_at_most(self, owner: Person, listed: dict[str, str], tag: str) -> None:
        assert len(names(owner, "--tag", tag, "--max-items", "5")) == 5

    def test_of_what_has_all_tags(
        self, owner: Person, listed: dict[str, str], tag: str
    ) -> None:
        assert names(owner, "--tag", tag, "--tag", "first") == NAMES[:1]

    def test_of_a_project(self, admin: Person, listed: dict[str, str], tag: str) -> None:
        assert names(admin, "--tag", tag, "--project", "platform") == NAMES[:-1]
        assert names(admin, "--tag", tag, "--project", "app-team") == []

    def test_sorted_another_way(self, owner: Person, listed: dict[str, str], tag: str) -> None:
        assert names(owner, "--tag", tag, "--sort", "name:desc") == NAMES[-2::-1]

    def test_of_everything_there_is(
        self, admin: Person, listed: dict[str, str], tag: str
    ) -> None:
        assert names(admin, "--all", "--tag", tag) == NAMES[:-1]

    def test_by_name_status_and_property(
        self, owner: Person, listed: dict[str, str], tag: str
    ) -> None:
        options = ["--tag", tag, "--status", "active"]
        assert names(owner, *options, "--name", NAMES[3]) == [NAMES[3]]
        assert names(owner, *options, "--property", "number=4") == [NAMES[4]]

    def test_long(self, owner: Person, listed: dict[str, str], tag: str, site: Site) -> None:
        (row,) = owner.json("image list --long --tag first --tag", tag)

        assert row["ID"] == listed[NAMES[0]]
        assert (row["Size"], row["Visibility"]) == (10, "shared")
        assert row["Project"] == site.project_id("platform")
        assert row["Checksum"] == owner.show(row["ID"])["checksum"]

    def test_of_stores(self, owner: Person) -> None:
        (store,) = owner.json("image stores list")

        assert (store["ID"], store["Default"]) == ("local", True)
