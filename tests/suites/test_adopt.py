"""A catalogue of 200 images goes from a real Glance to this service, and to another Glance."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import catalogs
import pytest
from cloud import OURS, commands_of, write_options
from real_glance import Glance
from real_keystone import Keystone
from server_process import COMMAND, Http, Server, environment, free_port, operate

COUNT = 200
PATIENCE = 900

# Where data lies in each service; what its addresses are is its own.
PLACES = ("locations", "direct_url")

# The Image API lets nobody set times; the member's are compared as answers only.
TIMES = ("created_at", "updated_at")

# An upload whose process was killed is given up soon, a Keystone that is busy is not.
PATIENT = """\
[DEFAULT]
upload_lease_seconds = 15
[keystone_authtoken]
http_connect_timeout = 60
"""


class Run(NamedTuple):
    """A command that has ended: its report, and what it took."""

    code: int
    report: dict[str, Any]
    seconds: float
    cpu_seconds: float


class Ours:
    """This service with an empty catalogue, behind the Keystone; and its operator."""

    def __init__(self, keystone: Keystone, directory: Path) -> None:
        port = free_port()
        self.directory = directory / "ours"
        file = write_options(self.directory, keystone, port, directory)
        own = self.directory / "glance-shim.conf"
        own.write_text(OURS.format(port=port, directory=self.directory) + PATIENT)
        self._files = ("--config-file", str(file), "--config-file", str(own))
        operate(self.directory, *self._files, "db", "upgrade")
        self.server = Server(self.directory, *self._files, "serve")
        self.url = f"http://127.0.0.1:{port}"
        self.server.wait_until_it_serves(self.url)
        self._keystone = keystone

    def start(self, command: str, other: str) -> subprocess.Popen[str]:
        """Begin ``adopt`` or ``leave``, with the service at the other address."""
        keystone = self._keystone
        # A Glance with SQLite answers 500 to one of two that write at once.
        jobs = {"adopt": "4", "leave": "1"}[command]
        return subprocess.Popen(
            [*COMMAND, *self._files, command, "--format", "json", "--jobs", jobs],
            cwd=self.directory,
            env={
                **environment(self.directory),
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                "OS_AUTH_URL": keystone.url,
                "OS_USERNAME": "admin",
                "OS_PASSWORD": keystone.admin_password,
                "OS_PROJECT_NAME": "admin",
                "OS_USER_DOMAIN_NAME": "Default",
                "OS_PROJECT_DOMAIN_NAME": "Default",
                "OS_IMAGE_ENDPOINT_OVERRIDE": other,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, other: str) -> Run:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        process = self.start(command, other)
        out, err = process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert out, err
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Run(process.returncode, json.loads(out), time.monotonic() - began, cpu)


class World(NamedTuple):
    """A Glance that is left, this service, a Glance that is empty; all with one Keystone."""

    old: Glance
    ours: Ours
    new: Glance
    keystone: Keystone

    def http(self, url: str) -> Http:
        token = self.keystone.token("admin", self.keystone.admin_password, "admin")
        return Http(url, token)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    commands, at_end = commands_of("glance"), contextlib.ExitStack()
    with at_end:
        keystone = Keystone(
            commands_of("keystone"), tmp_path_factory.mktemp("keystone"), 28800, threads=1
        )
        at_end.callback(keystone.stop)
        keystone.endpoint("image", "http://127.0.0.1:9")
        old, new = (
            Glance(commands, keystone, tmp_path_factory.mktemp(name)) for name in ("old", "new")
        )
        at_end.callback(old.stop)
        at_end.callback(new.stop)
        ours = Ours(keystone, tmp_path_factory.mktemp("ours"))
        at_end.callback(ours.server.stop)
        made = World(old, ours, new, keystone)
        catalogs.fill(made.http(old.url), dict(_projects(keystone, old.url)), COUNT)
        yield made


def _projects(keystone: Keystone, url: str) -> Iterator[tuple[str, Http]]:
    for name in ("p1", "p2", "p3"):
        password = secrets.token_hex(12)
        project = keystone.project(name)
        keystone.grant(keystone.user(name, password), project, "member")
        yield project, Http(url, keystone.token(name, password, name))


def _wait_for_a_tenth(process: subprocess.Popen[str], target: Http) -> None:
    """Wait until some of the images have come, which takes a busy machine its time."""
    deadline = time.monotonic() + PATIENCE
    while len(catalogs.ids(target)) < COUNT // 10:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"not in {PATIENCE} seconds: a tenth"
        # Asking more often would take from the one that is asked.
        time.sleep(0.5)


def test_there_and_back(world: World) -> None:
    """Killed in the middle, run again, and once more; then the same to the empty Glance."""
    old, ours, new = (world.http(each.url) for each in (world.old, world.ours, world.new))
    wanted = catalogs.read(old)
    definitions = catalogs.read_definitions(old)
    assert len(wanted) == COUNT

    for command, other, target in (
        ("adopt", world.old.url, ours),
        ("leave", world.new.url, new),
    ):
        process = world.ours.start(command, other)
        try:
            _wait_for_a_tenth(process, target)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        done, again = (world.ours.run(command, other) for _ in range(2))
        for name, run in (("first", done), ("second", again)):
            print(command, name, f"{run.seconds:.1f} s, {run.cpu_seconds:.1f} s of CPU")

        assert done.code == 0, [r for r in done.report["results"] if r.get("reason")]
        assert again.code == 0 and not again.report["results"]
        assert again.report["images"]["same"] == COUNT
        but = PLACES if command == "adopt" else (*PLACES, *TIMES)
        found = catalogs.read(target)
        compared = sum(name not in but for each in wanted.values() for name in each)
        different = catalogs.different(wanted, found, but)
        print(f"{len(found)} images, {compared} fields, {len(different)} differences")
        assert not different, different
        assert catalogs.read_definitions(target) == definitions
