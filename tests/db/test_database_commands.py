"""``glance-shim check`` and ``db current``, ``upgrade`` and ``copy``, as they are typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crowd
import databases
import pytest
from click.testing import CliRunner, Result

from glance_shim.cli import cli, main
from glance_shim.db import connection, engines, schema

OPTIONS = """\
[DEFAULT]
state_path = {directory}
[database]
connection = {url}
[glance_store]
filesystem_store_datadir = {directory}/images
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """``run(url, …)``: the command with that database."""

    def run(url: str, *arguments: str) -> Result:
        options = tmp_path / "glance-shim.conf"
        options.write_text(OPTIONS.format(directory=tmp_path, url=url.replace("$", "$$")))
        return CliRunner().invoke(cli, ["--config-file", str(options), *arguments])

    return run


@pytest.fixture
def empty(tmp_path: Path, kind: str) -> Any:
    """The URL of a database without a table."""
    url = databases.empty(tmp_path, kind)
    yield url
    databases.drop(url)


def test_a_database_is_made_and_said_to_be_current(run: Any, empty: str) -> None:
    before = run(empty, "db", "current").output
    check = run(empty, "check")
    assert before.startswith("none\n") and f"not applied: {schema.known()[-1]}" in before
    assert check.exit_code == 1 and "run 'glance-shim db upgrade'" in check.output

    made, again = run(empty, "db", "upgrade"), run(empty, "db", "upgrade")

    assert made.exit_code == 0 and made.output.count("applied") == len(schema.known())
    assert again.output == "nothing to do\n"
    assert run(empty, "db", "current").output == f"{schema.known()[-1]}\n"
    check = run(empty, "check")
    assert (check.exit_code, check.output) == (0, "everything is in order\n")


def test_a_catalogue_is_copied_and_both_sides_say_the_same(
    run: Any, open_new: Callable[..., Any], empty: str, tmp_path: Path
) -> None:
    source = open_new("sqlite")
    crowd.fill(source, 300, ["p1", "p2"])
    url = f"sqlite:///{source.database}"

    copied = run(url, "db", "copy", "--to", empty)
    again = run(url, "db", "copy", "--to", empty)

    assert copied.exit_code == 0, copied.output
    assert "images: 300 rows" in copied.output
    assert copied.output.endswith("both databases say the same\n")
    assert again.exit_code == 1 and "not empty" in str(again.exception or again.output)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://glance:s3cr3t-word@127.0.0.1:9/glance",
        "mysql+pymysql://glance:s3cr3t-word@127.0.0.1:9/glance",
        "postgresql://nobody-there:s3cr3t-word@127.0.0.1:5432/nothing-there",
    ],
    ids=["nobody listens", "nobody listens either", "unknown"],
)
def test_what_is_wrong_is_said_without_the_password(run: Any, url: str) -> None:
    told = run(url, "check")

    assert told.exit_code == 1
    assert "database: " in told.output and "cannot be used" in told.output
    assert "s3cr3t-word" not in told.output


COMMANDS = ("check", "db upgrade", "db current", "db copy --to {url}")
UNUSABLE = {
    "sqlite": "unable to open|No such file or directory",
    "postgresql": '"some-user"',
    "mariadb": "Access denied for user 'some-user'",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_cannot_use_its_database_ends_with_a_line(
    tmp_path: Path, kind: str, command: str, monkeypatch: Any, capfd: Any
) -> None:
    url = "sqlite:////nowhere/glance.db"
    if kind != "sqlite":
        url = databases.url_for(kind, "some-user", "s3cr3t-word")
    options = tmp_path / "glance-shim.conf"
    options.write_text(OPTIONS.format(directory=tmp_path, url=url))
    arguments = command.format(url=url).split()
    monkeypatch.setattr("sys.argv", ["glance-shim", "--config-file", str(options), *arguments])

    with pytest.raises(SystemExit) as end:
        main()

    told = "".join(capfd.readouterr())
    assert end.value.code == 1
    assert re.search(UNUSABLE[kind], told) and told.count("\n") == 1
    assert "s3cr3t-word" not in told and "Traceback" not in told


def test_what_fails_in_the_middle_of_a_command_is_a_line_as_well(
    tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    url = databases.new(tmp_path, "sqlite")
    options = tmp_path / "glance-shim.conf"
    options.write_text(OPTIONS.format(directory=tmp_path, url=url))
    arguments = ["--config-file", str(options), "identity", "project", "create", "p1"]
    monkeypatch.setattr("sys.argv", ["glance-shim", *arguments])
    connect = engines.Sqlite._connect

    def read_only(database: Any) -> Any:
        opened = connect(database)
        opened.execute("PRAGMA query_only = on")
        return opened

    monkeypatch.setattr(engines.Sqlite, "_connect", read_only)
    with pytest.raises(SystemExit) as end:
        main()

    assert end.value.code == 1
    expected = (
        "glance-shim: the database cannot be used: attempt to write a readonly database\n"
    )
    assert capfd.readouterr().err == expected


def test_a_newer_database_is_refused(run: Any, empty: str) -> None:
    run(empty, "db", "upgrade")
    database = connection.open_database(empty)
    with connection.connected(database):
        database.execute_sql(
            "INSERT INTO schema_migration (name, applied) "
            "VALUES ('9999_tomorrow', '2030-01-01 00:00:00')"
        )
    database.close_all()

    told = run(empty, "check"), run(empty, "db", "upgrade")

    assert "newer than this program: 9999_tomorrow" in run(empty, "db", "current").output
    assert all(each.exit_code == 1 for each in told)
    assert "newer than this program" in told[0].output
