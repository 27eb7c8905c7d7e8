"""Sessions of browsers: planted, stolen, forged, outlived."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from attacked import COOKIE, pages_of, rows, token_of
from people import Service
from visitor import Visitor

from glance_shim import clock
from glance_shim.core.identity import browser_sessions
from glance_shim.dashboard import sealing
from glance_shim.db import connection
from glance_shim.db.models.identity import BrowserSession, Token


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
