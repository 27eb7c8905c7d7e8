"""Passwords: how they are kept, and what guessing them costs."""

from __future__ import annotations

import re
import threading
from typing import Any

import databases
import pytest
from site_under_test import Site, User

from glance_shim import errors
from glance_shim.core.identity import passwords, throttle, users
from glance_shim.db.identity import login_failures as failure_rows
from glance_shim.db.identity import users as rows


def by_name(name: str, password: str) -> dict[str, Any]:
    return {"methods": ["password"], "password": {"user": {"name": name, "password": password}}}


def try_to(site: Site, name: str, password: str, address: str = "192.0.2.1") -> Any:
    """Log in from an address."""
    environ = {"REMOTE_ADDR": address}
    return site.log_in(by_name(name, password), environ_overrides=environ)


def test_equal_passwords_have_different_hashes() -> None:
    one, two = passwords.hashed("the same"), passwords.hashed("the same")

    assert one != two
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("kept", "typed", "right"),
    [
        ("nul\0nul", "nul\0nul", True),
        ("nul\0nul", "nul\0other", False),
        ("пароль 密码 🔑", "пароль 密码 🔑", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("x" * 72 + "one", "x" * 72 + "two", False),
        ("x" * 1024, "x" * 1024, True),
        (" blank ", "blank", False),
    ],
)
def test_passwords_are_compared_whole(
    in_database: Site, kept: str, typed: str, right: bool
) -> None:
    attempt = throttle.attempt("ana", "192.0.2.1")

    found = passwords.verify(in_database.context, attempt, typed, passwords.hashed(kept))

    assert found is right


