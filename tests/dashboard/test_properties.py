"""The page on which the custom properties of an image are changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from metadef_catalog import Catalog

HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}}${7*7}",
    "javascript:alert(1)",
    "a\u2028b\u202ec",
)

BUS = {
    "title": "Disk bus",
    "description": "How the disk is attached",
    "type": "string",
    "enum": ["ide", "scsi", "virtio"],
}
CORES = {"title": "Cores", "type": "integer", "minimum": 1, "maximum": 8}

PROTECTION = """
[^locked]
create = admin
read = @
update = admin
delete = admin
[^secret]
create = admin
read = admin
update = admin
delete = admin
[.*]
create = @
read = @
update = @
delete = @
"""


def define(root: Any, properties: dict[str, Any]) -> None:
    """Say what properties of images mean, with the prefix hw_."""
    Catalog(root.api).make(
        "HW",
        display_name="Virtual hardware",
        visibility="public",
        properties=properties,
        resource_type_associations=[{"name": "OS::Glance::Image", "prefix": "hw_"}],
    )


def page(person: Any, image: dict[str, Any]) -> Any:
    return person.browser.open(f"/dashboard/images/{image['id']}/properties")


def control(visitor: Any, field: str) -> Any:
    [found] = visitor.page.xpath("//main//*[@id=$id]", id=field)
    return found


def options(visitor: Any, field: str) -> list[str]:
    return [" ".join(each.text_content().split()) for each in control(visitor, field)]


def first_words(visitor: Any) -> list[str]:
    return [row.split()[0] for row in visitor.rows()]


def test_a_property_is_added_changed_and_removed(olga: Any) -> None:
    image = olga.api.create()

    visitor = page(olga, image)
    assert "has no properties" in visitor.text
    visitor.press("Add", name="os_distro", value="debian")
    assert olga.api.show(image["id"])["os_distro"] == "debian"
    visitor.press("Save", near="os_distro", value="alma")
    assert olga.api.show(image["id"])["os_distro"] == "alma"
    visitor.press("Remove", near="os_distro")

    assert "os_distro" not in olga.api.show(image["id"])
    assert "os_distro is removed" in visitor.text


def test_every_property_is_shown_but_those_of_the_service(olga: Any) -> None:
    image = olga.api.create(os_distro="debian", description="golden")
    olga.api.stage(image["id"])
    olga.api.import_(image["id"])
    assert any(name.startswith("os_glance") for name in olga.api.show(image["id"]))

    assert first_words(page(olga, image)) == ["description", "os_distro"]


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("", 400, "Say the name"),
        ("os_glance_mine", 403, "os_glance_mine"),
        ("min_disk", 400, "part of every image"),
        ("self", 400, "part of every image"),
        ("x" * 256, 400, "255 characters"),
        ("os_distro", 409, "os_distro"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_what_was_typed_stays(
    olga: Any, name: str, status: int, words: str
) -> None:
    image = olga.api.create(os_distro="debian")

    visitor = page(olga, image).press("Add", name=name, value="typed")

    assert visitor.status == status
    assert words in visitor.text
    assert control(visitor, "name").get("value") == name
    assert control(visitor, "value").get("value") == "typed"
    shown = olga.api.show(image["id"])
    assert shown["os_distro"] == "debian" and "typed" not in shown.values()


def test_values_are_text_whatever_is_in_them(olga: Any) -> None:
    image = olga.api.create(**{text: text for text in HOSTILE})

    visitor = page(olga, image)

    for text in HOSTILE:
        assert text in visitor.page.find(".//main").text_content()
        assert text in [field.get("value") for field in visitor.page.iter("input")]
    assert not visitor.page.xpath("//main//script | //main//svg")
    visitor.press("Remove", near=HOSTILE[0])
    assert HOSTILE[0] not in olga.api.show(image["id"])


@pytest.mark.parametrize("value", ["first\nsecond", "\nfirst\n", "a" * 200, " blank "])
def test_a_value_that_is_saved_as_it_is_stays_as_it_is(olga: Any, value: str) -> None:
    image = olga.api.create(note=value)

    page(olga, image).press("Save", near="note")

    assert olga.api.show(image["id"])["note"] == value


def test_names_that_are_known_are_offered_with_their_meaning(olga: Any, root: Any) -> None:
    define(root, {"disk_bus": BUS, "cores": CORES})
    image = olga.api.create(hw_cores="2")

    visitor = page(olga, image)

    offered = visitor.page.xpath("//datalist[@id='known']/option/@value")
    assert offered == ["hw_disk_bus"]
    assert "Disk bus How the disk is attached One of ide, scsi, virtio." in visitor.text
    [row] = visitor.rows()
    assert "Cores A number from 1 to 8." in row
    field = control(visitor, "value-1")
    assert (field.get("type"), field.get("min"), field.get("max")) == ("number", "1", "8")


def test_a_known_name_that_is_chosen_offers_the_values_it_may_have(
    olga: Any, root: Any
) -> None:
    define(root, {"disk_bus": BUS})
    image = olga.api.create()

    visitor = page(olga, image).follow("hw_disk_bus")
    assert options(visitor, "value") == ["ide", "scsi", "virtio"]
    visitor.press("Add", value="scsi")

    assert olga.api.show(image["id"])["hw_disk_bus"] == "scsi"
    visitor.press("Save", near="hw_disk_bus", value="virtio")
    assert olga.api.show(image["id"])["hw_disk_bus"] == "virtio"


@pytest.mark.parametrize("value", ["nvme", ""])
def test_a_value_that_is_not_among_the_known_ones_is_kept(
    olga: Any, root: Any, value: str
) -> None:
    define(root, {"disk_bus": BUS})
    image = olga.api.create(hw_disk_bus=value)

    visitor = page(olga, image)
    first, *others = options(visitor, "value-1")
    assert first == f"{value or 'empty'} (not among the known values)"
    assert others == BUS["enum"]
    visitor.press("Save", near="hw_disk_bus")

    assert olga.api.show(image["id"])["hw_disk_bus"] == value


@pytest.mark.parametrize("visibility", ["community", "shared"])
def test_who_may_not_change_the_image_sees_its_properties_only(
    olga: Any, adam: Any, rita: Any, visibility: str
) -> None:
    image = olga.api.create(os_distro="debian", visibility=visibility)
    if visibility == "shared":
        olga.api.share(image["id"], adam.project_id)

    for person in (adam, rita):
        visitor = page(person, image)
        assert "debian" in visitor.rows()[0]
        assert visitor.buttons() == ["Copy id " + image["id"]]
        form = {"csrf_token": visitor.value("csrf_token"), "name": "os_distro", "value": "x"}
        for path in ("properties", "properties/remove"):
            address = f"/dashboard/images/{image['id']}/{path}"
            assert visitor.client.post(address, data=form).status_code == 403
    assert olga.api.show(image["id"])["os_distro"] == "debian"


def test_an_image_that_is_not_to_be_seen_has_no_such_page(olga: Any, adam: Any) -> None:
    image = olga.api.create(visibility="private", os_distro="debian")

    assert page(adam, image).status == 404


class TestWithLimits:
    """One property more is too many."""

    @pytest.fixture
    def service(self, make_service: Any) -> Any:
        return make_service(image_property_quota=1)

    def test_more_properties_are_refused_with_the_limit(self, olga: Any) -> None:
        image = olga.api.create(os_distro="debian")

        visitor = page(olga, image).press("Add", name="second", value="typed")

        assert visitor.status == 413
        assert "image_property_quota" in visitor.text
        assert control(visitor, "value").get("value") == "typed"


class TestWithProtections:
    """Some properties are for administrators to change, some even to see."""

    @pytest.fixture
    def service(self, make_service: Any, tmp_path: Path) -> Any:
        path = tmp_path / "protections.conf"
        path.write_text(PROTECTION)
        return make_service(property_protection_file=str(path))

    @pytest.fixture
    def image(self, someone: Any) -> Any:
        given = {"locked": "fixed", "secret": "classified", "free": "x"}
        return someone("platform", "admin").api.create(description="words", **given)

    def test_they_are_not_offered_for_change_or_not_shown(self, olga: Any, image: Any) -> None:
        visitor = page(olga, image)

        assert first_words(visitor) == ["description", "free", "locked"]
        assert "The operator has protected" in visitor.rows()[2]
        assert "classified" not in visitor.response.text
        assert "Save locked" not in visitor.buttons()
        overview = olga.browser.open(f"/dashboard/images/{image['id']}")
        assert "fixed" in overview.text
        assert "classified" not in overview.response.text

    @pytest.mark.parametrize("name", ["locked", "secret"])
    def test_asking_for_it_all_the_same_is_refused(
        self, olga: Any, root: Any, image: Any, name: str
    ) -> None:
        visitor = page(olga, image).press("Save", near="free", name=name, value="mine")

        assert visitor.status in (403, 409)
        assert name in visitor.text
        shown = root.api.show(image["id"])
        assert (shown["locked"], shown["secret"]) == ("fixed", "classified")
