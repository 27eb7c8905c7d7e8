"""Every page, light and dark, narrow and wide: can everybody read it without scrolling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import STRANGERS, Place, Visitor
from web import Web

WIDTHS = {"narrow": 360, "wide": 1280}
SCHEMES = ("light", "dark")
HOSTILE = "<b>bold</b>" + "averylongnamewithoutanyblank" * 6


class Scene:
    """Images of several projects, by the words that the paths below have in braces."""

    def __init__(self, place: Place, web: Web) -> None:
        platform, app_team = place.api("platform"), place.api("app-team")
        strangers, admin = place.api(STRANGERS), place.api("admin")
        names = {"visibility": "shared", "tags": ["linux", "blessed"], "os_distro": "debian"}
        place.operate("metadefs", "load")
        self.ids = {
            "shared": platform.active(name="debian-13", description="For all teams", **names),
            "queued": platform.create(name="waits for data", disk_format="qcow2"),
            "hostile": platform.active(
                name=HOSTILE, tags=["<i>", "x" * 60], **{HOSTILE: HOSTILE}
            ),
            "offered": platform.active(name="ubuntu-26.04", visibility="shared"),
            "accepted": platform.active(name="alma-10", visibility="shared"),
            "community": strangers.active(name="hpc-rocky-9", visibility="community"),
            "public": admin.active(name="cirros", visibility="public"),
            "off": platform.active(name="centos-7", visibility="private"),
        }
        for number in range(30):
            data = bytes(number * 100_000)
            platform.active(data, name=f"nightly-{number:02}", os_hidden=number % 2 == 0)
        for image in ("shared", "offered", "accepted"):
            platform.share(self.ids[image], app_team.project_id)
        platform.share(self.ids["shared"], strangers.project_id)
        for image, answer in (("accepted", "accepted"), ("shared", "rejected")):
            path = f"/v2/images/{self.ids[image]}/members/{app_team.project_id}"
            app_team.call("PUT", path, {"status": answer})
        admin.call("POST", f"/v2/images/{self.ids['off']}/actions/deactivate")
        for name, path in (("imported", "/data"), ("failed", "/missing")):
            image_id = platform.create(name=f"{name} from the web")
            method = {"method": {"name": "web-download", "uri": web.url + path}}
            platform.call("POST", f"/v2/images/{image_id}/import", method)
            self.ids[name] = image_id
        self.ids["app_team"] = app_team.project_id


@pytest.fixture(scope="module")
def scene(place: Place, web: Web) -> Iterator[Scene]:
    """What there is to be seen; the images are gone afterwards."""
    made = Scene(place, web)
    yield made
    for image in place.api("admin").call("GET", "/v2/images?visibility=all&limit=100")[
        "images"
    ]:
        place.api("admin").call("DELETE", f"/v2/images/{image['id']}")


# Name, who looks (nobody before the login), and at what.
PAGES: list[tuple[str, str | None, str]] = [
    ("login", None, "/login"),
    ("images", "platform", "/images"),
    ("images-found", "platform", "/images?tab=project&q=nightly&sort=name:asc"),
    ("images-nothing-found", "platform", "/images?tab=project&q=nothing+of+the+kind"),
    ("shared", "app-team", "/images?tab=shared"),
    ("shared-nothing", STRANGERS, "/images?tab=shared"),
    ("community", "platform", "/images?tab=community"),
    ("public", "platform", "/images?tab=public"),
    ("all", "admin", "/images?tab=all"),
    ("project", "platform", "/project"),
    ("new", "platform", "/images/new"),
    ("upload-again", "platform", "/images/{queued}/upload"),
    ("import-done", "platform", "/images/{imported}/progress"),
    ("import-failed", "platform", "/images/{failed}/progress"),
    ("offers", "app-team", "/offers"),
    ("offers-rejected", "app-team", "/offers?status=rejected"),
    ("offers-nothing", "platform", "/offers"),
    ("image", "platform", "/images/{shared}"),
    ("image-hostile", "platform", "/images/{hostile}"),
    ("image-off", "platform", "/images/{off}"),
    ("image-of-others", "app-team", "/images/{offered}"),
    ("edit", "platform", "/images/{shared}/edit"),
    ("properties", "platform", "/images/{shared}/properties?name=hw_disk_bus"),
    ("properties-hostile", "platform", "/images/{hostile}/properties"),
    ("properties-of-others", "app-team", "/images/{offered}/properties"),
    ("members", "platform", "/images/{shared}/members"),
    ("members-as-admin", "admin", "/images/{shared}/members"),
    ("members-none", "platform", "/images/{queued}/members"),
    ("members-of-private", "platform", "/images/{off}/members"),
    ("members-as-member", "app-team", "/images/{accepted}/members"),
    ("visibility", "platform", "/images/{shared}/visibility"),
    ("visibility-of-community", STRANGERS, "/images/{community}/visibility"),
    ("activity", "platform", "/images/{shared}/activity"),
    ("activity-as-member", "app-team", "/images/{shared}/activity"),
    ("quotas", "platform", "/quotas"),
    ("quotas-as-admin", "admin", "/quotas/{app_team}"),
    ("delete", "platform", "/images/{shared}/delete"),
    ("not-found", "platform", "/images/nowhere/upload"),
]

# Is there a column so narrow that its words stand below each other letter by letter?
SQUEEZED = """[...document.querySelectorAll("dd, dt, td, th")].some(
    (each) => each.offsetWidth < 80 && each.offsetHeight > 240)"""

# What the rules of axe call a best practice is kept as well.
AXE = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def axe() -> Any:
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.mark.parametrize(("name", "who", "path"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page_is_readable_for_everybody(
    visit: Callable[..., Visitor],
    scene: Scene,
    axe: Any,
    shown: Path,
    name: str,
    who: str | None,
    path: str,
) -> None:
    visitor = visit(who or "platform", logged_in=who is not None)
    if name == "not-found":
        visitor.expect("status of 404")
    visitor.open(path.format(**scene.ids))
    found = list(faults(visitor.page, axe, shown, name))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("group", ["", "/images", "/image_data", "/identity_auth"])
def test_a_page_about_the_api_is_readable_for_everybody(
    visit: Callable[..., Visitor], place: Place, axe: Any, shown: Path, group: str
) -> None:
    page = visit("platform", logged_in=False).page
    page.goto(f"{place.root}/docs{group}")
    found = list(faults(page, axe, shown, f"docs{group.replace('/', '-')}"))
    assert not found, "\n".join(found)


def faults(page: Any, axe: Any, shown: Path, name: str) -> Iterator[str]:
    """What keeps somebody from reading a page, narrow and wide, light and dark."""
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=shown / f"{name}-{width}-{scheme}.png", full_page=True)
            for each in axe.run(page, options=AXE).response["violations"]:
                nodes = [node["html"][:200] for node in each["nodes"][:3]]
                yield f"{width} {scheme}: {each['id']}: {each['help']}: {nodes}"
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                yield f"{width} {scheme}: wider than the screen"
            if page.evaluate(SQUEEZED):
                yield f"{width} {scheme}: a column is too narrow"