@pytest.mark.parametrize("password", ["", "x" * 1025, "é" * 513])
@pytest.mark.parametrize("name", ["ana", "nobody"])
def test_a_password_of_unusable_length_is_400_without_hashing(
    site: Site, ana: User, name: str, password: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(passwords, "_hasher", lambda: pytest.fail("it was hashed"))

    assert try_to(site, name, password).status_code == 400


def test_a_hash_with_old_parameters_is_replaced_at_login(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setitem(passwords.PARAMETERS, "memory_cost", 8192)
    ana = site.user("ana", "lab", "member")
    monkeypatch.undo()

    assert ana.log_in().status_code == 201
    assert site.status(ana.token) == 200

    with site.connected():
        user = rows.find(ana.id)
    assert user is not None and "m=19456" in (user.password_hash or "")
    assert ana.log_in().status_code == 201


def test_a_user_without_a_password_cannot_log_in(site: Site) -> None:
    with site.connected():
        users.create(site.context, "robot")

    assert try_to(site, "robot", "anything").status_code == 401


def test_the_sixth_try_in_a_row_waits(site: Site, ana: User, clock: Any) -> None:
    for _ in range(5):
        assert try_to(site, "ana", "wrong").status_code == 401

    refused = try_to(site, "ana", ana.password)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    assert try_to(site, "ana", ana.password, "192.0.2.2").status_code == 201

    clock.at += 29.5
    assert try_to(site, "ana", ana.password).headers["Retry-After"] == "1"
    clock.at += 0.5
    assert try_to(site, "ana", ana.password).status_code == 201


def test_one_failure_after_the_wait_waits_again(site: Site, ana: User, clock: Any) -> None:
    for _ in range(5):
        try_to(site, "ana", "wrong")
    clock.at += 30

    assert try_to(site, "ana", "wrong").status_code == 401
    assert try_to(site, "ana", ana.password).status_code == 429


def test_a_success_ends_the_row_of_failures(site: Site, ana: User, clock: Any) -> None:
    for _ in range(3):
        for _ in range(4):
            assert try_to(site, "ana", "wrong").status_code == 401
        assert try_to(site, "ana", ana.password).status_code == 201


def test_unknown_accounts_wait_like_known_ones(site: Site, ana: User, clock: Any) -> None:
    answers = {}
    for name in ("ana", "nobody"):
        answers[name] = [try_to(site, name, "wrong").data for _ in range(6)]

    assert answers["ana"] == answers["nobody"]


def test_it_does_not_help_to_name_the_account_differently(
    site: Site, ana: User, clock: Any
) -> None:
    for _ in range(5):
        try_to(site, "ana", "wrong")

    proof = {"user": {"id": ana.id, "password": "wrong"}}
    response = site.log_in(
        {"methods": ["password"], "password": proof},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
    )

    assert response.status_code == 429


def test_an_address_with_many_failures_waits_for_every_account(
    site: Site, ana: User, clock: Any
) -> None:
    for number in range(20):
        clock.at += 60
        assert try_to(site, f"nobody{number}", "wrong").status_code == 401

    refused = try_to(site, "ana", ana.password)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(3600 - 19 * 60)
    assert try_to(site, "ana", ana.password, "192.0.2.2").status_code == 201
    clock.at += 3600 - 19 * 60
    assert try_to(site, "ana", ana.password).status_code == 201


def test_an_account_with_many_failures_is_slow_from_anywhere(
    site: Site, ana: User, clock: Any
) -> None:
    with site.connected():
        for number in range(100):
            attempt = throttle.attempt(ana.id, f"192.0.2.{number + 100}")
            throttle.note(attempt, right=False)

    assert try_to(site, "ana", ana.password, "198.51.100.1").status_code == 201
    assert clock.slept == pytest.approx(2.0)
    assert try_to(site, "ana", "wrong", "198.51.100.2").status_code == 401
    assert clock.slept == pytest.approx(4.0)


def test_an_ipv6_address_counts_by_its_network(site: Site, ana: User, clock: Any) -> None:
    for number in range(5):
        try_to(site, "ana", "wrong", f"2001:db8:0:1::{number:x}")

    assert try_to(site, "ana", ana.password, "2001:db8:0:1:ffff::1").status_code == 429
    assert try_to(site, "ana", ana.password, "2001:db8:0:2::1").status_code == 201


def test_failures_are_forgotten_after_an_hour_and_never_too_many(
    in_database: Site, monkeypatch: Any, clock: Any
) -> None:
    monkeypatch.setattr(failure_rows, "LARGEST_TABLE", 10)
    for number in range(30):
        throttle.note(throttle.attempt(f"user{number}", "192.0.2.1"), right=False)
    assert len(failure_rows.latest(0, 100)) == 10

    clock.at += 3601
    throttle.note(throttle.attempt("ana", "192.0.2.1"), right=False)
    assert len(failure_rows.latest(0, 100)) == 1


def test_few_passwords_are_checked_at_once(make_site: Any, monkeypatch: Any) -> None:
    site = make_site(identity={"password_checks_at_once": 1})
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 0.05)
    ana = site.user("ana", "lab", "member")

    with passwords.one_of_few(site.context):
        busy = ana.log_in()
    assert busy.status_code == 503
    assert busy.headers["Retry-After"]
    assert ana.log_in().status_code == 201
    assert site.status(ana.token) == 200


def test_parallel_tries_do_not_slip_through(make_site: Any) -> None:
    site = make_site(identity={"password_checks_at_once": 2})
    site.user("ana", "lab", "member")
    statuses: list[int] = []

    def guess() -> None:
        statuses.append(
            site.app.test_client()
            .post(
                "/identity/v3/auth/tokens",
                json={"auth": {"identity": by_name("ana", "wrong")}},
            )
            .status_code
        )

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses.count(401) <= 5 + 1
    assert set(statuses) <= {401, 429}


def test_a_changed_password_needs_the_old_one(site: Site, ana: User) -> None:
    path = f"/identity/v3/users/{ana.id}/password"
    wrong = {"user": {"original_password": "wrong", "password": "new"}}
    missing = {"user": {"password": "new"}}

    assert ana.post(path, json=missing).status_code == 400
    assert ana.post(path, json=wrong).status_code == 401
    assert ana.log_in().status_code == 201
    right = {"user": {"original_password": ana.password, "password": "new"}}
    assert ana.post(path, json=right).status_code == 204
    assert ana.log_in().status_code == 401
    assert try_to(site, "ana", "new").status_code == 201


def test_nobody_changes_the_password_of_another(site: Site, ana: User, root: User) -> None:
    path = f"/identity/v3/users/{ana.id}/password"
    body = {"user": {"original_password": ana.password, "password": "new"}}

    assert root.post(path, json=body).status_code == 403


def test_a_password_that_was_changed_meanwhile_is_not_overwritten(in_database: Site) -> None:
    ana = in_database.user("ana")
    with in_database.connected():
        found = rows.find(ana.id)
        assert found is not None
        users.set_password(in_database.context, ana.id, "first")
        with pytest.raises(errors.Conflict):
            users._replace_password(found, passwords.hashed("second"))


def test_an_unknown_user_costs_what_a_known_one_does(
    site: Site, ana: User, monkeypatch: Any
) -> None:
    """The same hashing and the same statements, so the same time."""
    work: list[str] = []
    matches = passwords._matches

    def noted(given: bytes, kept: str | None) -> bool:
        work.append("hash")
        return matches(given, kept)

    monkeypatch.setattr(passwords, "_matches", noted)

    def note(statement: str, params: Any) -> None:
        work.append(re.sub("[0-9]+", "", statement))

    done = {}
    with site.connected():
        users.set_enabled(site.context, site.user("disabled").id, False)
    with databases.watched(site.deployment.database, note):
        for name in ("ana", "nobody", "disabled"):
            work.clear()
            assert try_to(site, name, "wrong").status_code == 401
            done[name] = list(work)

    assert done["ana"] == done["nobody"] == done["disabled"]
    assert done["ana"].count("hash") == 1
    assert len(done["ana"]) > 5
