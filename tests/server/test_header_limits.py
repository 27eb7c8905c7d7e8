"""Limits of the head of a request that an operator has set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import Server, answer_on


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory: Path = tmp_path_factory.mktemp("limits") / "server"
    server = Server(directory, max_request_line=300, max_header_line=400, max_headers=30)
    yield server
    server.stop()


def asked(server: Server, line: str, *headers: str) -> int:
    with server.connect() as connection:
        head = "".join(f"{each}\r\n" for each in (line, "Host: x", *headers, ""))
        connection.sendall(head.encode())
        return answer_on(connection).status


@pytest.mark.parametrize("length, code", [(300, 200), (301, 414), (5000, 414)])
def test_the_first_line_is_only_so_long(server: Server, length: int, code: int) -> None:
    line = "GET /healthcheck?{} HTTP/1.1"

    assert asked(server, line.format("x" * (length - len(line) + len("{}")))) == code


@pytest.mark.parametrize("length, code", [(350, 200), (450, 431), (20_000, 431)])
def test_a_header_is_only_so_long(server: Server, length: int, code: int) -> None:
    assert asked(server, "GET /healthcheck HTTP/1.1", f"X-Long: {'x' * length}") == code


@pytest.mark.parametrize("count, code", [(30, 200), (31, 431), (900, 431)])
def test_there_are_only_so_many_headers(server: Server, count: int, code: int) -> None:
    more = [f"X-{number}: x" for number in range(count - 1)]

    assert asked(server, "GET /healthcheck HTTP/1.1", *more) == code


@pytest.mark.parametrize(
    "start, piece, code",
    [
        ("GET /healthcheck HTTP/1.1\r\n", f"X-Long: {'x' * 300}\r\n", 431),
        ("GET /healthcheck?", "x" * 300, 414),
    ],
)
def test_a_head_that_does_not_end_is_refused(
    server: Server, start: str, piece: str, code: int
) -> None:
    with server.connect() as connection:
        connection.sendall(start.encode() + piece.encode() * 30)
        assert answer_on(connection).status == code


@pytest.mark.parametrize(
    "start", ["GET\r\n", "GET /healthcheck\r\n", "GET / HTTP/1.1\nX", "\x16\n"]
)
def test_what_can_become_no_head_is_not_waited_for(server: Server, start: str) -> None:
    with server.connect() as connection:
        connection.sendall(start.encode())
        assert answer_on(connection).status == 400
