"""Two servers behind the proxies of ``etc``, and what goes through."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import random
from collections.abc import Iterator
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
            seen.append([entry.name for entry in proxy.temporary.iterdir()])
            yield block

    answer = ask(proxy, servers[0], "PUT", path, watched(), **octets, **length)
    assert answer.status == 204, answer.data
    assert not any(seen)

    whole = ask(proxy, servers[0], "GET", path)
    assert hashlib.sha256(whole.data).digest() == hashlib.sha256(BLOCK * (SIZE // MIB)).digest()
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


def test_what_a_client_says_of_its_address_is_not_believed(
    proxy: Proxy, servers: list[Server]
) -> None:
    # Were it believed, each of these would come from somewhere else and none be slowed down.
    wrong = {"methods": ["password"], "password": {"user": {"name": "x", "password": "y"}}}
    wrong["password"]["user"]["domain"] = {"id": "default"}  # type: ignore[index]
    body = json.dumps({"auth": {"identity": wrong}})
    codes = [
        ask(
            proxy,
            servers[0],
            "POST",
            "/identity/v3/auth/tokens",
            body,
            **{"Content-Type": "application/json", "X-Forwarded-For": f"192.0.2.{number}"},
        ).status
        for number in range(22)
    ]

    assert codes[0] in (401, 429) and codes[-1] == 429


def test_links_name_the_proxy(proxy: Proxy, servers: list[Server]) -> None:
    answer = ask(proxy, servers[0], "GET", "/versions")

    href = json.loads(answer.data)["versions"][0]["links"][0]["href"]
    scheme = "http" if "nginx" in str(proxy.directory) else "https"
    assert href.startswith(f"{scheme}://127.0.0.1:{proxy.port}/")
