"""Forms and links of other sites, and of strangers, on every page and form there is."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from attacked import HOSTILE, pages_of, routes, rows, token_of
from people import Service, some_id
from visitor import Visitor

NOT_OURS = "does not come from your session"

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


def test_a_form_is_taken_under_the_name_of_a_container(service: Service, olga: Any) -> None:
    own = {"Host": "glance_shim:9292", "Origin": "http://glance_shim:9292"}
    for headers, refused in ((own, False), ({**own, "Origin": "http://evil:9292"}, True)):
        answer = sent(olga, "POST", "/dashboard/project", token_of(olga), headers)
        assert (NOT_OURS in answer.text) is refused


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
