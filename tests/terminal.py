"""A terminal at which the stock clients are run, each as a process of its own.

``openstack`` and ``glance`` are forked from a process that has imported them.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

# How long to wait for what must happen, before it counts as not happening.
PATIENCE = 60


def until(happened: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until ``happened()`` is true, and return what it said."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = happened()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"not in {seconds} seconds: {what}")


def answers(url: str) -> bool:
    """Is there a server that finds nothing wrong with the URL?"""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=PATIENCE):
        return True
    return False


def _begun(commands: Path, name: str, *arguments: str) -> list[str]:
    """The command, which for the stock clients is one that has imported them already."""
    if name not in ("openstack", "glance"):
        return [name, *arguments]
    relay = [sys.executable, "-S", "-E", str(Path(__file__).with_name("relay.py"))]
    return [*relay, _warm_clients(commands), str(commands / name), *arguments]


@functools.cache
def _warm_clients(commands: Path) -> str:
    """Where the process serves that runs the clients; it ends with this one."""
    directory = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "clients"
    process = subprocess.Popen(
        [commands / "python3", Path(__file__).with_name("warm_clients.py"), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout and process.stdout.readline() == b"serving\n"
    return str(path)


@dataclasses.dataclass(frozen=True)
class Finished:
    """A command that has ended, and what it left on the screen."""

    code: int
    data: bytes
    err: str

    @property
    def out(self) -> str:
        return self.data.decode()

    def json(self) -> Any:
        return json.loads(self.data)


class Terminal:
    """The commands on the PATH and a home directory; nothing else of who runs the tests."""

    def __init__(self, commands: Path, home: Path, **variables: str) -> None:
        self.commands = commands
        self.environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "NO_PROXY": "*",
            **variables,
        }

    def run(
        self,
        *command: str | Path,
        data: bytes = b"",
        ok: bool = True,
        **variables: str,
    ) -> Finished:
        """Run a command to its end; ``data`` is piped in, else its input is empty.

        It must succeed, or with ``ok=False`` fail, in either case in words.
        """
        source: dict[str, Any] = {"input": data} if data else {"stdin": subprocess.DEVNULL}
        process = subprocess.run(
            _begun(self.commands, *map(str, command)),
            capture_output=True,
            env={**self.environment, **variables},
            timeout=PATIENCE * 2,
            check=False,
            **source,
        )
        finished = Finished(process.returncode, process.stdout, process.stderr.decode())
        assert "Traceback" not in finished.err, finished.err
        assert (finished.code == 0) is ok, f"{command} ended with {finished}"
        return finished

    def start(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Begin a command, which reads what is written to ``stdin`` of the process."""
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**self.environment, **variables},
        )


class SdkError(Exception):
    """An exception of openstacksdk: its name, and the HTTP status if it has one."""

    def __init__(self, error: str, status: int | None, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.status = status


class Sdk:
    """A process that runs scripts with openstacksdk."""

    def __init__(self, terminal: Terminal, clouds: Path) -> None:
        self._process = subprocess.Popen(
            [terminal.commands / "python3", Path(__file__).with_name("sdk_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**terminal.environment, "OS_CLIENT_CONFIG_FILE": str(clouds)},
            text=True,
        )

    def __call__(self, cloud: str, script: str, **given: Any) -> Any:
        """What a script returns that is run for a cloud of ``clouds.yaml``."""
        assert self._process.stdin and self._process.stdout
        order = json.dumps({"cloud": cloud, "script": script, "given": given}, default=str)
        print(order, file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise SdkError(**answer)
        return answer["value"]

    def stop(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()
