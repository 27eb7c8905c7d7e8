"""Text and data of others do nothing on any page, and every answer says so to the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attacked import HOSTILE, pages_of, routes
from people import Service
from visitor import Visitor

import glance_shim.dashboard

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SOURCES = Path(glance_shim.dashboard.__file__).parent


def assert_harmless(visitor: Visitor) -> None:
    """Nothing on the page runs, looks or leads as somebody else wants."""
    for element in visitor.page.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in ("svg", "style", "iframe", "object", "img"), visitor.path
        if element.tag == "script":
            assert element.get("src", "").startswith("/dashboard/static/"), visitor.path
            assert not element.text, visitor.path
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name != "style", visitor.path
            if name in ("href", "src", "action", "formaction"):
                assert value.startswith(("/dashboard", "?", "#")), (visitor.path, value)


@pytest.mark.parametrize("who", ["olga", "adam", "root"])
def test_text_of_others_is_text_on_every_page(
    request: pytest.FixtureRequest, service: Service, scene: dict[str, str], who: str
) -> None:
    person = request.getfixturevalue(who)
    shown = 0
    for path in pages_of(service, scene, person.project_id):
        visitor = person.browser.open(path)
        if visitor.page is None:
            continue
        assert visitor.status < 500, path
        assert_harmless(visitor)
        shown += HOSTILE in visitor.text

    assert shown > 5


HOSTILE_FORMS = [
    ("/login", "user password project domain next"),
    ("/project", "project"),
    ("/images/new", "name disk_format container_format visibility min_disk tags uri"),
    ("/images/{image_id}/edit", "name description min_disk min_ram tags"),
    ("/images/{image_id}/visibility", "visibility"),
    ("/images/{image_id}/members", "projects known"),
    ("/images/{image_id}/members/{member_id}/answer", "status back"),
    ("/images/bulk", "action id back"),
    ("/quotas/{image_id}", "image_size_total image_count_total"),
    ("/images/{image_id}/properties", "name value new"),
    ("/images/{image_id}/properties/remove", "name"),
]


@pytest.mark.parametrize("path, fields", HOSTILE_FORMS)
def test_what_is_typed_is_text_in_the_answer(
    scene: dict[str, str], root: Any, path: str, fields: str
) -> None:
    root.browser.open("/dashboard/project")
    token = root.browser.value("csrf_token")
    data = {**dict.fromkeys(fields.split(), HOSTILE), "csrf_token": token}

    root.browser._request("POST", "/dashboard" + path.format(**scene), data=data)

    assert root.browser.status < 500
    assert_harmless(root.browser)


def test_a_note_of_what_was_done_is_text(scene: dict[str, str], olga: Any) -> None:
    olga.browser.open(f"/dashboard/images/{scene['image_id']}/delete").press("Delete")

    assert f"{HOSTILE} is deleted" in olga.browser.text
    assert_harmless(olga.browser)


def test_a_search_is_text(olga: Any) -> None:
    for field in ("q", "status", "tag", "owner", "sort", "disk_format"):
        olga.browser.open("/dashboard/images", query_string={field: HOSTILE})
        assert olga.browser.status == 200
        assert_harmless(olga.browser)
    assert olga.browser.open("/dashboard/images?after=%3Csvg%3E").status in (400, 403)
    assert_harmless(olga.browser)


def test_the_sources_hold_nothing_that_would_run_text() -> None:
    templates = [path.read_text() for path in (SOURCES / "templates").glob("*.html")]
    scripts = [path.read_text() for path in (SOURCES / "static").glob("*.js")]

    assert templates and scripts
    for text in templates:
        assert not re.search(r"\|\s*safe|autoescape|<style|\sstyle=|\son\w+=", text)
        for script in re.findall(r"<script[^>]*>[^<]*</script>", text):
            assert re.fullmatch(r'<script type="module" src="[^"]+"></script>', script)
    for text in scripts:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
    for path in SOURCES.rglob("*.py"):
        assert "Markup" not in path.read_text()


def answers(service: Service, scene: dict[str, str], person: Any) -> Iterator[Any]:
    """What the person is answered on every page, and nobody, and where there is none."""
    for path in [*pages_of(service, scene, person.project_id), "/dashboard/nothing/here"]:
        yield person.browser.client.get(path)
        yield service.app.test_client().get(path)
    for method, path in routes(service, "POST", "PUT", **scene):
        yield person.browser.client.open(path, method=method)
        yield service.app.test_client().open(path, method="DELETE")


def test_every_answer_has_the_headers_that_protect(
    service: Service, scene: dict[str, str], olga: Any
) -> None:
    seen = set()
    for answer in answers(service, scene, olga):
        headers, path = answer.headers, answer.request.path
        seen.add(answer.status_code)
        wanted = "default-src 'none'; sandbox" if headers.get("Content-Disposition") else POLICY
        assert headers["Content-Security-Policy"] == wanted, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert headers["Cache-Control"] == "no-store", path

    assert {200, 302, 403, 404, 405} <= seen


def test_files_of_the_pages_are_kept_for_ever_under_an_address_with_a_version(
    olga: Any,
) -> None:
    page = olga.browser.open("/dashboard/images").page
    addresses = [e.get("href") for e in page.iterfind(".//link")]
    addresses += [e.get("src") for e in page.iterfind(".//script")]

    for address in addresses:
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
        answer = olga.browser.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
    missing = olga.browser.client.get("/dashboard/static/none.css")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "name", ["page.html", "a/../b\\c", 'x"; y="z', "grün\u202e.exe", "\u2028"]
)
def test_data_is_a_file_to_be_kept_whatever_it_is(olga: Any, name: str) -> None:
    data = b"<html><script>alert(1)</script></html>"
    image_id = olga.api.active(name=name, data=data)["id"]

    answer = olga.browser.client.get(f"/dashboard/images/{image_id}/data")

    assert (answer.status_code, answer.data) == (200, data)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    kept = answer.headers["Content-Disposition"]
    assert kept.startswith("attachment; filename=") and kept.isascii()
    assert not re.search(r'[/\\]|"[^"]*"[^;]', kept)
