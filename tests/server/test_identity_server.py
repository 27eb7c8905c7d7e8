"""Who is asking, through a real server: its own reading of headers, and many at once."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
from real_server import Server, running

from glance_shim.core.identity import system_context, users
from glance_shim.db import connection


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("identity")) as process:
        yield process


def ask(
    server: Server, method: str, path: str, headers: Any, body: str = ""
) -> tuple[int, Any]:
    """One request; ``headers`` are pairs, sent as they are."""
    asking = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        asking.putrequest(method, path)
        for name, value in headers:
            asking.putheader(name, value)
        if body:
            asking.putheader("Content-Length", str(len(body)))
        asking.endheaders(body.encode() if body else None)
        response = asking.getresponse()
        return response.status, json.loads(response.read() or b"null")
    finally:
        asking.close()


FORGED = [
    (spelling, value)
    for name, value in (
        ("X-Identity-Status", "Confirmed"),
        ("X-Roles", "admin"),
        ("X-User-Id", "root"),
        ("X-Project-Id", "other"),
        ("X-Tenant-Id", "other"),
        ("X-Service-Roles", "admin"),
        ("X-Is-Admin-Project", "True"),
        ("OpenStack-System-Scope", "all"),
        ("Remote-User", "root"),
    )
    for spelling in (name, name.lower(), name.replace("-", "_"), name)
]


def test_forged_headers_change_nothing(server: Server) -> None:
    token = [("X-Auth-Token", server.token)]
    own = ask(server, "GET", "/identity/v3/auth/projects", token)

    assert own[0] == 200
    assert ask(server, "GET", "/v2/images", FORGED)[0] == 401
    assert ask(server, "GET", "/identity/v3/auth/projects", [*FORGED, *token]) == own
    assert ask(server, "GET", "/identity/v3/users", [*FORGED, *token])[0] == 403


def test_two_tokens_are_none(server: Server) -> None:
    token = ("X-Auth-Token", server.token)

    assert ask(server, "GET", "/v2/images", [token])[0] == 200
    assert ask(server, "GET", "/v2/images", [token, token])[0] == 401
    assert ask(server, "GET", "/v2/images", [("X_Auth_Token", server.token)])[0] == 401


def test_every_answer_belongs_to_its_token(server: Server) -> None:
    people = [server.service.person(f"project {number}", "member") for number in range(20)]

    def projects(number: int) -> Any:
        sent = [("X-Auth-Token", people[number % len(people)].token)]
        status, body = ask(server, "GET", "/identity/v3/auth/projects", sent)
        return [each["id"] for each in body["projects"]] if status == 200 else (status, body)

    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        found = list(pool.map(projects, range(1000)))

    wanted = [[people[number % len(people)].project_id] for number in range(1000)]
    assert [(f, w) for f, w in zip(found, wanted, strict=True) if f != w] == []


def test_many_logins_at_once_do_not_stop_the_rest(server: Server) -> None:
    database = server.service.deployment.database
    with connection.connected(database):
        users.create(system_context(server.service.deployment), "zoe", "a password")
    user = {"name": "zoe", "password": "a password"}
    proof = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps({"auth": {"identity": proof}})

    def log_in(_: int) -> int:
        return ask(server, "POST", "/identity/v3/auth/tokens", [], body)[0]

    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        logins = [pool.submit(log_in, number) for number in range(60)]
        assert ask(server, "GET", "/v2/images", [("X-Auth-Token", server.token)])[0] == 200
        statuses = {login.result() for login in logins}

    assert 201 in statuses
    assert statuses <= {201, 503}
