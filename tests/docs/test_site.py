"""The site as it was built: it has what it should, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import lxml.html
import pytest

from glance_shim import config, errors
from glance_shim.core import events
from glance_shim.policy import rules

BUILT = os.environ.get("GLANCE_SHIM_SITE")
pytestmark = pytest.mark.skipif(not BUILT, reason="tox -e docs builds the site")

# What a browser fetches by itself.
LOADED = "//script/@src | //link[not(@rel='canonical')]/@href | //img/@src | //iframe/@src"


@pytest.fixture
def site() -> Path:
    return Path(BUILT or "")


def text_of(page: Path) -> str:
    return str(lxml.html.parse(page).getroot().text_content())


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    loaded = {url for page in pages for url in lxml.html.parse(page).getroot().xpath(LOADED)}
    for sheet in site.rglob("*.css"):
        loaded |= set(re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", sheet.read_text()))

    assert len(pages) > 20
    assert {url for url in loaded if re.match(r"(\w+:)?//", url)} == set()


def test_the_reference_has_every_option_rule_and_event(site: Path) -> None:
    names = {option.name for _, options in config.list_opts() for option in options}
    for page, expected in (
        ("options", names),
        ("policy", {rule.name for rule in rules.RULES}),
        ("events", set(events.EVENTS)),
        ("metrics", {"glance_shim_http_requests_total", "glance_shim_damaged_copies"}),
        ("routes", {"/v2/images/{image_id}/members/{member_id}", "/identity/v3/auth/tokens"}),
        ("commands", {"glance-shim quota set", "--password-file", "glance-shim db upgrade"}),
    ):
        shown = text_of(site / "reference" / f"{page}.html")
        assert {name for name in expected if name not in shown} == set(), page


def test_errors_have_their_status(site: Path) -> None:
    page = lxml.html.parse(site / "reference" / "errors.html").getroot()
    rows = [[cell.text_content() for cell in row.xpath("td")] for row in page.xpath("//tr[td]")]
    status = {name: code for code, name, _ in rows}

    assert (status["ImageNotFound"], status["StoreFull"]) == ("404", "413")
    assert ["404", "ImageNotFound", errors.ImageNotFound.message] in rows
    assert "500" not in status.values()
