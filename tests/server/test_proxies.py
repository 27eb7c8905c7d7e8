"""Two servers behind the proxies of ``etc``, and what goes through."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
from collections.abc import Iterator
from hashlib import md5
from typing import Any

import pytest
from proxies import Proxy
from real_server import MIB, PATIENCE, Answer, Server, until

pytestmark = pytest.mark.xdist_group("proxies")

SIZE = 128 * MIB
BLOCK = random.Random(3).randbytes(MIB)
BELIEVING = "[oslo_middleware]\nenable_proxy_headers_parsing = true\n"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    one = Server(tmp_path_factory.mktemp("one"), BELIEVING)
    other = Server(tmp_path_factory.mktemp("other"), BELIEVING, beside=one)
    yield [one, other]
    other.process.terminate()
    other.process.wait()
    one.stop()


@pytest.fixture(scope="module", params=["nginx", "haproxy"])
def proxy(
    request: Any, servers: list[Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    made = Proxy(request.param, tmp_path_factory.mktemp(request.param), servers)
    yield made
    made.stop()


def ask(proxy: Proxy, server: Server, method: str, path: str, body: Any = None, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        known = {"X-Auth-Token": server.token, **headers}
        connection.request(method, path, body, known)
        return Answer(connection.getresponse())


def blocks() -> Iterator[bytes]:
    for _ in range(SIZE // MIB):
        yield BLOCK


def downloaded(proxy: Proxy, server: Server, path: str) -> bytes:
    """The MD5 of what came, while the proxy kept nothing of it on disk."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"X-Auth-Token": server.token})
        response = connection.getresponse()
        assert response.status == 200
        digest = md5()
        while block := response.read(MIB):
            assert proxy.on_disk() == []
            digest.update(block)
    return digest.digest()


@pytest.mark.parametrize(
    "length", [{}, {"Content-Length": str(SIZE)}], ids=["chunked", "sized"]
)
def test_data_goes_through_both_ways_and_the_proxy_keeps_nothing(
    proxy: Proxy, servers: list[Server], length: dict[str, str]
) -> None:
    image = servers[0].alice.create()["id"]
    path = f"/v2/images/{image}/file"
    octets = {"Content-Type": "application/octet-stream"}
    seen = []

    def watched() -> Iterator[bytes]:
        for block in blocks():
            yield block
            seen.append(proxy.on_disk())

    answer = ask(proxy, servers[0], "PUT", path, watched(), **octets, **length)
    assert answer.status == 204, answer.data
    assert len(seen) == SIZE // MIB and not any(seen)

    assert downloaded(proxy, servers[0], path) == md5(BLOCK * (SIZE // MIB)).digest()
    part = ask(proxy, servers[0], "GET", path, Range=f"bytes={MIB - 3}-{MIB + 2}")
    assert (part.status, part.data) == (206, BLOCK[-3:] + BLOCK[:3])
    assert ask(proxy, servers[0], "DELETE", f"/v2/images/{image}").status == 204


def test_a_client_that_goes_away_is_noticed(proxy: Proxy, servers: list[Server]) -> None:
    image = servers[0].alice.create()["id"]
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
    connection.putrequest("PUT", f"/v2/images/{image}/file")
    for name, value in (
        ("X-Auth-Token", servers[0].token),
        ("Content-Type", "application/octet-stream"),
        ("Content-Length", str(SIZE)),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(BLOCK)
    servers[0].wait_for(image, "saving")

    connection.close()

    servers[0].wait_for(image, "queued")
    until(lambda: servers[0].service.blobs() == [], "nothing is left of the attempt")


def log_in(proxy: Proxy, address: str, claimed: str) -> int:
    """The status of a wrong login from an address of this machine that claims another."""
    domain = {"id": "default"}
    user = {"name": proxy.name, "password": "wrong", "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    connection = http.client.HTTPConnection(
        "127.0.0.1", proxy.port, timeout=PATIENCE, source_address=(address, 0)
    )
    with contextlib.closing(connection):
        connection.request(
            "POST",
            "/identity/v3/auth/tokens",
            json.dumps({"auth": {"identity": identity}}),
            {"Content-Type": "application/json", "X-Forwarded-For": claimed},
        )
        return connection.getresponse().status


def test_a_client_that_guesses_is_slowed_down_whatever_it_says_and_nobody_else_is(
    proxy: Proxy,
) -> None:
    address, another = {
        "nginx": ("127.0.0.2", "127.0.0.3"),
        "haproxy": ("127.0.0.4", "127.0.0.5"),
    }[proxy.name]
    guesses = [log_in(proxy, address, f"192.0.2.{number}") for number in range(22)]

    assert (guesses[0], guesses[-1]) == (401, 429)
    assert log_in(proxy, another, address) == 401


def test_nginx_sends_files_by_itself_where_it_is_told_to(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    prefix = {"internal_redirect_prefix": "/sent-by-nginx"}
    server = Server(tmp_path_factory.mktemp("behind"), BELIEVING, **prefix)
    nginx = Proxy("nginx", tmp_path_factory.mktemp("nginx"), [server])
    try:
        image = server.alice.create()["id"]
        path = f"/v2/images/{image}/file"
        assert server.upload(image, BLOCK).status == 204
        told = server.get(path)
        assert (told.data, told.headers["Content-MD5"]) == (b"", md5(BLOCK).hexdigest())

        whole = ask(nginx, server, "GET", path)
        assert (whole.status, whole.data) == (200, BLOCK)
        assert whole.headers["Content-MD5"] == md5(BLOCK).hexdigest()
        assert whole.headers["Content-Type"] == "application/octet-stream"
        part = ask(nginx, server, "GET", path, Range="bytes=10-19")
        assert (part.status, part.data) == (206, BLOCK[10:20])
        (blob,) = server.service.blobs()
        assert ask(nginx, server, "GET", f"/sent-by-nginx/default/{blob.name}").status == 404
        stranger = {"X-Auth-Token": server.service.person("p9", "member").token or ""}
        assert ask(nginx, server, "GET", path, **stranger).status == 404
    finally:
        nginx.stop()
        server.stop()


def test_links_name_the_proxy(proxy: Proxy, servers: list[Server]) -> None:
    answer = ask(proxy, servers[0], "GET", "/versions")

    href = json.loads(answer.data)["versions"][0]["links"][0]["href"]
    scheme = "http" if proxy.name == "nginx" else "https"
    assert href.startswith(f"{scheme}://127.0.0.1:{proxy.port}/")
