"""Documents that are got and sent."""

from __future__ import annotations

from typing import Any

import pytest
import web_server
from fetches import LIMIT
from web_server import Web

from glance_shim import errors, fetching


def test_a_json_document_can_be_got(pub: Web, options: Any) -> None:
    pub.answers["/x"] = web_server.reply(b'{"a": [1]}')

    assert fetching.get_json(pub.url("/x"), options, {"X-Auth-Token": "t"}) == {"a": [1]}
    assert pub.requests[0].headers["x-auth-token"] == "t"


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b"[" * 100_000, b" " * (2 << 20)])
def test_what_is_no_json_document_is_refused(body: bytes, pub: Web, options: Any) -> None:
    pub.answers["/x"] = web_server.reply(body)

    with pytest.raises(errors.SourceFailed):
        fetching.get_json(pub.url("/x"), options)


def test_a_json_document_can_be_sent(pub: Web, options: Any) -> None:
    pub.answers["/hook"] = web_server.reply(b"", "204 No Content")

    fetching.post_json(pub.url("/hook"), options, {"a": "ä"}, {"X-Key": "k"})

    (request,) = pub.requests
    assert (request.method, request.body) == ("POST", '{"a":"ä"}'.encode())
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-key"] == "k"


@pytest.mark.parametrize(
    "answer", [web_server.redirect("/other", 307), web_server.reply(b"", "500 No")]
)
def test_a_document_that_is_not_taken_is_an_error(
    answer: bytes, pub: Web, options: Any
) -> None:
    pub.answers["/hook"] = answer

    with pytest.raises(errors.SourceFailed):
        fetching.post_json(pub.url("/hook"), options, {})
    assert len(pub.requests) == 1


def test_a_document_is_not_sent_inside(sink: Web, options: Any) -> None:
    with pytest.raises(errors.RefusedURL):
        fetching.post_json(sink.url("/hook", "127.0.0.1"), options, {})
    assert sink.connections == 0


def test_a_header_cannot_be_split(pub: Web, options: Any) -> None:
    with pytest.raises(ValueError):
        fetching.fetch(pub.url("/x"), options, LIMIT, {"X-Auth-Token": "a\r\nEvil: yes"})
    assert pub.requests == []
