"""Data on its way from a browser: watched, cancelled, refused, sent again; and from the web."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import Place, Visitor
from terminal import until
from web import DATA, MIB, Web

SIZE = 48 * MIB
SLOW = 2 * MIB

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk on the computer of the person."""
    path = tmp_path_factory.mktemp("computer") / "tumbleweed.raw"
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return path


def fill(visitor: Visitor, file: Path, name: str = "", disk_format: str = "") -> None:
    """Fill the form for a new image."""
    visitor.open("/images/new")
    page = visitor.page
    page.get_by_label("File", exact=True).set_input_files(file)
    if name:
        page.get_by_label("Name").fill(name)
    if disk_format:
        page.get_by_label("Disk format").select_option(disk_format)


def upload(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Create image").click()


def words(visitor: Visitor, expected: str) -> None:
    """Wait until the section about the transfer says so."""
    visitor.page.locator(".transfer .words", has_text=expected).wait_for()


def image_id_of(visitor: Visitor) -> str:
    """The image whose page is shown; waits for it."""
    pattern = re.compile(r".*/dashboard/images/([0-9a-f-]{36})$")
    visitor.page.wait_for_url(pattern)
    found = pattern.match(visitor.page.url)
    assert found
    return found[1]


def only(place: Place, name: str) -> dict[str, Any]:
    """The one image of this name."""
    [image] = place.api("platform").call("GET", f"/v2/images?name={name}")["images"]
    return dict(image)


def slow_down(visitor: Visitor, bytes_per_second: int) -> Callable[[], None]:
    """Let the person have a slow line; gives what ends that."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")

    def set_rate(rate: int) -> None:
        devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": rate,
            },
        )

    set_rate(bytes_per_second)
    return lambda: set_rate(-1)


def test_an_upload_is_watched_cancelled_and_sent_again_without_filling_the_form(
    visit: Visit, place: Place, file: Path, shown: Path
) -> None:
    visitor = visit("platform")
    fill(visitor, file)
    assert visitor.page.get_by_label("Name").input_value() == "tumbleweed"
    assert visitor.page.get_by_label("Disk format").input_value() == "raw"
    quicken = slow_down(visitor, SLOW)

    upload(visitor)
    figures = visitor.page.locator(".figures", has_text="left")
    figures.wait_for()
    assert re.fullmatch(
        r"[\d.]+ \w+ of 48\.0 MiB · [\d.]+ \w+/s · .+ left", figures.inner_text()
    )
    bar = visitor.page.get_by_role("progressbar")
    until(lambda: 0 < float(bar.get_attribute("value") or 0) < 1, "some of it is sent")
    visitor.page.screenshot(path=shown / "upload-at-work.png")
    assert only(place, "tumbleweed")["status"] == "saving"
    visitor.page.get_by_role("button", name="Cancel").click()
    words(visitor, "Cancelled. Nothing of the data was kept.")
    until(lambda: only(place, "tumbleweed")["status"] == "queued", "the image waits for data")

    quicken()
    visitor.page.get_by_role("button", name="Try again").click()
    image_id = image_id_of(visitor)

    image = only(place, "tumbleweed")
    assert (image["id"], image["status"], image["size"]) == (image_id, "active", SIZE)
    with open(file, "rb") as data:
        digest = hashlib.file_digest(data, "sha512").hexdigest()
    assert image["os_hash_value"] == digest
    assert digest in visitor.text


def test_a_session_that_ends_costs_neither_form_nor_file(
    visit: Visit, place: Place, file: Path
) -> None:
    visitor = visit("platform")
    fill(visitor, file, name="twice")
    other = visitor.context.new_page()
    other.goto(f"{place.root}/dashboard/images")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/dashboard/login")
    other.close()

    upload(visitor)
    words(visitor, "Your session has ended")
    with visitor.context.expect_page() as opened:
        visitor.page.get_by_role("link", name="Log in again").click()
    first, visitor.page = visitor.page, opened.value
    visitor.fill_login()
    visitor.page.wait_for_url("**/dashboard/images/new")
    visitor.page.close()
    visitor.page = first
    visitor.page.get_by_role("button", name="Try again").click()

    image_id_of(visitor)
    assert only(place, "twice")["status"] == "active"


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_data_that_is_refused_while_it_is_sent_is_refused_in_words(
    visit: Visit, place: Place, file: Path, script: bool
) -> None:
    visitor = visit("platform", script=script)
    name = f"no-disk-{script}"
    fill(visitor, file, name=name, disk_format="vhdx")
    visitor.expect("status of 415")

    upload(visitor)

    if script:
        words(visitor, "it is not vhdx")
    else:
        visitor.page.wait_for_url("**/upload")
        assert "it is not vhdx" in visitor.text
    assert only(place, name)["status"] == "queued"
    assert only(place, name)["size"] is None


def test_a_file_is_uploaded_without_scripts(visit: Visit, place: Place, file: Path) -> None:
    visitor = visit("platform", script=False)
    fill(visitor, file, name="plain", disk_format="raw")

    upload(visitor)

    image_id = image_id_of(visitor)
    image = only(place, "plain")
    assert (image["id"], image["status"], image["size"]) == (image_id, "active", SIZE)
    assert image["os_hash_value"] in visitor.text


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_an_import_shows_how_far_it_is_until_it_is_done(
    visit: Visit, place: Place, web: Web, script: bool
) -> None:
    visitor = visit("platform", script=script)
    web.go.clear()
    visitor.open("/images/new")
    page = visitor.page
    page.get_by_label("Name").fill(f"fetched-{script}")
    page.get_by_label("Disk format").select_option("raw")
    page.get_by_label("An address on the web").check()
    page.get_by_label("Address", exact=True).fill(f"{web.url}/slow")
    upload(visitor)
    page.wait_for_url("**/progress")

    def says(expected: str) -> None:
        if script:
            page.locator("#progress", has_text=expected).wait_for()
        else:

            def look() -> bool:
                page.get_by_role("link", name="Look again").click()
                return expected in visitor.text

            until(look, expected)

    says("of 40 MiB")
    web.go.set()
    says("done")

    image = only(place, f"fetched-{script}")
    assert (image["status"], image["size"]) == ("active", len(DATA))
    assert image["os_hash_value"] in visitor.text


def test_an_import_that_fails_says_why_and_another_address_is_tried(
    visit: Visit, place: Place, web: Web
) -> None:
    visitor = visit("platform")
    visitor.open("/images/new")
    page = visitor.page
    page.get_by_label("Name").fill("mistyped")
    page.get_by_label("Disk format").select_option("raw")
    page.get_by_label("An address on the web").check()
    page.get_by_label("Address", exact=True).fill(f"{web.url}/dta")
    upload(visitor)

    page.locator("#progress", has_text="could not be fetched").wait_for()
    page.get_by_role("link", name="Try again").click()
    page.get_by_label("An address on the web").check()
    page.get_by_label("Address", exact=True).fill(f"{web.url}/data")
    page.get_by_role("button", name="Bring the data").click()

    page.locator("#progress", has_text="done").wait_for()
    assert only(place, "mistyped")["status"] == "active"
