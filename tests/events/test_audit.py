"""What the audit log says, and what it must not say."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import click.testing
import pytest
from people import Person, Service
from visitor import Visitor

from glance_shim import audit
from glance_shim.cli import cli as commands
from glance_shim.core import events
from glance_shim.core.identity import roles, system_context, users
from glance_shim.db import connection

TOKENS = "/identity/v3/auth/tokens"
PASSWORD = "canary password 8f1e"


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture
def service(make_service: Any, path: Path) -> Service:
    service: Service = make_service(audit_log_file=str(path))
    path.write_text("")
    return service


@pytest.fixture
def lines(path: Path) -> Any:
    """``lines("shared")``: the lines of an action; the file holds nothing but lines of JSON."""

    def read(action: str | None = None) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in path.read_text().splitlines()]
        return [line for line in found if action in (None, line["action"])]

    return read


@pytest.fixture
def log_in(service: Service, nobody: Person) -> Any:
    """``log_in(password)`` as the user ann, a member of p1."""
    context = system_context(service.deployment)
    project_id = service.project("p1")
    with connection.connected(service.deployment.database):
        user = users.create(context, "ann", PASSWORD, project_id)
        roles.grant(context, user.id, "member", ("project", project_id))

    def attempt(password: str, name: str = "ann") -> Any:
        user = {"name": name, "domain": {"id": "default"}, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        return nobody.post(TOKENS, json={"auth": {"identity": identity}})

    return attempt


def test_a_login_says_who_came_from_where(log_in: Any, lines: Any) -> None:
    answer = log_in(PASSWORD)

    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "action": "login",
        "outcome": "success",
        "request_id": answer.headers["X-Openstack-Request-Id"],
        "address": "127.0.0.1",
        "user_id": answer.json["token"]["user"]["id"],
        "user_name": "ann",
        "project_id": answer.json["token"]["project"]["id"],
        "method": "password",
    }


@pytest.mark.parametrize("name, known", [("ann", "ann"), ("canary password 8f1e", None)])
def test_a_refused_login_names_nobody_who_is_not_there(
    log_in: Any, lines: Any, path: Path, name: str, known: str | None
) -> None:
    assert log_in("wrong canary", name).status_code == 401

    (line,) = lines("login")
    assert (line["outcome"], line.get("user_name")) == ("refused", known)
    assert "canary" not in path.read_text()


def test_guesses_that_are_not_looked_at_write_nothing(log_in: Any, lines: Any) -> None:
    codes = [log_in("wrong").status_code for _ in range(9)]

    assert codes == [401] * 5 + [429] * 4
    assert len(lines("login")) == 5


def test_a_login_in_a_browser_is_one_too(service: Service, log_in: Any, lines: Any) -> None:
    Visitor(service.app).log_in("ann", "wrong")
    Visitor(service.app).log_in("ann", PASSWORD)

    assert [(e["outcome"], e["user_name"]) for e in lines("login")] == [
        ("refused", "ann"),
        ("success", "ann"),
    ]


def test_sharing_from_offer_to_answer(alice: Person, bob: Person, lines: Any) -> None:
    image_id = alice.active()["id"]
    alice.share(image_id, bob.project_id or "")
    for status in ("accepted", "rejected", "pending"):
        bob.answer(image_id, status)
    alice.delete(f"/v2/images/{image_id}/members/{bob.project_id}")

    told = lines()
    actions = ["shared", "accepted", "rejected", "pending", "unshared"]
    assert [line["action"] for line in told] == actions
    assert {line["image_id"] for line in told} == {image_id}
    assert {line["member_id"] for line in told} == {bob.project_id}
    assert [line["project_id"] for line in told] == [
        alice.project_id,
        *[bob.project_id] * 3,
        alice.project_id,
    ]
    assert all(line["address"] and line["request_id"].startswith("req-") for line in told)


def test_visibility_protection_and_deletion(alice: Person, lines: Any) -> None:
    image_id = alice.active()["id"]
    alice.set(image_id, visibility="community", protected=True)
    alice.set(image_id, protected=False, name="renamed")
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204

    told = [(line["action"], line.get("was"), line.get("became")) for line in lines()]
    assert sorted(told[:2]) == [
        ("protected", None, None),
        ("visibility", "shared", "community"),
    ]
    assert told[2:] == [("unprotected", None, None), ("deleted", None, None)]


def test_what_administrators_change(admin: Person, alice: Person, lines: Any) -> None:
    image_id = alice.active()["id"]
    for action in ("deactivate", "reactivate"):
        admin.post(f"/v2/images/{image_id}/actions/{action}")
    admin.get(f"/v2/images/{image_id}")
    admin.post("/v2/metadefs/namespaces", json={"namespace": "Made"})

    assert [e["action"] for e in lines() if e["action"] != "admin"] == [
        "deactivated",
        "reactivated",
    ]
    told = [(e["method"], e["route"], e.get("target")) for e in lines("admin")]
    assert told == [
        ("POST", "/v2/images/<image_id>/actions/deactivate", image_id),
        ("POST", "/v2/images/<image_id>/actions/reactivate", image_id),
        ("POST", "/v2/metadefs/namespaces", None),
    ]


def test_refusals_say_what_was_tried(alice: Person, bob: Person, lines: Any) -> None:
    image_id = alice.active(visibility="community")["id"]
    assert bob.delete(f"/v2/images/{image_id}").status_code == 403
    assert bob.get(f"/v2/images/{'0' * 8}").status_code == 404

    line = lines("request")[-1]
    assert (line["outcome"], line["method"], line["target"]) == ("refused", "DELETE", image_id)
    assert line["project_id"] == bob.project_id
    assert "delete_image" in line["reason"]
    assert len(lines("request")) == 1


def test_what_was_rolled_back_was_not_done(
    alice: Person, bob: Person, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the power is off")

    image_id = alice.active()["id"]
    monkeypatch.setattr(events, "member", fail)
    answer = alice.post(f"/v2/images/{image_id}/members", json={"member": bob.project_id})

    assert answer.status_code == 500
    assert lines() == []


EVIL = 'a\n{"action":"login"}\r\u2028\x1b[31m\x85\x7f\u202e"'


def test_no_line_can_be_forged_or_made_long(alice: Person, lines: Any, path: Path) -> None:
    image_id = alice.active(name=EVIL)["id"]
    answer = alice.post(f"/v2/images/{image_id}/members", json={"member": "x" + "é\t\x01" * 80})
    assert answer.status_code in (200, 400)
    alice.request(
        "DELETE", f"/v2/images/{image_id}", headers={"X-Openstack-Request-Id": "r\x7f"}
    )

    raw = path.read_bytes()
    assert raw.isascii() and all(32 <= byte < 127 or byte == 10 for byte in raw)
    assert all(len(str(value)) <= 256 for line in lines() for value in line.values())


def test_a_line_escapes_everything_that_is_not_printable_ascii() -> None:
    text = audit.as_line({"name": EVIL, "nothing": None})

    assert json.loads(text) == {"name": EVIL}
    assert text.isascii() and text.isprintable()


def test_the_file_is_the_owners_and_may_be_rotated(log_in: Any, lines: Any, path: Path) -> None:
    log_in(PASSWORD)
    path.rename(path.with_suffix(".1"))
    log_in(PASSWORD)

    assert len(lines("login")) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_file_the_lines_are_in_the_log(
    make_service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service = make_service(image_tag_quota=127)
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]
    with caplog.at_level(logging.INFO, "glance_shim.audit"):
        alice.delete(f"/v2/images/{image_id}")

    (record,) = (each for each in caplog.records if each.name == "glance_shim.audit")
    assert json.loads(record.getMessage())["image_id"] == image_id


@pytest.mark.parametrize("driver, told", [("noop", 0), ("messagingv2", 1)])
def test_it_can_be_turned_off(
    make_service: Any, caplog: pytest.LogCaptureFixture, driver: str, told: int
) -> None:
    service = make_service(audit_middleware_notifications={"driver": driver})
    alice = service.person("p1", "member")
    image_id = alice.create()["id"]
    with caplog.at_level(logging.INFO, "glance_shim.audit"):
        alice.delete(f"/v2/images/{image_id}")

    infos = [e for e in caplog.records if e.levelno == logging.INFO]
    assert len([e for e in infos if e.name == "glance_shim.audit"]) == told


def test_commands_that_change_something_are_told(service: Service, lines: Any) -> None:
    def run(*words: str) -> None:
        group = commands.commands[words[0]]
        runner = click.testing.CliRunner()
        result = runner.invoke(group, words[1:], obj=lambda: service.deployment)
        assert result.exit_code == 0, result.output

    run("identity", "project", "create", "lab")
    run("identity", "project", "list")

    (line,) = lines()
    assert line["action"] == "command"
    assert line["command"].endswith("project create")
    assert line["target"] == "name=lab"
    assert line["user_name"]
