"""Two hosts over one database and one store: what one does is true for the other at once."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from real_server import MIB, PATIENCE, Answer, Server, answer_on, until

from glance_shim.core import quotas
from glance_shim.core.identity import roles, system_context, tokens, users
from glance_shim.db import connection

OPTIONS = """
[task]
workers = 0
"""
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Servers with directories of their own, which leave tasks to others."""
    directory = tmp_path_factory.mktemp("hosts")
    with contextlib.ExitStack() as stopping:
        one = Server(directory / "one", OPTIONS, workers=1)
        stopping.callback(one.stop)
        other = Server(directory / "other", OPTIONS, beside=one, workers=1)
        stopping.callback(other.stop)
        yield one, other


@pytest.fixture
def one(hosts: tuple[Server, Server]) -> Server:
    return hosts[0]


@pytest.fixture
def other(hosts: tuple[Server, Server]) -> Server:
    return hosts[1]


@pytest.fixture
def image_id(one: Server) -> Iterator[str]:
    image_id = str(one.alice.create()["id"])
    yield image_id
    one.request("DELETE", f"/v2/images/{image_id}")


@contextlib.contextmanager
def arriving(host: Server, image_id: str) -> Iterator[Any]:
    """An upload through the host, of which one byte is still to come."""
    with host.connect() as client:
        client.sendall(host.upload_head(image_id, f"Content-Length: {MIB}") + b"x" * (MIB - 1))
        host.wait_for(image_id, "saving")
        yield client


def at_once(*actions: Callable[[], Answer]) -> Counter[int]:
    barrier = threading.Barrier(len(actions))

    def wait_and(action: Callable[[], Answer]) -> int:
        barrier.wait(PATIENCE)
        return action().status

    with ThreadPoolExecutor(len(actions)) as pool:
        return Counter(pool.map(wait_and, actions))


def test_of_two_imports_asked_of_two_hosts_one_is_taken(one: Server, other: Server) -> None:
    request = json.dumps({"method": {"name": "web-download", "uri": "http://1.1.1.1/"}})
    for _ in range(10):
        image_id = one.alice.create()["id"]

        def ask(host: Server, path: str = f"/v2/images/{image_id}/import") -> Answer:
            return host.request("POST", path, request)

        assert at_once(lambda: ask(one), lambda: ask(other)) == {202: 1, 409: 1}
        assert len(json.loads(one.get(f"/v2/images/{image_id}/tasks").data)["tasks"]) == 1


def test_an_upload_is_seen_by_the_other_host_and_kept_from_a_second(
    one: Server, other: Server, image_id: str
) -> None:
    with arriving(one, image_id) as client:
        shown = json.loads(other.get(f"/v2/images/{image_id}").data)
        assert shown["status"] == "saving"
        assert other.upload(image_id, b"second").status == 409
        client.sendall(b"x")
        assert answer_on(client).status == 204

    assert other.get(f"/v2/images/{image_id}/file").data == b"x" * MIB


def test_an_image_that_is_deleted_through_the_other_host_keeps_nothing_of_its_upload(
    one: Server, other: Server, image_id: str
) -> None:
    with arriving(one, image_id) as client:
        assert other.request("DELETE", f"/v2/images/{image_id}").status == 204
        client.sendall(b"x")
        assert answer_on(client).status == 410

    assert one.get(f"/v2/images/{image_id}").status == 404
    assert one.service.blobs() == []


def test_the_limit_of_uploads_at_once_holds_over_both_hosts(
    one: Server, other: Server, image_id: str
) -> None:
    second = other.alice.create()["id"]
    limit(one, image_count_uploading=1)
    try:
        with arriving(one, image_id) as client:
            assert other.upload(second, b"x").status == 413
            client.sendall(b"x")
            assert answer_on(client).status == 204
        assert other.upload(second, b"x").status == 204
    finally:
        limit(one, image_count_uploading=quotas.UNLIMITED)
        one.request("DELETE", f"/v2/images/{second}")


