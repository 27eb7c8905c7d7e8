"""Which thread answers whom, and what waits when an answer takes long."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import IN_CHUNKS, PATIENCE, Answer, Server, answer_on, surviving, until

# Says which thread has answered whom; holds an answer until a file is there or time has passed.
HELD = """\
import os, pathlib, threading, time
from glance_shim import cli, server

answer = server.ClosingRefusals.__call__

def held(self, environ, start_response):
    gate = environ.get("HTTP_X_GATE")
    if gate:
        pathlib.Path(gate).with_name("held").touch()
    while gate and not pathlib.Path(gate).exists():
        time.sleep(0.02)
    time.sleep(float(environ.get("HTTP_X_SECONDS", 0)))

    def start(status, headers, exc_info=None):
        by = "main" if threading.current_thread() is threading.main_thread() else "pool"
        told = [("X-By", by), ("X-Process", str(os.getpid()))]
        told.append(("X-Asked-By", f"{environ['REMOTE_ADDR']}:{environ['REMOTE_PORT']}"))
        return start_response(status, [*headers, *told], exc_info)

    start.__self__ = start_response.__self__
    return answer(self, environ, start)

server.ClosingRefusals.__call__ = held
cli.main()
"""


LARGE = 1_000_000


class Held(Server):
    program = ("-c", HELD)

    def ask(self, connection: socket.socket, path: str, *lines: str, cut: int = 0) -> bytes:
        """Send a read; all of it but the last ``cut`` bytes, which are returned."""
        head = (
            f"GET {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"X-Auth-Token: {self.token}",
            *lines,
        )
        whole = "".join(f"{line}\r\n" for line in (*head, "")).encode()
        end = len(whole) - cut
        connection.sendall(whole[:end])
        return whole[end:]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    server = Held(tmp_path_factory.mktemp("held") / "server", workers=1)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file whose coming lets go of what is held, at the latest when the test ends."""
    path = tmp_path / "gate"
    yield path
    path.touch()


def answered_by(answer: Answer) -> str:
    assert answer.status in (200, 201, 204), answer.data
    return str(answer.headers["X-By"])


def is_silent(connection: socket.socket) -> bool:
    """Has the server neither answered nor closed?"""
    return not select.select([connection], [], [], 0)[0]


@contextlib.contextmanager
def held(server: Held, gate: Path) -> Iterator[socket.socket]:
    """A client whose read, by the thread that watches, is held while the block runs."""
    with contextlib.ExitStack() as ending:

        def is_held() -> socket.socket | None:
            connection = ending.enter_context(contextlib.closing(server.connect()))
            server.ask(connection, "/v2/images", f"X-Gate: {gate}")
            others = [answered_by(server.get("/v2/images")) for _ in range(3)]
            # On a busy machine it may come to a thread of the pool, while a deputy watches.
            return connection if others == ["pool"] * 3 else None

        yield until(is_held, "the thread that watches is held")


def until_it_watches(server: Held, path: str = "/v2/images") -> None:
    """A read is answered by the thread that watches, once no deputy does on a busy machine."""
    until(lambda: answered_by(server.get(path)) == "main", "the thread that watches answers")


def test_small_reads_are_answered_by_the_thread_that_watches(server: Held) -> None:
    new = '{"disk_format": "raw", "container_format": "bare"}'
    created = server.request("POST", "/v2/images", new)
    assert answered_by(created) == "pool"
    image_id = created.headers["Location"].rpartition("/")[2]
    assert answered_by(server.upload(image_id, b"data")) == "pool"
    assert answered_by(server.get(f"/v2/images/{image_id}/file")) == "pool"
    for path in ("/v2/images", f"/v2/images/{image_id}", "/v2/schemas/image"):
        until_it_watches(server, path)
    assert answered_by(server.request("DELETE", f"/v2/images/{image_id}")) == "pool"


def test_a_head_that_comes_in_two_pieces_holds_nobody(server: Held) -> None:
    with contextlib.closing(server.connect()) as slow:
        rest = server.ask(slow, "/v2/images", cut=2)
        until_it_watches(server)
        assert is_silent(slow)
        slow.sendall(rest)
        assert answer_on(slow).status == 200


