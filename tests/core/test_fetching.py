"""Which URLs may be fetched, and where a connection goes."""

from __future__ import annotations

import contextlib
from typing import Any

import internal_urls
import pytest
import web_server
from fetches import LIMIT, Make, Names, fetched
from web_server import Web

from glance_shim import errors, fetching

# What may be asked for


@pytest.mark.parametrize("host", internal_urls.HOSTS)
def test_no_spelling_of_an_internal_host_may_be_fetched(
    host: str, sink: Web, make_options: Make
) -> None:
    for ports in ([], [80, 443]):
        options = make_options(allowed_ports=ports)
        for url in (f"http://{host}:{sink.port}/x", f"http://{host}/x", f"https://{host}/x"):
            with pytest.raises(errors.RefusedURL):
                fetching.check(url, options)
            with pytest.raises(errors.RefusedURL):
                fetching.fetch(url, options, LIMIT)

    assert sink.connections == 0


@pytest.mark.parametrize("url", internal_urls.TRICKS)
def test_no_trick_of_spelling_leads_to_an_internal_host(
    url: str, names: Names, make_options: Make
) -> None:
    names["allowed"] = [["8.8.8.8"]]

    with pytest.raises(errors.RefusedURL):
        fetching.check(url, make_options(allowed_ports=[]))


@pytest.mark.parametrize("scheme", internal_urls.SCHEMES)
def test_only_http_and_https_can_be_fetched(scheme: str, make_options: Make) -> None:
    for options in (
        make_options(),
        make_options(allowed_schemes=[]),
        make_options(allowed_schemes=[scheme.lower()]),
    ):
        for url in (f"{scheme}://8.8.8.8/x", f"{scheme}:///etc/passwd", f"{scheme}:x"):
            with pytest.raises(errors.RefusedURL):
                fetching.check(url, options)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://8.8.8.8",
        "HTTP://8.8.8.8:80/x?y#z",
        "http://8.8.8.8:/",
        "http://8.8.8.8:0/",
        "http://[2606:4700::1111]:443/",
        "http://images.example./",
        "http://Bücher.example/ä?ö=ü",
        "http://a_b.images.example//x",
    ],
)
def test_what_is_public_may_be_fetched(url: str, names: Names, make_options: Make) -> None:
    names["images.example"] = names["a_b.images.example"] = [["8.8.8.8"]]
    names["xn--bcher-kva.example"] = [["2606:4700::1111"]]

    fetching.check(url, make_options())


@pytest.mark.parametrize(
    "url, options, allowed",
    [
        ("http://8.8.8.8:8080/", {}, False),
        ("http://8.8.8.8:8080/", {"allowed_ports": [8080]}, True),
        ("http://8.8.8.8:80/", {"allowed_ports": [8080]}, False),
        ("http://8.8.8.8/", {"allowed_ports": [8080]}, True),
        ("http://8.8.8.8:81/", {"allowed_ports": [], "disallowed_ports": [81]}, False),
        ("http://8.8.8.8:82/", {"allowed_ports": [], "disallowed_ports": [81]}, True),
        ("http://8.8.8.8:80/", {"disallowed_ports": [80]}, True),
        ("http://8.8.8.8/", {"allowed_schemes": ["https"]}, False),
        ("http://8.8.8.8/", {"allowed_schemes": [], "disallowed_schemes": ["http"]}, False),
        ("http://8.8.8.8/", {"disallowed_schemes": ["http"]}, True),
        ("http://8.8.8.8/", {"allowed_hosts": ["images.example"]}, False),
        ("http://IMAGES.example./", {"allowed_hosts": ["Images.Example"]}, True),
        ("http://images.example/", {"disallowed_hosts": ["images.example"]}, False),
        ("http://images.example/", {"disallowed_hosts": ["8.8.8.8"]}, False),
        ("http://images.example/", {"disallowed_hosts": ["8.8.4.4"]}, True),
        (
            "http://images.example/",
            {"allowed_hosts": ["images.example"], "disallowed_hosts": ["images.example"]},
            True,
        ),
        ("http://127.0.0.1/", {"allowed_hosts": ["127.0.0.1"]}, True),
        ("http://[::1]/", {"allowed_hosts": ["[0:0::1]"]}, True),
        ("http://inside.example/", {"allowed_hosts": ["inside.example"]}, True),
        ("http://10.0.0.1/", {"allowed_hosts": ["inside.example"]}, False),
        ("http://inside.example/", {"allowed_networks": ["10.0.0.0/8"]}, True),
        ("http://inside.example/", {"refuse_private_networks": False}, True),
        ("http://127.0.0.1/", {"refuse_private_networks": False}, False),
        ("http://0.0.0.0/", {"refuse_private_networks": False}, False),
    ],
)
def test_operators_say_what_may_be_fetched(
    url: str, options: dict[str, Any], allowed: bool, names: Names, make_options: Make
) -> None:
    names["images.example"] = [["8.8.8.8"]]
    names["inside.example"] = [["10.0.0.1"]]

    context = contextlib.nullcontext() if allowed else pytest.raises(errors.RefusedURL)
    with context:
        fetching.check(url, make_options(**options))


