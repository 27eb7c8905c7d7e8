"""Options, state and data that everybody on the machine could change (P-28)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from glance_shim import doctor, errors, logs, memory
from glance_shim.cli import cli

OPTIONS = """\
[DEFAULT]
state_path = {0}/state
image_cache_dir = {0}/cache

[database]
connection = sqlite:///{0}/database/glance.db

[glance_store]
filesystem_store_datadir = {0}/images
"""


class Place(NamedTuple):
    """Where all of a deployment is, each part in a directory of its own."""

    directory: Path

    @property
    def options(self) -> str:
        return str(self.directory / "glance-shim.conf")

    def started(self, options: str = "") -> str:
        """What ``serve`` ends with: the database has no tables yet, so it comes no further."""
        command = ["--config-file", options or self.options, "serve"]
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, errors.ConfigurationError), result.exception
        return str(result.exception)

    def found(self) -> list[tuple[str, str]]:
        """What the doctor says of changes: how bad it is, and how it is mended."""
        found = doctor.examine([self.options])
        return [(each.state, each.mend) for each in found if each.subject == "changes"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A deployment that would serve but for its tables."""
    monkeypatch.setattr(logs, "set_up", lambda debug: None)
    monkeypatch.setattr(memory, "set_up", lambda: None)
    place = Place(tmp_path / "place")
    for name in ("", "state", "database", "images", "cache"):
        (place.directory / name).mkdir(mode=0o755)
    (place.directory / "database" / "glance.db").touch(0o600)
    Path(place.options).write_text(OPTIONS.format(place.directory))
    return place


DECIDING = {
    "glance-shim.conf": 0o646,
    "state": 0o777,
    "database": 0o777,
    "database/glance.db": 0o666,
    # Whoever can rename a directory can put another in its place.
    "": 0o777,
}


@pytest.mark.parametrize("name", DECIDING)
def test_it_does_not_start_where_everybody_decides_what_it_does(
    place: Place, name: str
) -> None:
    open_to_all = place.directory / name
    mode = open_to_all.stat().st_mode
    open_to_all.chmod(DECIDING[name])

    assert f"chmod o-w {open_to_all}" in place.started()
    assert (doctor.PROBLEM, f"chmod o-w {open_to_all}") in place.found()

    open_to_all.chmod(mode)
    assert "db upgrade" in place.started()


@pytest.mark.parametrize("name", ["images", "cache"])
def test_data_that_everybody_can_change_is_told_at_the_start(
    place: Place, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_to_all = place.directory / name
    open_to_all.chmod(0o777)

    assert "db upgrade" in place.started()
    assert any(f"chmod o-w {open_to_all}" in message for message in caplog.messages)
    assert place.found() == [(doctor.WARNING, f"chmod o-w {open_to_all}")]


def test_a_directory_above_may_be_shared_as_tmp_is(place: Place) -> None:
    place.directory.chmod(0o1777)

    assert "db upgrade" in place.started()
    assert place.found() == [(doctor.OK, "")]


def test_a_link_through_a_shared_directory_is_seen(place: Place, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    options = shared / "glance-shim.conf"
    options.symlink_to(place.options)

    assert f"chmod o-w {shared}" in place.started(str(options))