def test_heads_that_come_slowly_hold_no_thread(server: Held) -> None:
    with contextlib.ExitStack() as ending:
        slow = [ending.enter_context(contextlib.closing(server.connect())) for _ in range(200)]
        rests = [server.ask(connection, "/v2/images", cut=9) for connection in slow]
        # Whatever is no small read needs a thread.
        created = server.alice.create()["id"]
        assert server.request("PATCH", f"/v2/images/{created}").status == 415
        server.assert_takes(created)
        assert all(map(is_silent, slow))
        for connection, rest in zip(slow, rests, strict=True):
            connection.sendall(rest)
            assert answer_on(connection).status == 200


def test_small_bodies_that_come_slowly_hold_no_thread(server: Held) -> None:
    head = "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n"
    with contextlib.ExitStack() as ending:
        slow = [ending.enter_context(contextlib.closing(server.connect())) for _ in range(200)]
        for connection in slow:
            connection.sendall(head.encode() + b'{"auth": ')
        server.assert_takes(server.alice.create()["id"])
        assert server.get("/v2/images").status == 200
        assert all(map(is_silent, slow))
        for connection in slow:
            connection.sendall(b"{}}")
            answer = answer_on(connection)
            assert (answer.status, b"schema" in answer.data) == (400, True), answer.data


def test_T_HTTP_3_documents_in_chunks_hold_no_connection_to_the_database(server: Held) -> None:
    head = f"POST /v2/images HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {server.token}\r\n"
    begun = f"{head}Content-Type: application/json\r\n{IN_CHUNKS}\r\n\r\n2\r\n{{ \r\n".encode()
    with contextlib.ExitStack() as ending:
        # The process has eight.
        slow = [ending.enter_context(contextlib.closing(server.connect())) for _ in range(20)]
        for connection in slow:
            connection.sendall(begun)
        for _ in range(20):
            assert server.get("/v2/images").status == 200
        server.assert_takes(server.alice.create()["id"])
        assert all(map(is_silent, slow))
        for connection in slow:
            connection.sendall(b"1\r\n}\r\n0\r\n\r\n")
            assert answer_on(connection).status == 201


def test_a_head_is_waited_for_once_more_on_the_same_connection(server: Held) -> None:
    with contextlib.closing(server.connect()) as connection:
        for _ in range(2):
            rest = server.ask(connection, "/v2/images", cut=9)
            until_it_watches(server)
            connection.sendall(rest)
            assert answer_on(connection).status == 200


def test_requests_in_one_piece_are_answered_in_their_order(server: Held) -> None:
    with contextlib.closing(server.connect()) as connection:
        head = f"Host: 127.0.0.1\r\nX-Auth-Token: {server.token}\r\n\r\n"
        paths = ("/v2/schemas/image", "/v2/images", "/v2/schemas/members")
        connection.sendall("".join(f"GET {path} HTTP/1.1\r\n{head}" for path in paths).encode())
        expected = [server.get(path).data for path in paths]
        reader = connection.makefile("rb")
        for data in expected:
            head_of_answer = b"".join(iter(reader.readline, b"\r\n")).decode().lower()
            assert f"content-length: {len(data)}\r\n" in head_of_answer
            assert reader.read(len(data)) == data


def test_what_comes_stays_behind_what_has_been_read_ahead(server: Held, gate: Path) -> None:
    with contextlib.closing(server.connect()) as connection:
        head = f"Host: 127.0.0.1\r\nX-Auth-Token: {server.token}\r\n"
        first = f"GET /v2/schemas/image HTTP/1.1\r\nX-Gate: {gate}\r\n{head}\r\n".encode()
        second = f"GET /v2/schemas/members HTTP/1.1\r\n{head}\r\n".encode()
        connection.sendall(first + second[:20])
        until(lambda: gate.with_name("held").exists(), "the first is read")
        connection.sendall(second[20:])
        gate.touch()
        reader = connection.makefile("rb")
        for path in ("/v2/schemas/image", "/v2/schemas/members"):
            head_of_answer = b"".join(iter(reader.readline, b"\r\n"))
            assert head_of_answer.startswith(b"HTTP/1.1 200 "), head_of_answer
            data = server.get(path).data
            assert reader.read(len(data)) == data


