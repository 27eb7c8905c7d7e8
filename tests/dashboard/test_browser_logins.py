"""Logging in, staying in, and going out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from people import Service
from visitor import Visitor

from glance_shim import clock

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_that_asks_for_the_root_is_led_to_the_login(service: Service) -> None:
    visitor = Visitor(service.app).open("/")

    assert visitor.path.startswith("/dashboard/login")
    assert visitor.title == "Log in"


def test_clients_that_ask_for_the_root_still_get_the_versions(service: Service) -> None:
    for accept in ("*/*", "application/json", ""):
        answer = service.app.test_client().get("/", headers={"Accept": accept})
        assert answer.status_code == 300
        assert answer.json["versions"]


def test_without_the_option_there_is_no_dashboard(make_service: Any) -> None:
    client = make_service(dashboard_enabled=False).app.test_client()

    assert client.get("/", headers=HTML).status_code == 300
    assert client.get("/dashboard/login", headers=HTML).status_code == 300


def test_with_a_fixed_token_there_is_no_dashboard(make_service: Any) -> None:
    service = make_service(auth_strategy="admin_token", admin_token="x" * 32)

    assert service.app.test_client().get("/dashboard/login").status_code == 300


def test_somebody_logs_in_with_a_password_and_sees_the_images_of_the_project(
    service: Service, olga: Any
) -> None:
    olga.api.create(name="golden")

    visitor = Visitor(service.app).log_in("olga", olga.password)

    assert visitor.title == "Images"
    assert "golden" in visitor.text
    assert "olga in platform" in visitor.response.get_data(as_text=True).replace("<strong>", "")


def test_a_wrong_password_is_refused_and_the_form_keeps_what_was_typed(
    service: Service, olga: Any
) -> None:
    visitor = Visitor(service.app).log_in("olga", "wrong", project="platform")

    assert visitor.status == 401
    assert "Wrong user, password" in visitor.text
    assert visitor.value("user") == "olga" and visitor.value("project") == "platform"
    assert visitor.value("password") in (None, "")


def test_guessing_is_slowed_down_as_in_the_api(service: Service, olga: Any) -> None:
    visitor = Visitor(service.app).open("/dashboard/login")
    for _ in range(5):
        visitor.press("Log in", user="olga", password="wrong")

    visitor.press("Log in", user="olga", password=olga.password)

    assert visitor.status == 429
    assert int(visitor.response.headers["Retry-After"]) > 0
    assert "Too many attempts" in visitor.text


def test_who_is_in_no_project_is_told_so(service: Service, someone: Any) -> None:
    someone("platform", name="lost")
    visitor = Visitor(service.app).log_in("lost", "correct horse battery")

    assert visitor.status == 403
    assert "no role in any project" in visitor.text


def test_the_login_leads_to_the_page_that_was_wanted(service: Service, olga: Any) -> None:
    visitor = Visitor(service.app)
    visitor.log_in("olga", olga.password, path="/dashboard/images?tab=public&q=x")

    assert visitor.path == "/dashboard/images?tab=public&q=x"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/dashboard/",
        "https://evil.example/dashboard/",
        "https:evil.example",
        "/\\evil.example",
        "\t//evil.example",
        "%2f%2fevil.example",
        "/dashboard/../v2/images",
        "/dashboard/%2e%2E/v2/images",
        "/dashboard/.%2e/v2/images",
        "/v2/images",
        "javascript:alert(1)",
    ],
)
def test_the_login_leads_nowhere_else(service: Service, olga: Any, wanted: str) -> None:
    client = service.app.test_client()
    visitor = Visitor(service.app)
    visitor.client = client
    visitor.open("/dashboard/login")
    token = visitor.value("csrf_token")
    form = {"user": "olga", "password": olga.password, "next": wanted, "csrf_token": token}

    answer = client.post("/dashboard/login", data=form)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/dashboard/images"


def test_a_session_ends_with_its_token(
    service: Service, olga: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = olga.browser
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 3601)

    visitor.open("/dashboard/images?tab=public")

    assert visitor.title == "Log in"
    assert "session has ended" in visitor.text
    visitor.press("Log in", user="olga", password=olga.password)
    assert visitor.path == "/dashboard/images?tab=public"


def test_logging_out_ends_the_token_and_an_old_cookie_is_worth_nothing(
    service: Service, olga: Any
) -> None:
    visitor = olga.browser
    old = visitor.client.get_cookie("glance_shim_session", path="/dashboard").value

    visitor.press("Log out")
    assert visitor.title == "Log in"

    stolen = Visitor(service.app)
    stolen.client.set_cookie("glance_shim_session", old, path="/dashboard")
    assert stolen.open("/dashboard/images").title == "Log in"


def test_somebody_switches_to_another_project(
    service: Service, olga: Any, adam: Any, someone: Any
) -> None:
    from glance_shim.core.identity import roles, system_context
    from glance_shim.db import connection

    adam.api.create(name="theirs")
    with connection.connected(service.deployment.database):
        context = system_context(service.deployment)
        roles.grant(context, olga.user_id, "member", ("project", adam.project_id))

    visitor = olga.browser.follow("Switch project")
    assert "platform" in visitor.text and "app-team" in visitor.text
    visitor.press("Switch", project=adam.project_id)

    assert "theirs" in visitor.text
    visitor.follow("Switch project").press("Switch", project=olga.project_id)
    assert "theirs" not in visitor.text


def test_nobody_switches_to_a_project_without_a_role_there(
    service: Service, olga: Any, adam: Any
) -> None:
    visitor = olga.browser.follow("Switch project")
    visitor.press("Switch", project=adam.project_id)

    assert visitor.status == 403
    assert "no role" in visitor.text
    assert visitor.open("/dashboard/images").title == "Images"


def test_where_nobody_logs_in_the_pages_are_there_at_once(make_service: Any) -> None:
    service = make_service(auth_strategy="none")

    visitor = Visitor(service.app).open("/")

    assert visitor.title == "Images"
    assert "Log out" not in visitor.response.get_data(as_text=True)


def test_every_page_but_the_login_asks_for_a_session(service: Service) -> None:
    client, asked = service.app.test_client(), 0
    for rule in service.app.url_map.iter_rules():
        _, _, name = rule.endpoint.partition("dashboard.")
        if not name or name in ("static", "logins.login"):
            continue
        path = re.sub("<[^>]+>", "x", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(path, method=method)
            asked += 1
            assert answer.status_code in (302, 303, 400, 401, 403), (method, path)
            if answer.status_code < 400:
                assert answer.location.startswith("/dashboard/login"), (method, path)

    assert asked > 20
