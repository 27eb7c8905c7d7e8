"""What `.ci/run` does about databases, on machines of other kinds than this one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parent.parent / ".ci" / "databases"

ANSWER = "exit 0"
SILENT = "exit 2"

# Only the socket lets in, and only once the service has been started.
STARTED = 'test -e "$MACHINE/started"'


class Machine:
    """Fakes of the programs of databases, in the place of those of this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.has("service", 'echo "$1" >> "$MACHINE/started"')
        self.has("su", 'cat > "$MACHINE/sql"')

    def has(self, name: str, does: str) -> None:
        program = self.directory / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)

    def run(self, function: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = f'set -euo pipefail; . "$0"; {function}; env | grep ^GLANCE_SHIM || true'
        path = f"{self.directory}:/usr/bin:/bin"
        return subprocess.run(
            ["bash", "-c", script, str(FUNCTIONS)],
            env={"PATH": path, "MACHINE": str(self.directory), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def started(self) -> bool:
        return (self.directory / "started").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


KINDS = {
    "postgresql": ("psql", "pg_isready", "PostgreSQL"),
    "mariadb": ("mariadb", "mariadb-admin", "MariaDB"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_lets_everybody_in_is_used(machine: Machine, kind: str) -> None:
    machine.has(KINDS[kind][0], ANSWER)

    done = machine.run(f"provide_{kind}")

    assert (done.returncode, done.stdout, machine.started) == (0, "", False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_was_named_is_used(machine: Machine, kind: str) -> None:
    machine.has(KINDS[kind][0], SILENT)

    done = machine.run(f"provide_{kind}", **{f"GLANCE_SHIM_{kind.upper()}": "its URL"})

    assert done.returncode == 0 and not machine.started


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_started_and_may_have_been_before(machine: Machine, kind: str) -> None:
    client, ping, _ = KINDS[kind]
    machine.has(client, f'case "$*" in *"-h 127"*) exit 2;; esac; {STARTED}')
    machine.has(ping, STARTED)

    first, again = machine.run(f"provide_{kind}"), machine.run(f"provide_{kind}")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert first.stdout == again.stdout != ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_never_answers_ends_the_run(machine: Machine, kind: str) -> None:
    client, ping, name = KINDS[kind]
    machine.has(client, SILENT)
    machine.has(ping, SILENT)
    machine.has("service", "exit 1")

    done = machine.run(f"provide_{kind}", GLANCE_SHIM_CI_PATIENCE="1")

    assert done.returncode == 1
    assert f"{name} does not answer after 1 seconds" in done.stderr
    assert f"GLANCE_SHIM_{kind.upper()}" in done.stderr


def test_the_script_is_sound() -> None:
    for script in (FUNCTIONS, FUNCTIONS.with_name("run")):
        assert subprocess.run(["bash", "-n", script]).returncode == 0
