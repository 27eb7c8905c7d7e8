"""The stock clients, in a virtual environment of their own.

    python tests/acceptance/clients.py DIRECTORY

makes it there, if it does not yet hold what ``requirements.txt`` says, and prints where
the commands are.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
OURS = Path(__file__).parents[2] / ".tox" / "clients"
VARIABLE = "GLANCE_SHIM_CLIENTS"


def find() -> Path | None:
    """The directory with the commands, or ``None`` where they are not installed.

    It is what ``GLANCE_SHIM_CLIENTS`` says, else where the PATH has them. The
    word ``make`` in the variable, or a CI that says nothing, has them installed.
    """
    named = os.environ.get(VARIABLE, "")
    if named == "make":
        return ensure(OURS)
    command = shutil.which("openstack", path=named or None)
    if command is None and not named and os.environ.get("CI"):
        return ensure(OURS)
    return Path(command).parent.absolute() if command else None


def ensure(directory: Path) -> Path:
    """Install the clients in ``directory`` unless they are there; the place of the commands.

    Several processes may ask at once; one does it and the others wait.
    """
    directory = Path(directory).absolute()
    with locked(directory):
        made_from = directory / REQUIREMENTS.name
        wanted = REQUIREMENTS.read_text()
        complete = made_from.exists() and made_from.read_text() == wanted
        if not (complete and (directory / "bin" / "python").exists()):
            _make(directory)
            made_from.write_text(wanted)
    return directory / "bin"


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Be the only process that does something to the directory."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(directory.with_name(f"{directory.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(directory: Path) -> None:
    foreign = directory.exists() and not (directory / "pyvenv.cfg").exists()
    if foreign and any(directory.iterdir()):
        sys.exit(f"{directory} is no virtual environment; it is left alone")
    venv.create(directory, clear=True, with_pip=True, symlinks=True)
    pip = [directory / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "-r", REQUIREMENTS], check=True)


if __name__ == "__main__":
    print(ensure(Path(sys.argv[1]) if len(sys.argv) > 1 else OURS))
