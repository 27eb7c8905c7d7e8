"""The tutorial, done as it says, from the installation to the accepted offer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest
from server_process import free_port
from terminal import PATIENCE, answers, until

TUTORIAL = pages.ROOT / "docs" / "tutorial" / "first-share.md"
PORT = "9292"

# What the package is built from.
SOURCES = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE", "etc", "glance_shim")
INSTALLATION_SECONDS = 900
NEXT = "- - - next block - - -"


class Machine:
    """A machine with Python and a checkout, and somebody who does what a page says."""

    def __init__(self, directory: Path) -> None:
        self.checkout = directory / "checkout"
        self.checkout.mkdir()
        for name in SOURCES:
            source = pages.ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, self.checkout / name)
        self.port = str(free_port())
        foreign = ("OS_", "GLANCE_SHIM_", "PYTHON", "VIRTUAL_ENV")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        python = Path(sys.executable).parent
        self.environment = {
            **kept,
            "PATH": f"{python}:{os.environ['PATH']}",
            "NO_PROXY": "*",
            # Another port than that of the page may be free.
            "OS_DEFAULT__BIND_PORT": self.port,
        }

    def type(self, script: str, seconds: float = PATIENCE * 2) -> str:
        """Type it in a new terminal; what it prints."""
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self.checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, script: str) -> Any:
        """Type what stays running in a terminal of its own; its output goes to a file."""
        with open(self.checkout / "printed", "w") as printed:
            return subprocess.Popen(
                ["bash", "-euc", script],
                cwd=self.checkout,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                start_new_session=True,
            )

    def printed(self) -> str:
        return (self.checkout / "printed").read_text()


@pytest.fixture
def machine(commands: Path, tmp_path: Path) -> Iterator[Machine]:
    """Where clients are installed for other tests, so they can be for this one."""
    yield Machine(tmp_path)


def test_the_tutorial_works_as_it_stands(machine: Machine) -> None:
    (install, serve, greeting), rest = steps()
    began = time.monotonic()
    machine.type(install.text, INSTALLATION_SECONDS)
    installed = time.monotonic()
    running = machine.start(serve.text.replace("glance-shim quick", "exec glance-shim quick"))
    try:
        root = f"http://127.0.0.1:{machine.port}"
        until(lambda: running.poll() is not None or answers(f"{root}/healthcheck"), "it serves")
        printed = machine.type(script_of(rest), PATIENCE * 5).split(NEXT)
    finally:
        running.terminate()
        running.wait(PATIENCE)
    ended = time.monotonic()

    expected = greeting.text.replace(PORT, machine.port)
    assert pages.alike(f"{expected}…", machine.printed()), machine.printed()
    for shown, got in zip(outputs_of(rest), printed, strict=True):
        assert shown is None or pages.alike(shown, got), got
    print(f"installed in {installed - began:.0f} s, the rest took {ended - installed:.0f} s")


def steps() -> tuple[list[pages.Block], list[pages.Block]]:
    """What is done in the first terminal and what it says; then what is done in the second."""
    blocks = pages.blocks(TUTORIAL)
    assert [block.kind for block in blocks[:3]] == ["sh", "sh", "text"]
    assert blocks[1].text.endswith("glance-shim quickstart\n")
    return blocks[:3], blocks[3:]


def script_of(blocks: list[pages.Block]) -> str:
    """All commands, with a line between the blocks."""
    return f"echo '{NEXT}'\n".join(block.text for block in blocks if block.kind == "sh")


def outputs_of(blocks: list[pages.Block]) -> list[str | None]:
    """What the page shows after each block of commands, if anything."""
    following = [*blocks[1:], pages.Block("sh", "")]
    return [
        after.text if after.kind == "text" else None
        for block, after in zip(blocks, following, strict=True)
        if block.kind == "sh"
    ]
