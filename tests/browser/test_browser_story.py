"""The story that the pages are for: an image is shared, and the other side answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import STRANGERS, Place, Visitor

Visit = Callable[..., Visitor]
Openstack = Callable[..., Any]

SCRIPT = pytest.mark.parametrize(
    "script", [True, False], ids=["with scripts", "without scripts"]
)


@pytest.fixture
def golden(place: Place) -> Iterator[str]:
    """The id of a private image of the platform team, called golden."""
    owner = place.api("platform")
    image_id = owner.active(name="golden", visibility="private")
    yield image_id
    owner.call("DELETE", f"/v2/images/{image_id}")


def go(visitor: Visitor, *links: str) -> None:
    """Follow links by their words, one after the other."""
    for words in links:
        visitor.page.get_by_role("link", name=words, exact=True).first.click()


def press(visitor: Visitor, button: str) -> None:
    visitor.page.get_by_role("button", name=button).click()


def rows(visitor: Visitor) -> list[str]:
    """The rows of the table on the page, as text."""
    return list(visitor.page.locator("tbody tr").all_inner_texts())


def listed(openstack: Openstack, who: str, *words: str) -> list[str]:
    """The ids that the stock client lists."""
    return [image["ID"] for image in openstack(who, "image", "list", *words)]


@SCRIPT
def test_an_image_is_shared_accepted_rejected_and_taken_back(
    visit: Visit, place: Place, openstack: Openstack, golden: str, script: bool
) -> None:
    owner = visit("platform", script=script)
    member = visit("app-team", script=script)
    go(owner, "golden", "Members")
    assert "Only shared images have members" in owner.text

    go(owner, "Visibility")
    owner.page.get_by_label("shared", exact=False).first.check()
    press(owner, "Change the visibility")
    assert "The image is shared now" in owner.text
    go(owner, "Members")
    owner.page.get_by_label("Projects").fill(place.api("app-team").project_id)
    press(owner, "Offer")
    assert "offered to 1 project" in owner.text
    assert "pending" in rows(owner)[0]

    assert golden not in listed(openstack, "app-team")
    member.open("/images")
    member.page.get_by_role("link", name="Offers").click()
    assert "golden" in rows(member)[0]
    assert "platform" in rows(member)[0], "who offers it is named"
    press(member, "Accept golden")
    assert "The offer is accepted" in member.text
    assert "No offer waits" in member.text
    go(member, "Images", "Shared with us")
    assert "golden" in rows(member)[0]
    assert golden in listed(openstack, "app-team")
    shown = openstack("app-team", "image", "show", golden)
    assert (shown["name"], shown["status"]) == ("golden", "active")
    owner.page.reload()
    assert "accepted" in rows(owner)[0]
    assert "app-team" in rows(owner)[0], "who has answered is named"

    member.page.get_by_role("link", name="Offers").click()
    go(member, "Accepted")
    press(member, "Reject golden")
    assert golden not in listed(openstack, "app-team")
    go(member, "Rejected")
    press(member, "Accept golden")
    assert golden in listed(openstack, "app-team")

    press(owner, "Remove app-team")
    assert "not offered to anybody" in owner.text
    assert golden not in listed(openstack, "app-team")
    member.open("/images?tab=shared")
    assert "Nothing is shared" in member.text
    member.expect("status of 404")
    member.open(f"/images/{golden}")
    assert "Not found" in member.text


@SCRIPT
def test_a_community_image_is_found_by_searching_and_used_by_its_id(
    visit: Visit, place: Place, openstack: Openstack, script: bool
) -> None:
    name = f"rocky-for-everybody-{script}"
    image_id = place.api(STRANGERS).active(b"community", name=name, visibility="community")
    assert image_id not in listed(openstack, "app-team")
    visitor = visit("app-team", script=script)

    go(visitor, "Community")
    visitor.page.get_by_label("Name or id").fill("for-every")
    press(visitor, "Search")
    go(visitor, name)

    found = visitor.page.locator(".id code").first.inner_text()
    assert found == image_id
    assert openstack("app-team", "image", "show", found)["name"] == name
    with visitor.page.expect_download() as download:
        press(visitor, "Download")
    assert download.value.path().read_bytes() == b"community"
    assert download.value.suggested_filename == f"{name}.raw"


def test_the_id_is_copied_with_a_button(visit: Visit, place: Place, golden: str) -> None:
    visitor = visit("platform", permissions=["clipboard-read", "clipboard-write"])
    visitor.open(f"/images/{golden}")

    press(visitor, "Copy")

    visitor.page.get_by_role("button", name="Copied").wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == golden


def test_offering_and_accepting_needs_no_mouse(visit: Visit, place: Place, golden: str) -> None:
    owner, member = visit("platform"), visit("app-team")
    place.api("platform").http.request(
        "PATCH",
        f"/v2/images/{golden}",
        '[{"op": "replace", "path": "/visibility", "value": "shared"}]',
        **{"Content-Type": "application/openstack-images-v2.1-json-patch"},
    )
    owner.open(f"/images/{golden}")

    walk(owner, "Members")
    walk_to(owner, "projects")
    owner.page.keyboard.type(place.api("app-team").project_id)
    walk(owner, "Offer", key="Enter", role="button")
    assert "pending" in rows(owner)[0]
    member.open("/images")
    walk(member, "Offers")
    walk(member, "Accept golden", role="button")
    assert "The offer is accepted" in member.text
    owner.open("/images")
    owner.page.keyboard.press("Tab")
    assert owner.page.evaluate("document.activeElement.className") == "skip"


def walk_to(visitor: Visitor, element_id: str) -> None:
    """Press Tab until the element has the focus, which must be visible."""
    _tab_until(visitor, f"document.activeElement.id === '{element_id}'")


def walk(visitor: Visitor, words: str, key: str = "Enter", role: str = "link") -> None:
    """Press Tab until the link or button has the focus, then the key; wait for what follows."""
    tag = {"link": "A", "button": "BUTTON"}[role]
    _tab_until(
        visitor,
        f"document.activeElement.tagName === '{tag}' && "
        f"document.activeElement.textContent.trim().startsWith('{words}')",
    )
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press(key)


def _tab_until(visitor: Visitor, condition: str) -> None:
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(condition):
            style = visitor.page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle + "
                "getComputedStyle(document.activeElement).boxShadow"
            )
            assert style != "nonenone", "the focus cannot be seen"
            return
    raise AssertionError(f"Tab never led to where {condition}")


@SCRIPT
def test_a_property_is_chosen_among_the_names_that_are_known(
    visit: Visit, place: Place, golden: str, script: bool
) -> None:
    place.operate("metadefs", "load")
    owner = visit("platform", script=script)
    go(owner, "golden", "Properties")

    owner.page.get_by_text("Watchdog Behavior").click()
    go(owner, "hw_watchdog_action")
    owner.page.get_by_label("Value", exact=True).select_option("reset")
    press(owner, "Add")

    assert "hw_watchdog_action is saved" in owner.text
    image = place.api("platform").call("GET", f"/v2/images/{golden}")
    assert image["hw_watchdog_action"] == "reset"
    press(owner, "Remove hw_watchdog_action")
    assert "This image has no properties" in owner.text