def test_what_is_told_of_a_url_has_no_password_and_no_address(
    names: Names, make_options: Make
) -> None:
    names["inside.example"] = [["10.1.2.3"]]
    told = []
    for url in ("http://inside.example/", "http://missing.example/", "http://u:secret@h/\n"):
        with pytest.raises(errors.RefusedURL) as refused:
            fetching.check(url, make_options())
        told.append(str(refused.value))

    assert told[0].replace("inside", "missing") == told[1]
    assert "10.1.2.3" not in told[0]
    assert "secret" not in told[2] and "\n" not in told[2]


def test_what_is_told_of_a_long_url_is_short(make_options: Make) -> None:
    with pytest.raises(errors.RefusedURL) as refused:
        fetching.check("http://8.8.8.8/" + "x" * 100_000, make_options())

    assert len(str(refused.value)) < 500


# Where a connection goes


def test_a_name_is_resolved_once_and_that_address_connected_to(
    pub: Web, make_web: Make, names: Names, options: Any
) -> None:
    sink = make_web("127.0.0.3", pub.port)
    names["evil.example"] = [["127.0.0.2"], ["127.0.0.3"]]
    pub.answers["/x"] = web_server.reply(b"public")

    assert fetched(pub.url("/x", "evil.example"), options) == b"public"
    assert sink.connections == 0
    assert pub.requests[0].headers["host"] == f"evil.example:{pub.port}"


def test_a_name_that_changes_between_check_and_fetch_is_refused(
    pub: Web, make_web: Make, names: Names, options: Any
) -> None:
    sink = make_web("127.0.0.3", pub.port)
    names["evil.example"] = [["127.0.0.2"], ["127.0.0.3"]]
    fetching.check(pub.url("/x", "evil.example"), options)

    with pytest.raises(errors.RefusedURL):
        fetching.fetch(pub.url("/x", "evil.example"), options, LIMIT)
    assert sink.connections == 0


@pytest.mark.parametrize("found", [["127.0.0.2", "127.0.0.3"], ["127.0.0.3", "127.0.0.2"]])
def test_only_the_addresses_that_may_be_reached_are_tried(
    found: list[str], pub: Web, make_web: Make, names: Names, options: Any
) -> None:
    sink = make_web("127.0.0.3", pub.port)
    names["mixed.example"] = [found]
    pub.answers["/x"] = web_server.reply(b"public")

    assert fetched(pub.url("/x", "mixed.example"), options) == b"public"
    assert sink.connections == 0


def test_a_name_with_internal_addresses_only_is_refused(
    sink: Web, names: Names, options: Any
) -> None:
    names["evil.example"] = [["127.0.0.1", "fe80::1", "::ffff:127.0.0.1"]]

    with pytest.raises(errors.RefusedURL):
        fetching.fetch(sink.url("/x", "evil.example"), options, LIMIT)
    assert sink.connections == 0


def test_each_allowed_address_is_tried_in_turn(
    pub: Web, names: Names, make_options: Make
) -> None:
    options = make_options(allowed_networks=["127.0.0.0/24"], allowed_ports=[])
    names["images.example"] = [["127.0.0.4", "127.0.0.5", "127.0.0.2"]]
    pub.answers["/x"] = web_server.reply(b"public")

    assert fetched(pub.url("/x", "images.example"), options) == b"public"


def test_a_connection_that_leads_to_another_address_is_not_used(
    sink: Web, make_options: Make
) -> None:
    # The kernel connects who asks for the unspecified address to loopback.
    options = make_options(allowed_hosts=["0.0.0.0"], allowed_ports=[])

    with pytest.raises(errors.SourceFailed):
        fetching.fetch(sink.url("/x", "0.0.0.0"), options, LIMIT)
    assert sink.requests == []


def test_an_allowed_host_may_have_any_address(
    sink: Web, names: Names, make_options: Make
) -> None:
    options = make_options(allowed_hosts=["inside.example"], allowed_ports=[])
    names["inside.example"] = [["127.0.0.1"]]
    sink.answers["/x"] = web_server.reply(b"inside")

    assert fetched(sink.url("/x", "inside.example"), options) == b"inside"


def test_an_address_of_ipv6_can_be_fetched_from(make_web: Make, make_options: Make) -> None:
    server = make_web("::1")
    server.answers["/x"] = web_server.reply(b"six")
    options = make_options(allowed_networks=["::1"], allowed_ports=[])

    assert fetched(server.url("/x", "[::1]"), options) == b"six"
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_nothing_of_the_environment_has_a_say(
    pub: Web, sink: Web, options: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{sink.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{sink.port}")
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.2 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    pub.answers["/x"] = web_server.reply(b"public", Set_Cookie="a=b")

    for _ in range(2):
        assert fetched(pub.url("/x"), options) == b"public"
    assert sink.connections == 0
    assert pub.requests[1].headers == {
        "host": f"127.0.0.2:{pub.port}",
        "user-agent": "glance-shim",
        "accept-encoding": "identity",
        "connection": "close",
    }


def test_what_is_asked_for_is_the_path_and_query_of_the_url(pub: Web, options: Any) -> None:
    pub.answers["//a/%2e/%C3%A4?b=%20c&d"] = web_server.reply(b"public")

    assert fetched(pub.url("//a/%2e/ä?b=%20c&d#e"), options) == b"public"


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "file:///etc/passwd"])
def test_a_refresh_header_leads_nowhere(location: str, pub: Web, options: Any) -> None:
    pub.answers["/x"] = web_server.reply(b"public", Refresh=f"0; url={location}")

    with pytest.raises(errors.SourceFailed):
        fetching.fetch(pub.url("/x"), options, LIMIT)
