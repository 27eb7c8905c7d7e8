"""Where redirects may lead, and what goes along."""

from __future__ import annotations

import contextlib
from typing import Any

import internal_urls
import pytest
import web_server
from fetches import LIMIT, Make, Names, fetched
from web_server import Web

from glance_shim import errors, fetching

REDIRECTS = [301, 302, 303, 307, 308]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("host", internal_urls.HOSTS)
def test_no_redirect_leads_to_an_internal_host(
    host: str, status: int, pub: Web, sink: Web, options: Any
) -> None:
    pub.answers["/x"] = web_server.redirect(f"http://{host}:{sink.port}/", status)

    with pytest.raises(errors.RefusedURL):
        fetching.fetch(pub.url("/x"), options, LIMIT)
    assert sink.connections == 0
    assert len(pub.requests) == 1


@pytest.mark.parametrize("url", [*internal_urls.TRICKS, "file:///etc/passwd", "ftp://8.8.8.8/"])
def test_no_redirect_tricks(url: str, pub: Web, options: Any) -> None:
    for status in REDIRECTS:
        pub.answers["/x"] = web_server.redirect(url, status)

        with pytest.raises((errors.RefusedURL, errors.SourceFailed)):
            fetching.fetch(pub.url("/x"), options, LIMIT)


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_to_an_allowed_url_is_followed(
    status: int, pub: Web, make_web: Make, make_options: Make
) -> None:
    other = make_web("127.0.0.3")
    options = make_options(allowed_networks=["127.0.0.2", "127.0.0.3"], allowed_ports=[])
    pub.answers["/x"] = web_server.redirect(other.url("/y z?ä"), status)
    pub.answers["/relative"] = web_server.redirect("x", status)
    other.answers["/y%20z?%C3%A4"] = web_server.reply(b"there")

    assert fetched(pub.url("/relative"), options) == b"there"


def test_a_redirect_to_a_name_is_judged_by_what_it_stands_for(
    pub: Web, sink: Web, names: Names, options: Any
) -> None:
    names["evil.example"] = [["127.0.0.1"]]
    pub.answers["/x"] = web_server.redirect(sink.url("/", "evil.example"))

    with pytest.raises(errors.RefusedURL):
        fetching.fetch(pub.url("/x"), options, LIMIT)
    assert sink.connections == 0


@pytest.mark.parametrize("hops, works", [(5, True), (6, False)])
def test_five_redirects_are_followed_and_no_more(
    hops: int, works: bool, pub: Web, options: Any
) -> None:
    for hop in range(hops):
        pub.answers[f"/{hop}"] = web_server.redirect(f"/{hop + 1}")
    pub.answers[f"/{hops}"] = web_server.reply(b"there")

    with contextlib.nullcontext() if works else pytest.raises(errors.SourceFailed):
        assert fetched(pub.url("/0"), options) == b"there"
    assert len(pub.requests) == 6


def test_a_url_that_redirects_to_itself_is_given_up(pub: Web, options: Any) -> None:
    pub.answers["/x"] = web_server.redirect("/x")

    with pytest.raises(errors.SourceFailed):
        fetching.fetch(pub.url("/x"), options, LIMIT)
    assert len(pub.requests) == 6


def test_headers_go_to_the_first_origin_only(
    pub: Web, make_web: Make, make_options: Make
) -> None:
    other = make_web("127.0.0.3")
    options = make_options(allowed_networks=["127.0.0.2", "127.0.0.3"], allowed_ports=[])
    pub.answers |= {
        "/near": web_server.redirect("/far"),
        "/far": web_server.redirect(other.url("/back")),
        "/again": web_server.reply(b"there"),
    }
    other.answers["/back"] = web_server.redirect(pub.url("/again"))
    secret = {"X-Auth-Token": "secret"}

    assert fetched(pub.url("/near"), options, headers=secret) == b"there"
    asked = {request.path: request.headers for request in [*pub.requests, *other.requests]}
    assert {path for path, sent in asked.items() if "x-auth-token" in sent} == {"/near", "/far"}
