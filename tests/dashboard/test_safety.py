"""What protects the people who use the pages, on every page and form there is."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from people import Service, some_id
from visitor import Visitor

import glance_shim.dashboard
from glance_shim import clock
from glance_shim.core.identity import browser_sessions
from glance_shim.dashboard import sealing
from glance_shim.db import connection
from glance_shim.db.models import base
from glance_shim.db.models.identity import BrowserSession, Token

HOSTILE = "\"'><svg onload=alert(1)><script>alert(2)</script>{{7*7}}${7*7}javascript:alert(3)"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
COOKIE = "glance_shim_session"
NOT_OURS = "does not come from your session"
SOURCES = Path(glance_shim.dashboard.__file__).parent


def routes(service: Service, *methods: str, **ids: str) -> list[tuple[str, str]]:
    """Every method and path below ``/dashboard``, with these ids in the place of any."""
    found = []
    for rule in service.app.url_map.iter_rules():
        if rule.endpoint.startswith("dashboard") and rule.endpoint != "dashboard.static":
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: ids.get(name[1], "x"), rule.rule)
            found += [(method, path) for method in methods if method in (rule.methods or ())]
    return sorted(set(found))


@pytest.fixture
def scene(olga: Any, adam: Any, someone: Any) -> dict[str, str]:
    """An image with hostile text in all its places, offered to two projects."""
    mallory = someone(f"project {HOSTILE[:40]}", "member", name=f"user {HOSTILE[:40]}")
    image = olga.api.active(
        name=HOSTILE, tags=[HOSTILE], description=HOSTILE, **{HOSTILE[:60]: HOSTILE}
    )
    olga.api.share(image["id"], adam.project_id, mallory.project_id, HOSTILE)
    mallory.api.answer(image["id"], "accepted")
    own = mallory.api.active(name=HOSTILE)
    mallory.api.share(own["id"], adam.project_id, olga.project_id)
    return {"image_id": image["id"], "member_id": adam.project_id}


def pages_of(service: Service, scene: dict[str, str], project_id: str) -> list[str]:
    found = [path for _, path in routes(service, "GET", **scene, project_id=project_id) if path]
    lists = [
        f"/dashboard/images?tab={tab}"
        for tab in ("project", "shared", "community", "public", "all")
    ]
    offers = [f"/dashboard/offers?status={s}" for s in ("pending", "accepted", "rejected")]
    return [*found, *lists, *offers]


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


# Forms


def rows(service: Service) -> dict[str, list[Any]]:
    """Everything the database holds."""

    def below(model: Any) -> Iterator[Any]:
        for child in model.__subclasses__():
            yield child
            yield from below(child)

    with connection.connected(service.deployment.database):
        return {m.__name__: sorted(map(repr, m.select().tuples())) for m in below(base.Base)}


def token_of(person: Any) -> str:
    token = person.browser.open("/dashboard/project").value("csrf_token")
    assert token
    return str(token)


CROSS_SITE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8080"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_a_form_without_the_token_of_the_session_does_nothing(
    service: Service, scene: dict[str, str], olga: Any, adam: Any
) -> None:
    right, foreign = token_of(olga), token_of(adam)
    ids = {**scene, "project_id": olga.project_id}
    found = routes(service, "POST", "PUT", "PATCH", "DELETE", **ids)
    before = rows(service)
    assert len(found) > 10

    for method, path in found:
        for token, headers in itertools.chain(
            ((t, {}) for t in (None, "", "x" * 32, foreign)),
            ((right, headers) for headers in CROSS_SITE),
        ):
            answer = sent(olga, method, path, token, headers)
            assert answer.status_code == 403, (method, path, token, headers)
            assert NOT_OURS in answer.text, (method, path, token, headers)

    assert rows(service) == before


def test_a_form_with_the_token_of_the_session_is_taken(
    service: Service, scene: dict[str, str], olga: Any
) -> None:
    ids = {**scene, "image_id": some_id(), "project_id": olga.project_id}
    for method, path in routes(service, "POST", "PUT", **ids):
        if path.endswith(("/logout", "/login")):
            continue
        answer = sent(olga, method, path, token_of(olga), {"Origin": "http://localhost"})
        assert NOT_OURS not in answer.text, (method, path)


def test_a_form_from_before_the_switch_or_the_login_does_nothing_after_it(
    service: Service, olga: Any
) -> None:
    visitor = Visitor(service.app).open("/dashboard/login")
    old = [visitor.value("csrf_token")]
    visitor.press("Log in", user="olga", password=olga.password)
    old.append(visitor.open("/dashboard/project").value("csrf_token"))
    visitor.press("Switch", project=olga.project_id)
    before = rows(service)

    for token in old:
        answer = visitor.client.post("/dashboard/logout", data={"csrf_token": token})
        assert (answer.status_code, NOT_OURS in answer.text) == (403, True)

    assert rows(service) == before
    assert visitor.open("/dashboard/images").title == "Images"


def sent(
    person: Any, method: str, path: str, token: str | None, headers: dict[str, str]
) -> Any:
    """A form, as browsers send those with files, or other data with the token beside it."""
    given = {} if token is None else {"csrf_token": token}
    if method != "POST":
        own = {"X-CSRF-Token": token} if token is not None else {}
        return person.browser.client.open(
            path, method=method, data=b"x", headers={**headers, **own}
        )
    kind = "multipart/form-data" if path.endswith(("/new", "/upload")) else None
    fields = {"visibility": "private", "action": "delete", "id": some_id(), **given}
    return person.browser.client.post(path, data=fields, headers=headers, content_type=kind)


def test_looking_changes_nothing(
    service: Service, scene: dict[str, str], olga: Any, root: Any
) -> None:
    olga.browser.open("/dashboard/images")
    root.browser.open("/dashboard/images")
    before = rows(service)

    for path in pages_of(service, scene, olga.project_id):
        for client in (olga.browser.client, root.browser.client, service.app.test_client()):
            client.get(path)

    assert rows(service) == before


def test_a_stranger_gets_nothing_from_any_page_of_an_image(
    service: Service, scene: dict[str, str], someone: Any
) -> None:
    carol = someone("strangers", "member")
    token = token_of(carol)
    before = rows(service)
    asked = 0
    for method, path in routes(service, "GET", "POST", "PUT", **scene):
        if scene["image_id"] not in path:
            continue
        asked += 1
        answer = sent(carol, method, path, token, {})
        if method == "GET":
            answer = carol.browser.client.get(path)
        assert answer.status_code in (400, 404), (method, path)
        assert HOSTILE[:20] not in answer.text

    assert asked > 10
    assert rows(service) == before


# Sessions


def test_a_session_from_before_the_login_is_not_the_one_after_it(
    service: Service, olga: Any
) -> None:
    planted = Visitor(service.app).open("/dashboard/login")
    fixed = planted.client.get_cookie(COOKIE, path="/dashboard").value
    token = planted.value("csrf_token")
    planted.press("Log in", user="olga", password=olga.password)
    planted.open("/dashboard/project")

    assert planted.client.get_cookie(COOKIE, path="/dashboard").value != fixed
    assert planted.value("csrf_token") != token
    other = Visitor(service.app)
    other.client.set_cookie(COOKIE, fixed, path="/dashboard")
    assert other.open("/dashboard/images").title == "Log in"


def test_switching_projects_begins_a_new_session(olga: Any) -> None:
    before = token_of(olga)
    olga.browser.press("Switch", project=olga.project_id)

    assert token_of(olga) != before


def cookie_of(client: Any, address: str, **headers: str) -> str:
    answer = client.get("/dashboard/login", base_url=address, headers=headers)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    return str(cookie)


def test_scripts_and_other_sites_do_not_get_the_cookie(service: Service) -> None:
    cookie = cookie_of(service.app.test_client(), "http://localhost")

    assert cookie.startswith(f"{COOKIE}=")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "Path=/dashboard", "SameSite=Lax"}


def test_over_tls_the_cookie_never_goes_without(make_service: Any) -> None:
    service = make_service(oslo_middleware={"enable_proxy_headers_parsing": True})
    for address, headers in (
        ("https://localhost", {}),
        ("http://localhost", {"X-Forwarded-Proto": "https"}),
    ):
        cookie = cookie_of(service.app.test_client(), address, **headers)
        assert cookie.startswith(f"__Secure-{COOKIE}=")
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}
    client = service.app.test_client()
    answer = client.get("/dashboard/login", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_cookie_is_for_the_path_under_which_the_service_is(make_service: Any) -> None:
    service = make_service(mount_path="/image")
    answer = service.app.test_client().get("/image/dashboard/login")

    assert "Path=/image/dashboard" in answer.headers["Set-Cookie"]
    assert 'action="/image/dashboard/login"' in answer.text


def kept(service: Service, cookie: str) -> list[str]:
    """What the service keeps of the session that a cookie stands for."""
    with connection.connected(service.deployment.database):
        sealed = browser_sessions.find(service.deployment.config, cookie)
    return list(sealing.unseal(service.deployment.config, COOKIE, sealed))


def test_the_browser_keeps_random_bits_and_the_database_no_token(
    service: Service, olga: Any
) -> None:
    olga.browser.open("/dashboard/images")
    cookie = olga.browser.client.get_cookie(COOKIE, path="/dashboard").value
    _, token, first = kept(service, cookie)

    assert re.fullmatch("[A-Za-z0-9_-]{43}", cookie)
    with connection.connected(service.deployment.database):
        stored = repr(list(BrowserSession.select().tuples()))
    assert all(secret not in stored for secret in (cookie, token, first))


@pytest.mark.parametrize(
    ("step", "pages"), [(31 * 60, 1), (20 * 60, 25)], ids=["idle", "in the end"]
)
def test_a_session_ends_when_nobody_looks_and_in_the_end_in_any_case(
    service: Service, olga: Any, monkeypatch: pytest.MonkeyPatch, step: int, pages: int
) -> None:
    visitor = olga.browser.open("/dashboard/images")
    with connection.connected(service.deployment.database):
        Token.update(expires_at=clock.now() + 100_000).execute()
    began = clock.now()
    titles = []
    for number in range(1, pages + 1):
        monkeypatch.setattr(clock, "now", lambda number=number: began + number * step)
        titles.append(visitor.open("/dashboard/images").title)

    stayed = [title != "Log in" for title in titles]
    assert stayed == [number * step < 8 * 3600 and pages > 1 for number in range(1, pages + 1)]


def test_an_old_cookie_is_worth_nothing_after_a_switch(service: Service, olga: Any) -> None:
    olga.browser.open("/dashboard/images")
    old = olga.browser.client.get_cookie(COOKIE, path="/dashboard").value
    olga.browser.open("/dashboard/project").press("Switch", project=olga.project_id)
    other = Visitor(service.app)
    other.client.set_cookie(COOKIE, old, path="/dashboard")

    assert other.open("/dashboard/images").title == "Log in"


def test_a_cookie_that_is_not_ours_is_no_session(service: Service, olga: Any) -> None:
    mine = olga.browser.client.get_cookie(COOKIE, path="/dashboard").value
    config = service.deployment.config
    csrf, token, first = kept(service, mine)
    middle = len(mine) // 2

    class Foreign:
        dashboard_secret_key = "another key of another service"

    forged = [
        "",
        "x",
        "\x7f" * 20,
        mine[:-4],
        mine[:middle] + ("A" if mine[middle] != "A" else "B") + mine[middle + 1 :],
        sealing.seal(Foreign, COOKIE, [csrf, token, first]),
        sealing.seal(config, COOKIE, [csrf, token, first]),
        sealing.seal(config, "glance_shim_visitor", csrf),
        token,
        csrf,
    ]
    for value in forged:
        headers = {"Cookie": f"{COOKIE}={value}"}
        answer = service.app.test_client(use_cookies=False).get(
            "/dashboard/images", headers=headers
        )
        assert answer.status_code == 302, value
        assert answer.location.startswith("/dashboard/login")


def test_a_note_that_is_not_ours_is_not_shown(service: Service, olga: Any) -> None:
    class Foreign:
        dashboard_secret_key = "another key of another service"

    content = [["good", "pay here"]]
    planted = [
        sealing.seal(Foreign, "glance_shim_notes", content),
        sealing.seal(service.deployment.config, COOKIE, content),
        '[["good", "pay here"]]',
    ]
    for value in planted:
        olga.browser.client.set_cookie("glance_shim_notes", value, path="/dashboard")
        olga.browser.open("/dashboard/images")
        assert olga.browser.status == 200
        assert "pay here" not in olga.browser.text


def test_the_api_takes_no_cookie(service: Service, olga: Any) -> None:
    cookie = olga.browser.client.get_cookie(COOKIE, path="/dashboard").value

    answer = service.app.test_client(use_cookies=False).get(
        "/v2/images", headers={"Cookie": f"{COOKIE}={cookie}"}
    )

    assert answer.status_code == 401


def test_neither_a_page_nor_a_log_nor_a_cookie_shows_a_token_or_a_password(
    service: Service, scene: dict[str, str], olga: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(service.app).log_in("olga", olga.password)
    cookie = visitor.client.get_cookie(COOKIE, path="/dashboard").value
    _, token, _ = kept(service, cookie)
    with connection.connected(service.deployment.database):
        assert service.deployment.tokens.validate(token).user_name == "olga"

    shown = [cookie]
    for path in pages_of(service, scene, olga.project_id):
        answer = visitor.client.get(path)
        shown += [answer.text, str(answer.headers)]

    for secret in (token, olga.password):
        assert secret not in caplog.text
        assert all(secret not in text for text in shown)


def test_visitors_who_do_not_log_in_leave_nothing_behind(service: Service) -> None:
    before = rows(service)
    for number in range(50):
        service.app.test_client().get(f"/dashboard/login?next=/dashboard/images?q={number}")

    assert rows(service) == before


def test_the_key_of_the_sessions_is_for_the_service_only(service: Service, olga: Any) -> None:
    olga.browser.open("/dashboard/images")
    key = Path(service.deployment.config.state_path) / sealing.KEY_FILE

    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) >= 48


# Where links and files lead


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/dashboard/", "/v2/images", "/dashboard\\x"],
)
def test_a_form_leads_back_to_pages_of_ours_only(olga: Any, back: str) -> None:
    form = {"action": "reactivate", "back": back, "csrf_token": token_of(olga)}

    answer = olga.browser.client.post("/dashboard/images/bulk", data=form)

    assert (answer.status_code, answer.location) == (303, "/dashboard/images")


def test_a_page_of_an_error_leads_back_to_pages_of_ours_only(olga: Any) -> None:
    for referrer in ("https://evil.example/dashboard/images", "http://localhost/v2/images"):
        answer = olga.browser.client.get("/dashboard/none", headers={"Referer": referrer})
        assert answer.status_code == 404
        assert "Go back" not in answer.text


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
