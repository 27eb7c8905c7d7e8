"""Clients that do nothing, or very little, at a real server."""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Iterator

import pytest
from real_server import IN_CHUNKS, MIB, Server, answer_on, everything_on, running, until

from glance_shim.core.identity import tokens
from glance_shim.db import connection

# Both processes together have 32 threads.
OPTIONS = {"workers": 2, "threads": 16, "client_socket_timeout": 3}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("slow"), **OPTIONS) as process:
        yield process


@contextlib.contextmanager
def many(server: Server, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections that have sent this and stay open."""
    connections: list[socket.socket] = []
    try:
        for _ in range(count):
            connections.append(server.connect())
            connections[-1].sendall(sent)
        yield connections
    finally:
        for each in connections:
            each.close()


def is_closed(connection: socket.socket) -> bool:
    """Has the server ended it, whatever it said before?"""
    connection.settimeout(0.2)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


HALF = b"GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Half"


@pytest.mark.parametrize("sent", [b"", HALF], ids=["silent", "half a head"])
def test_H_39_connections_that_stay_idle_are_outlasted(server: Server, sent: bytes) -> None:
    with many(server, 40, sent) as connections:
        assert server.get("/v2/images").status == 200
        until(lambda: all(map(is_closed, connections)), "the server has closed them")
    assert server.get("/v2/images").status == 200
    assert "Traceback" not in server.log()


@pytest.mark.parametrize(
    "sent",
    [b"no request\r\n\r\n", b"GET /versions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
    ids=["refused", "answered"],
)
def test_H_39_connections_that_are_never_closed_stop_nobody(
    server: Server, sent: bytes
) -> None:
    with many(server, 150, sent) as connections:
        assert server.get("/v2/images").status == 200
        for each in connections:
            assert answer_on(each).status in (200, 400)
        assert server.get("/v2/images").status == 200


def test_H_39_kept_connections_stop_nobody(server: Server) -> None:
    head = (
        f"GET /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n".encode()
    )
    with many(server, 100, head) as connections:
        for each in connections:
            assert answer_on(each).status == 200
        assert server.get("/v2/images").status == 200


def test_T_HTTP_3_uploads_that_stop_are_given_up(server: Server) -> None:
    images = [server.alice.create()["id"] for _ in range(20)]
    with contextlib.ExitStack() as open_ones:
        stalled = []
        for number, image_id in enumerate(images):
            how = "Content-Length: 1000000" if number % 2 else "Transfer-Encoding: chunked"
            start = b"x" * 1000 if number % 2 else b"3e8\r\n" + b"x" * 1000
            sent = server.upload_head(image_id, how) + start
            stalled += open_ones.enter_context(many(server, 1, sent))
        assert server.get("/v2/images").status == 200
        until(lambda: all(map(is_closed, stalled)), "the server has closed them")
    for image_id in images:
        server.wait_for(image_id, "queued")
    until(lambda: not server.service.blobs(), "nothing is left")
    server.assert_takes(images[0])


def test_T_HTTP_3_readers_that_stop_are_given_up(server: Server) -> None:
    image_id = server.alice.active(b"x" * 32 * MIB)["id"]
    path = f"/v2/images/{image_id}/file"
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n\r\n".encode()
    with many(server, 20, head):
        assert server.get("/v2/images").status == 200
        until(lambda: not server.open_blobs(), "the server reads for nobody any more")
    assert len(server.get(path).data) == 32 * MIB
    assert "Traceback" not in server.log()
    assert server.request("DELETE", f"/v2/images/{image_id}").status == 204


@pytest.mark.parametrize("is_deleted", [True, False])
def test_H_31_a_token_that_ends_during_an_upload(server: Server, is_deleted: bool) -> None:
    image_id = server.alice.create()["id"]
    database = server.service.deployment.database
    with connection.connected(database):
        user = tokens.validate(server.token).user_id
        project_id = server.alice.project_id
        short, _ = tokens.issue(server.service.deployment, user_id=user, project_id=project_id)
    with server.connect() as uploading:
        head = server.upload_head(image_id, IN_CHUNKS, token=short)
        uploading.sendall(head + b"5\r\n01234\r\n")
        server.wait_for(image_id, "saving")
        with connection.connected(database):
            tokens.revoke(short)
        ended = server.request("GET", "/v2/images", headers={"X-Auth-Token": short})
        assert ended.status == 401
        if is_deleted:
            assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
        uploading.sendall(b"5\r\n56789\r\n0\r\n\r\n")
        assert answer_on(uploading).status == (410 if is_deleted else 204)
    if not is_deleted:
        assert server.get(f"/v2/images/{image_id}/file").data == b"0123456789"
        assert server.request("DELETE", f"/v2/images/{image_id}").status == 204
    until(lambda: not server.service.blobs(), "nothing is left")


def test_T_HTTP_3_who_is_refused_and_stays_keeps_nobody_out(server: Server) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    upload = server.upload_head(unknown, f"Content-Length: {64 * MIB}", token="nonsense")

    with many(server, 400, upload), server.connect() as connection:
        # If each of them held a thread for two seconds, it would be their turn after 25.
        connection.settimeout(10)
        connection.sendall(b"GET /healthcheck/alive HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(connection).status == 200


def post(path: str, *lines: str) -> bytes:
    """The head of a change, to be followed by a body."""
    head = (f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *lines)
    return "".join(f"{line}\r\n" for line in (*head, "")).encode()


LOGIN = "/identity/v3/auth/tokens"


def test_T_HTTP_3_small_bodies_that_stop_hold_no_thread(server: Server) -> None:
    slow = post(LOGIN, "Content-Length: 500") + b'{"auth": '
    with many(server, 200, slow) as connections:
        # Changes need a thread, and all of it the database.
        server.assert_takes(server.alice.create()["id"])
        assert server.get("/v2/images").status == 200
        for each in connections:
            answer = answer_on(each)
            assert answer.status == 400
            assert b"client_socket_timeout" in answer.data
    assert "Traceback" not in server.log()


def test_a_small_body_that_comes_in_pieces_is_taken(server: Server) -> None:
    head = post("/v2/images", f"X-Auth-Token: {server.token}", "Content-Length: 16")
    with server.connect() as connection:
        for _ in range(2):
            for piece in (head, b'{"name"', b": ", b'"slow"}'[:-1]):
                connection.sendall(piece)
                assert not select.select([connection], [], [], 0.1)[0]
            connection.sendall(b"}")
            answer = answer_on(connection)
            assert (answer.status, b'"slow"' in answer.data) == (201, True)


@pytest.mark.parametrize("path", [LOGIN, "/dashboard/login"])
@pytest.mark.parametrize(
    "line, code",
    [
        (IN_CHUNKS, 411),
        ("Content-Length: 100000", 413),
        ("Content-Length: 5\r\nExpect: 100-continue", 417),
    ],
)
def test_T_HTTP_3_nobody_waits_for_what_strangers_hold_back(
    server: Server, path: str, line: str, code: int
) -> None:
    with server.connect() as connection:
        connection.sendall(post(path, line))
        data = everything_on(connection).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert data.startswith(f"HTTP/1.1 {code} ".encode())