def limit(host: Server, **limits: int) -> None:
    context = system_context(host.service.deployment)
    with connection.connected(context.deployment.database):
        for name, value in limits.items():
            quotas.set_limit(context, host.alice.project_id or "", name, value)


def test_a_crowd_on_both_hosts_stores_no_byte_too_many(one: Server, other: Server) -> None:
    ids = [one.alice.create()["id"] for _ in range(12)]
    limit(one, image_size_total=5)
    try:
        codes = at_once(
            *(
                lambda host=host, image_id=image_id: host.upload(image_id, b"x" * MIB)
                for image_id, host in zip(ids, [one, other] * 6, strict=True)
            )
        )
        assert codes == {204: 5, 413: 7}
    finally:
        limit(one, image_size_total=quotas.UNLIMITED)
        for image_id in ids:
            one.request("DELETE", f"/v2/images/{image_id}")
    assert one.service.blobs() == []


def test_a_revoked_token_is_refused_by_the_other_host_at_once(
    one: Server, other: Server
) -> None:
    token = somebody(one)
    for host in (one, other):
        assert host.get("/v2/images", **{"X-Auth-Token": token}).status == 200

    revoking = {"X-Auth-Token": token, "X-Subject-Token": token}
    assert one.request("DELETE", "/identity/v3/auth/tokens", headers=revoking).status == 204

    for host in (one, other):
        assert host.get("/v2/images", **{"X-Auth-Token": token}).status == 401


def somebody(host: Server) -> str:
    """The token of a new user."""
    context = system_context(host.service.deployment)
    project_id = host.service.project("p9")
    with connection.connected(host.service.deployment.database):
        user = users.create(context, name=f"u{threading.get_ident()}", password=PASSWORD)
        roles.grant(context, user.id, "member", ("project", project_id))
        token, _ = tokens.issue(host.service.deployment, user_id=user.id, project_id=project_id)
        return token


def test_wrong_passwords_are_counted_over_both_hosts(one: Server, other: Server) -> None:
    context = system_context(one.service.deployment)
    with connection.connected(one.service.deployment.database):
        user = users.create(context, name="guessed", password=PASSWORD)

    def log_in(host: Server, password: str) -> int:
        secret = {"id": user.id, "password": password}
        identity = {"methods": ["password"], "password": {"user": secret}}
        document = json.dumps({"auth": {"identity": identity}})
        headers = {"Content-Type": "application/json"}
        return host.request("POST", "/identity/v3/auth/tokens", document, headers).status

    assert log_in(other, PASSWORD) == 201
    for number in range(5):
        assert log_in(one if number % 2 else other, "wrong") == 401

    assert [log_in(host, PASSWORD) for host in (one, other)] == [429, 429]


def test_members_and_the_end_of_an_image_are_true_for_the_other_host_at_once(
    one: Server, other: Server, image_id: str
) -> None:

    assert one.upload(image_id, b"data").status == 204
    bob = other.service.person("p2", "member")
    offered = {"X-Auth-Token": bob.token or ""}
    member = json.dumps({"member": bob.project_id})
    json_type = {"Content-Type": "application/json"}
    members = f"/v2/images/{image_id}/members"
    assert one.request("POST", members, member, json_type).status == 200
    accepted = json.dumps({"status": "accepted"})
    assert (
        other.request(
            "PUT", f"{members}/{bob.project_id}", accepted, json_type | offered
        ).status
        == 200
    )
    listed = json.loads(one.get("/v2/images", **offered).data)["images"]
    assert [image["id"] for image in listed] == [image_id]
    assert one.get(f"/v2/images/{image_id}/file", **offered).data == b"data"

    assert other.request("DELETE", f"/v2/images/{image_id}").status == 204
    until(
        lambda: one.get(f"/v2/images/{image_id}/file", **offered).status == 404,
        "the other host says that it is gone",
    )
