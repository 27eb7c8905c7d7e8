"""A service that runs, and people who use it with a real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import environments
import pytest
from browsing import FLAGS, Place, Visitor
from terminal import Terminal
from web import Web, serving

NO_CLIENTS = (
    "python-openstackclient is not installed; "
    f"{environments.VARIABLES['clients']}=make has it installed in {environments.OURS}"
)
MISSING = "there is no Chromium here; the package is called chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All on one worker: one server and one browser serve them."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of the machine."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip(MISSING)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    """A web server from which the service may fetch."""
    with serving() as web:
        yield web


@pytest.fixture(scope="session")
def place(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service that runs."""
    running = Place(tmp_path_factory.mktemp("place"), web.url)
    yield running
    running.stop()


@pytest.fixture
def visit(chromium: Any, place: Place) -> Iterator[Callable[..., Visitor]]:
    """``visit("platform")``: a person at a browser of her own, logged in unless told otherwise.

    ``script=False`` turns JavaScript off; other arguments are those of a
    Playwright context. At the end nobody may have seen an error in the
    console, and no request may have left for another host.
    """
    with contextlib.ExitStack() as stack:

        def make(name: str, logged_in: bool = True, **options: Any) -> Visitor:
            visitor = Visitor(chromium, place, name, **options)
            stack.callback(visitor.leave)
            if logged_in:
                visitor.log_in()
            return visitor

        yield make


@pytest.fixture(scope="session")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal with the stock clients."""
    commands = environments.find("clients")
    if commands is None:
        pytest.skip(NO_CLIENTS)
    return Terminal(commands, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def openstack(terminal: Terminal, place: Place) -> Callable[..., Any]:
    """``openstack("platform", "image", "list")``: what the stock client prints, as JSON."""

    def run(name: str, *words: str) -> Any:
        command = ["openstack", "--os-cloud", name, *words, "-f", "json"]
        return terminal.run(*command, OS_CLIENT_CONFIG_FILE=str(place.clouds)).json()

    return run


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages go: ``GLANCE_SHIM_SCREENSHOTS``, else nowhere to stay."""
    named = os.environ.get("GLANCE_SHIM_SCREENSHOTS")
    directory = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    return directory
