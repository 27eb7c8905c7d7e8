"""Sites that run, and people at terminals who use them with the stock clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import environments
import pytest
from deployments import KINDS, Site, having
from persons import GlanceUser, Person
from terminal import Terminal
from walking import Walk

# With what the command ``glance`` comes in.
LOGINS = {
    "embedded": ("password", "token"),
    "none": ("token",),
    "admin_token": ("token",),
}

MISSING = (
    "python-openstackclient is not installed; "
    f"{environments.VARIABLES['clients']}=make has it installed in {environments.OURS}"
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*what): left out where deployments.LEFT_OUT says")
    config.addinivalue_line("markers", "xdist_group(name): on one worker with loadgroup")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test that uses a site go through all that have what it needs."""
    if "site" not in metafunc.fixturenames:
        return
    marks = metafunc.definition.iter_markers("needs")
    names = having(*(need for mark in marks for need in mark.args))
    if "login" in metafunc.fixturenames:
        values = [(name, login) for name in names for login in LOGINS[KINDS[name].strategy]]
    else:
        values = [(name,) for name in names]
    metafunc.parametrize(
        ["site", "login"][: len(values[0])],
        [pytest.param(*v, marks=pytest.mark.xdist_group(v[0])) for v in values],
        indirect=["site"],
        scope="session",
    )


@pytest.fixture(scope="session")
def commands() -> Path:
    """Where the stock clients are."""
    found = environments.find("clients")
    if found is None:
        pytest.skip(MISSING)
    return found


@pytest.fixture(scope="session")
def terminal(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(commands, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def site(
    request: pytest.FixtureRequest,
    terminal: Terminal,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A deployment that runs."""
    kind = KINDS[request.param]
    running = Site(kind, tmp_path_factory.mktemp(kind.name), terminal)
    yield running
    running.stop()


@pytest.fixture
def admin(site: Site) -> Person:
    """The administrator."""
    return Person(site, "admin")


@pytest.fixture
def owner(site: Site) -> Person:
    """Member of the project that owns images; the administrator where nobody else is."""
    return Person(site, "platform" if site.kind.name in having("people") else "admin")


@pytest.fixture
def reader(site: Site) -> Person:
    """Only reader in the project that owns images."""
    return Person(site, "platform-reader")


@pytest.fixture
def member(site: Site) -> Person:
    """Member of the project that images are offered to; or the administrator, see above."""
    return Person(site, "app-team" if site.kind.name in having("people") else "admin")


@pytest.fixture
def glance(owner: Person, login: str) -> GlanceUser:
    """The owner, with the command ``glance``."""
    return GlanceUser(owner, login)


@pytest.fixture
def glance_of_member(member: Person, login: str) -> GlanceUser:
    """The member, with the command ``glance``."""
    return GlanceUser(member, login)


@pytest.fixture(scope="session")
def walk(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A site with everything switched on."""
    running = Walk(tmp_path_factory.mktemp("walk"), terminal)
    yield running
    running.stop()