def test_an_answer_that_takes_long_keeps_nobody_waiting(server: Held, gate: Path) -> None:
    with contextlib.closing(server.connect()) as before, contextlib.ExitStack() as others:
        server.ask(before, "/v2/images")
        assert answer_on(before).status == 200
        with held(server, gate) as waiting:
            # One that was known before, new ones, and a second that is held as well.
            server.ask(before, "/v2/images")
            assert answered_by(answer_on(before)) == "pool"
            second = others.enter_context(contextlib.closing(server.connect()))
            server.ask(second, "/v2/images", f"X-Gate: {gate}")
            for _ in range(20):
                assert answered_by(server.get("/v2/images")) == "pool"
            server.assert_takes(server.alice.create()["id"])
            assert is_silent(waiting) and is_silent(second)
            gate.touch()
            assert answered_by(answer_on(waiting)) == "main"
            assert answered_by(answer_on(second)) == "pool"
            # Each goes on with its connection, and all is as before.
            for connection in (waiting, second, before):
                server.ask(connection, "/v2/images")
                assert answer_on(connection).status == 200
            until_it_watches(server)


def test_the_lead_goes_to_and_fro_while_many_come(server: Held) -> None:
    def reads(client: int) -> list[int]:
        # About as long as it takes until a deputy watches.
        seconds = {"X-Seconds": f"0.0{10 + client % 10}"}
        return [server.get("/v2/images", **seconds).status for _ in range(60)]

    with surviving(server), concurrent.futures.ThreadPoolExecutor(30) as clients:
        statuses = list(clients.map(reads, range(30)))
    assert statuses == [[200] * 60] * 30


def test_a_client_that_leaves_while_it_is_answered_is_forgotten(
    server: Held, gate: Path
) -> None:
    logged = len(server.log())
    with held(server, gate) as waiting:
        waiting.close()
        gate.touch()
        until_it_watches(server)
    assert "Traceback" not in server.log()[logged:]


def test_what_takes_long_is_finished_before_the_end(tmp_path: Path, gate: Path) -> None:
    server = Held(tmp_path / "server", workers=1, graceful_timeout=PATIENCE)
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        with held(server, gate) as waiting:
            server.process.send_signal(signal.SIGTERM)
            until(lambda: refuses(server), "nobody else is let in")
            assert is_silent(waiting)
            gate.touch()
            assert answered_by(answer_on(waiting)) == "main"
        assert server.process.wait(PATIENCE) == 0


def refuses(server: Server) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Held]:
    """A server of two processes with threads for three transfers each."""
    server = Held(tmp_path / "pair", workers=2, threads=4)
    try:
        yield server
    finally:
        server.stop()


def processes(server: Held, times: int = 20) -> set[int]:
    """Who answers small reads on new connections."""
    return {int(server.get("/v2/images").headers["X-Process"]) for _ in range(times)}


