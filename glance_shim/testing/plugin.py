"""The pytest plugin: fixtures that give a running service.

Until one of them is used, nothing of the program is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from glance_shim.testing.service import Service

SCOPES = ("function", "class", "module", "package", "session")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "glance_shim_scope",
        f"how long the service of the fixture glance_shim lives: {', '.join(SCOPES)}",
        default="function",
    )
    parser.addini(
        "glance_shim_process",
        "run the service of the fixture glance_shim as a process of its own",
        type="bool",
        default=False,
    )


def _scope(fixture_name: str, config: pytest.Config) -> Any:
    scope = config.getini("glance_shim_scope")
    if scope not in SCOPES:
        known = ", ".join(SCOPES)
        raise pytest.UsageError(f"glance_shim_scope is {scope!r}, not one of {known}")
    return scope


@pytest.fixture(scope=_scope)
def glance_shim_options() -> dict[str, Any]:
    """Options of the service, as for ``glance_shim.testing.running``; to be overridden."""
    return {}


@pytest.fixture(scope=_scope)
def glance_shim(
    glance_shim_options: dict[str, Any],
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    """A running image service with people, their connections and a clouds.yaml."""
    from glance_shim import testing

    options = {"process": pytestconfig.getini("glance_shim_process"), **glance_shim_options}
    with testing.running(tmp_path_factory.mktemp("glance-shim"), **options) as service:
        yield service


@pytest.fixture
def make_glance_shim(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Service]]:
    """``make_glance_shim(process=True, image_size_cap=…)``: a service beside the others."""
    import contextlib

    from glance_shim import testing

    with contextlib.ExitStack() as stack:

        def make(**options: Any) -> Service:
            directory = tmp_path_factory.mktemp("glance-shim")
            return stack.enter_context(testing.running(directory, **options))

        yield make


@pytest.fixture
def glance_shim_environ(
    glance_shim: Service, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Let ``openstack.connect()`` and commands find the service; the variables that are set."""
    for name in os.environ:
        if name.startswith("OS_"):
            monkeypatch.delenv(name)
    for name, value in glance_shim.environ.items():
        monkeypatch.setenv(name, value)
    return glance_shim.environ
