"""A server that may be reached, one that must not be, and the names they have."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from web_server import Web

from glance_shim import config, fetching


@pytest.fixture
def make_web() -> Iterator[Callable[..., Web]]:
    """``make_web(address, port=…, tls=…)``: a server for the time of the test."""
    made: list[Web] = []

    def make(*given: Any, **named: Any) -> Web:
        made.append(Web(*given, **named))
        return made[-1]

    yield make
    for web in made:
        web.close()


@pytest.fixture
def pub(make_web: Callable[..., Web]) -> Web:
    """A server on the one address that the options open."""
    return make_web("127.0.0.2")


@pytest.fixture
def sink(make_web: Callable[..., Web]) -> Web:
    """A server on all addresses of this machine, at a port of its own."""
    return make_web("::")


@pytest.fixture
def make_options() -> Callable[..., Any]:
    """``make_options(allowed_hosts=[…])``: the section ``import_filtering_opts``."""

    def make(**options: Any) -> Any:
        overrides = {"import_filtering_opts": options}
        return config.load(overrides=overrides).import_filtering_opts

    return make


@pytest.fixture
def options(make_options: Callable[..., Any]) -> Any:
    """Options that open the address of ``pub``, and every port."""
    return make_options(allowed_networks=["127.0.0.2"], allowed_ports=[])


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What names stand for, one list of addresses after the other; the last one stays."""
    known: dict[str, list[list[str]]] = {}

    def resolve(host: str, port: int) -> list[str]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = known[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    monkeypatch.setattr(fetching, "resolve", resolve)
    return known
