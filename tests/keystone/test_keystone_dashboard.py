"""The pages for people, where a real Keystone knows them."""

from __future__ import annotations

import pytest
from people import Person, Service
from real_keystone import Keystone, User
from visitor import Visitor

from glance_shim import clock
from glance_shim.core.identity import browser_sessions
from glance_shim.dashboard import sealing, session
from glance_shim.db import connection


def visit(service: Service, user: User, project: str = "", password: str = "") -> Visitor:
    return Visitor(service.app).log_in(user.name, password or user.password, project)


def test_an_image_is_offered_on_one_side_and_accepted_on_the_other(
    service: Service, alice: Person, users: dict[str, User]
) -> None:
    image_id = alice.active(name="golden")["id"]
    owner = visit(service, users["alice"], "p1").follow("golden").follow("Members")
    owner.press("Offer", projects=users["bob"].project_id)
    assert "pending" in owner.text

    other = visit(service, users["bob"], "p2").follow("Offers")
    other.press("Accept")
    other.open("/dashboard/images?tab=shared")

    assert "golden" in other.text and image_id in other.text
    assert "accepted" in owner.open(owner.path).text


def test_without_a_project_somebody_comes_into_one_of_their_own(
    service: Service, users: dict[str, User]
) -> None:
    visitor = visit(service, users["alice"])

    assert visitor.title == "Images"
    assert "alice in p1" in " ".join(visitor.page.text_content().split())


def test_somebody_switches_between_projects(
    service: Service, keystone: Keystone, users: dict[str, User]
) -> None:
    user_id = keystone.user("wanda", "wanda's password")
    for name in ("p1", "p2"):
        keystone.grant(user_id, users["alice" if name == "p1" else "bob"].project_id, "member")
    visitor = Visitor(service.app).log_in("wanda", "wanda's password", "p1")

    for name, project in (("p2", users["bob"].project_id), ("p1", users["alice"].project_id)):
        visitor.follow("Switch project").press("Switch", project=project)
        assert f"wanda in {name}" in " ".join(visitor.page.text_content().split())


@pytest.mark.parametrize(
    "given",
    [{"password": "wrong"}, {"user": "nobody"}, {"project": "p2"}, {"domain": "elsewhere"}],
)
def test_a_login_that_keystone_refuses_is_refused(
    service: Service, users: dict[str, User], given: dict[str, str]
) -> None:
    visitor = Visitor(service.app).open("/dashboard/login")
    right = {"user": "alice", "password": users["alice"].password, "project": "p1"}

    visitor.press("Log in", **(right | given))

    assert visitor.status == 401
    assert "Wrong user, password" in visitor.text
    assert visitor.open("/dashboard/images").title == "Log in"


def test_guessing_is_slowed_down_here_too(service: Service, users: dict[str, User]) -> None:
    visitor = Visitor(service.app).open("/dashboard/login")
    for _ in range(5):
        visitor.press("Log in", user="bob", password="wrong")
        assert visitor.status == 401

    visitor.press("Log in", user="bob", password=users["bob"].password)

    assert visitor.status == 429
    assert int(visitor.response.headers["Retry-After"]) > 0


def test_logging_out_ends_the_tokens_at_keystone(
    service: Service, keystone: Keystone, users: dict[str, User]
) -> None:
    visitor = visit(service, users["alice"], "p1")
    cookie = visitor.client.get_cookie(session.NAME, path="/dashboard").value
    with connection.connected(service.deployment.database):
        sealed = browser_sessions.find(service.deployment.config, cookie)
    _, token, _ = sealing.unseal(service.deployment.config, session.NAME, sealed)
    subject = {"X-Subject-Token": token}
    assert keystone.request("GET", "/auth/tokens", **subject).status == 200

    visitor.press("Log out")

    assert keystone.request("GET", "/auth/tokens", **subject).status == 404
    stolen = Visitor(service.app)
    stolen.client.set_cookie(session.NAME, cookie, path="/dashboard")
    assert stolen.open("/dashboard/images").title == "Log in"


def test_a_session_ends_as_its_token_does(
    service: Service, users: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = visit(service, users["alice"], "p1")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 3601)

    visitor.open("/dashboard/images")

    assert visitor.title == "Log in"
    assert "session has ended" in visitor.text


def test_while_keystone_is_away_a_page_says_so_and_the_session_goes_on_afterwards(
    service: Service, keystone: Keystone, users: dict[str, User]
) -> None:
    visitor = visit(service, users["alice"], "p1")
    keystone.stop()
    try:
        service.deployment.tokens.forget()
        visitor.open("/dashboard/images")
        assert visitor.status == 503
        assert "identity service does not answer" in visitor.text
        assert "Retry-After" in visitor.response.headers
        newcomer = Visitor(service.app).open("/dashboard/login")
        newcomer.press("Log in", user="bob", password=users["bob"].password)
        assert newcomer.status == 503
    finally:
        keystone.start()
    service.deployment.tokens.forget()

    assert visitor.open("/dashboard/images").title == "Images"


def test_projects_of_others_are_named_by_their_id_only(
    service: Service, alice: Person, users: dict[str, User]
) -> None:
    image_id = alice.active(name="golden")["id"]
    members = f"/dashboard/images/{image_id}/members"
    visitor = visit(service, users["alice"], "p1").open(members)

    visitor.press("Offer", projects="p2")

    assert visitor.status == 400
    assert "give the id of the project" in visitor.text
    assert visitor.value("projects") == "p2"


def test_an_administrator_of_keystone_is_one_here(
    service: Service, keystone: Keystone, alice: Person
) -> None:
    image_id = alice.active(name="golden")["id"]
    visitor = Visitor(service.app).log_in("admin", keystone.admin_password, "admin")

    visitor.follow("All projects")
    assert "golden" in visitor.text
    visitor.open(f"/dashboard/images/{image_id}/visibility")
    visitor.press("Change", visibility="public")

    assert alice.show(image_id)["visibility"] == "public"
