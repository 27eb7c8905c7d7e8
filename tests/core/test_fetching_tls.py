"""Servers prove their names, whatever address the connection goes to."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import web_server
from certificates import DAY, Authority
from fetches import LIMIT, Make, Names, fetched
from web_server import Web

from glance_shim import errors, exchange, fetching


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def make_pub(
    make_web: Make, names: Names, authority: Authority
) -> Callable[[ssl.SSLContext], Web]:
    """A server with TLS, under the name images.example."""
    names["images.example"] = [["127.0.0.2"]]

    def make(context: ssl.SSLContext) -> Web:
        web = make_web("127.0.0.2", tls=context)
        web.answers["/x"] = web_server.reply(b"proven")
        return web

    return make


def test_the_certificate_is_that_of_the_name(
    make_pub: Any, authority: Authority, options: Any
) -> None:
    asked = []
    context = authority.server("images.example")
    context.sni_callback = lambda sock, name, context: asked.append(name)
    pub = make_pub(context)

    assert fetched(pub.url("/x", "images.example"), options) == b"proven"
    assert asked == ["images.example"]
    assert pub.requests[0].headers["host"] == f"images.example:{pub.port}"


def test_an_address_can_have_a_certificate(
    make_pub: Any, authority: Authority, options: Any
) -> None:
    pub = make_pub(authority.server("127.0.0.2"))

    assert fetched(pub.url("/x"), options) == b"proven"


@pytest.mark.parametrize(
    "certificate",
    [
        lambda authority, other: authority.server("other.example"),
        lambda authority, other: authority.server("127.0.0.2"),
        lambda authority, other: authority.server("images.example", life=-DAY),
        lambda authority, other: other.server("images.example"),
    ],
    ids=["of another name", "of the address only", "out of date", "of an unknown authority"],
)
def test_a_server_that_does_not_prove_its_name_gets_no_request(
    certificate: Any, make_pub: Any, authority: Authority, tmp_path: Path, options: Any
) -> None:
    (tmp_path / "other").mkdir()
    pub = make_pub(certificate(authority, Authority(tmp_path / "other")))

    with pytest.raises(errors.SourceFailed) as failed:
        fetching.fetch(pub.url("/x", "images.example"), options, LIMIT, {"X-Auth-Token": "t"})
    assert failed.value.facts == {"reason": fetching.NOT_FETCHED}
    assert pub.connections == 1
    assert pub.requests == []


def test_a_server_that_does_not_begin_tls_gets_no_request(
    pub: Web, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "CONNECT_SECONDS", 0.2)

    with pytest.raises(errors.SourceFailed):
        fetching.fetch(f"https://127.0.0.2:{pub.port}/x", options, LIMIT)
    assert pub.requests == []


def test_no_redirect_leads_from_https_to_http(
    make_pub: Any, pub: Web, authority: Authority, options: Any
) -> None:
    secure = make_pub(authority.server("images.example"))
    secure.answers["/y"] = web_server.redirect(pub.url("/x"))

    with pytest.raises(errors.RefusedURL):
        fetching.fetch(secure.url("/y", "images.example"), options, LIMIT)
    assert pub.connections == 0


def test_a_redirect_may_lead_from_http_to_https(
    make_pub: Any, pub: Web, authority: Authority, options: Any
) -> None:
    secure = make_pub(authority.server("images.example"))
    pub.answers["/y"] = web_server.redirect(secure.url("/x", "images.example"))

    assert fetched(pub.url("/y"), options, headers={"X-Auth-Token": "t"}) == b"proven"
    assert "x-auth-token" not in secure.requests[0].headers


def test_data_without_a_length_must_end_as_tls_ends(
    make_pub: Any, authority: Authority, options: Any
) -> None:
    pub = make_pub(authority.server("images.example"))

    def cut(request: Any) -> Any:
        yield web_server.head()
        yield b"begun"
        raise ConnectionError("cut")

    pub.answers |= {"/whole": [web_server.head(), b"whole"], "/cut": cut}

    assert fetched(pub.url("/whole", "images.example"), options) == b"whole"
    with pytest.raises(errors.SourceFailed) as failed:
        fetched(pub.url("/cut", "images.example"), options)
    assert failed.value.facts == {"reason": fetching.NOT_WHOLE}