def begun(server: Held, ending: contextlib.ExitStack) -> tuple[socket.socket, str]:
    """An upload whose second half has not been sent, and the image."""
    image_id = server.alice.create()["id"]
    connection = ending.enter_context(contextlib.closing(server.connect()))
    half = bytes(LARGE // 2)
    connection.sendall(server.upload_head(image_id, f"Content-Length: {LARGE}") + half)
    server.wait_for(image_id, "saving")
    return connection, image_id


def finished_by(connection: socket.socket) -> int:
    """Send the second half; which process has taken the data."""
    connection.sendall(bytes(LARGE // 2))
    answer = answer_on(connection)
    assert answer.status == 204
    return int(answer.headers["X-Process"])


def test_data_is_taken_by_one_process_and_small_reads_by_the_other(pair: Held) -> None:
    with contextlib.ExitStack() as ending:
        kept: list[socket.socket] = []

        def who() -> set[int]:
            for connection in kept:
                pair.ask(connection, "/v2/images")
            return {int(answer_on(connection).headers["X-Process"]) for connection in kept}

        def both() -> bool:
            kept.append(ending.enter_context(contextlib.closing(pair.connect())))
            return len(who()) == 2

        until(both, "both have connections")
        uploads = [begun(pair, ending)[0] for _ in range(2)]
        (small,) = who()
        assert processes(pair) == {small}
        (data,) = {finished_by(connection) for connection in uploads}
        assert {data, small} == set(pair.workers())
        until(lambda: len(processes(pair)) == 2, "both answer again")
        # Whoever has sent data goes on with the same connection, also with more data.
        for connection in uploads:
            pair.ask(connection, "/v2/images")
            assert answer_on(connection).status == 200
            image_id = pair.alice.create()["id"]
            head = pair.upload_head(image_id, f"Content-Length: {LARGE}")
            connection.sendall(head + bytes(LARGE // 2))
            assert finished_by(connection) == data
    pair.terminate()


def test_who_is_handed_over_is_known_by_the_same_address(pair: Held) -> None:
    with contextlib.ExitStack() as ending:

        def is_handed_over() -> bool:
            connection = ending.enter_context(contextlib.closing(pair.connect()))
            pair.ask(connection, "/v2/images")
            before = answer_on(connection).headers
            head = pair.upload_head(pair.alice.create()["id"], f"Content-Length: {LARGE}")
            connection.sendall(head + bytes(LARGE))
            after = answer_on(connection).headers
            host, port = connection.getsockname()
            assert before["X-Asked-By"] == after["X-Asked-By"] == f"{host}:{port}"
            return bool(before["X-Process"] != after["X-Process"])

        until(is_handed_over, "the other process takes the data")


def test_more_uploads_than_one_process_has_threads_for(pair: Held) -> None:
    with contextlib.ExitStack() as ending:
        uploads = [begun(pair, ending)[0] for _ in range(6)]
        takers = [finished_by(connection) for connection in uploads]
        assert sorted(map(takers.count, pair.workers())) == [3, 3]


def test_data_is_taken_while_the_process_for_it_is_not_there(pair: Held) -> None:
    with contextlib.ExitStack() as ending:
        taker = finished_by(begun(pair, ending)[0])
        os.kill(taker, signal.SIGKILL)
        connection, image_id = begun(pair, ending)
        finished_by(connection)
        until(lambda: len(pair.workers()) == 2 and taker not in pair.workers(), "a new one")
        pair.wait_for(image_id, "active")
        until(lambda: len(processes(pair)) == 2, "both answer")
        new = finished_by(begun(pair, ending)[0])
        assert new in pair.workers()


def test_threads_that_take_data_give_way_to_all_others(pair: Held) -> None:
    with contextlib.ExitStack() as ending:
        connection, _ = begun(pair, ending)
        process = finished_by(connection)
        # The niceness of a thread is the 17th number behind its name.
        stats = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/stat")]
        nice = [int(stat.rpartition(")")[2].split()[16]) for stat in stats]
        main = os.getpriority(os.PRIO_PROCESS, process)
        assert min(nice) == main
        assert max(nice) == min(19, main + 10)


def test_clients_are_shared_out_between_processes(tmp_path: Path) -> None:
    server = Server(tmp_path / "server", workers=2)
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        for _ in range(40):
            connection = ending.enter_context(contextlib.closing(server.http()))
            connection.request("GET", "/v2/images", headers={"X-Auth-Token": server.token})
            assert connection.getresponse().read()
        shares = [connections_of(pid, server.port) for pid in server.workers()]
        assert sum(shares) == 40
        assert min(shares) >= 5


def connections_of(pid: int, port: int) -> int:
    """How many clients at the port the process holds a connection with."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = {f"socket:[{r[9]}]" for r in rows if r[3] == "01" and r[1].endswith(f":{port:04X}")}
    found = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found += str(entry.readlink()) in ours
    return found
