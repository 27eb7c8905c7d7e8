"""Virtual environments for what the tests need beside this service.

    python tests/environments.py DIRECTORY NAME...

makes each named one below the directory, if it does not yet hold what its
requirements file says, with uv where there is one. They are apart since they and
the service may not agree on versions.
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

HERE = Path(__file__).parent
OURS = HERE.parent / ".tox"

REQUIREMENTS = {
    "clients": HERE / "acceptance" / "requirements.txt",
    "keystone": HERE / "keystone" / "requirements.txt",
    "suites": HERE / "suites" / "requirements.txt",
    "glance": HERE / "suites" / "glance-requirements.txt",
    "swift": HERE / "stores" / "swift-requirements.txt",
    "ansible-modules": HERE / "suites" / "ansible-requirements.txt",
}

# Each name's variable says where the environment is, or asks to make it.
VARIABLES = {
    "clients": "GLANCE_SHIM_CLIENTS",
    "keystone": "GLANCE_SHIM_KEYSTONE",
    "suites": "GLANCE_SHIM_SUITES",
    "glance": "GLANCE_SHIM_GLANCE",
    "swift": "GLANCE_SHIM_SWIFT",
    "ansible-modules": "GLANCE_SHIM_ANSIBLE",
}
COMMANDS = {
    "clients": "openstack",
    "keystone": "keystone-manage",
    "suites": "tempest",
    "glance": "glance-manage",
    "swift": "swift-proxy-server",
    "ansible-modules": "ansible-playbook",
}


def find(name: str) -> Path | None:
    """The directory with the commands, or ``None`` where they are not installed.

    It is what the variable says, else where the PATH has them. The word
    ``make`` in the variable, or a CI that says nothing, has them installed.
    """
    named = os.environ.get(VARIABLES[name], "")
    if named == "make":
        return ensure(OURS, name)
    command = shutil.which(COMMANDS[name], path=named or None)
    if command is None and not named and os.environ.get("CI"):
        return ensure(OURS, name)
    return Path(command).parent.absolute() if command else None


def ensure(parent: Path, name: str) -> Path:
    """Install the environment unless it is there; the place of its commands.

    Several processes may ask at once; one does it and the others wait.
    """
    directory, requirements = Path(parent).absolute() / name, REQUIREMENTS[name]
    with locked(directory):
        made_from = directory / "requirements.txt"
        wanted = requirements.read_text()
        complete = made_from.exists() and made_from.read_text() == wanted
        if not (complete and (directory / "bin" / "python").exists()):
            _make(directory, requirements)
            made_from.write_text(wanted)
    return directory / "bin"


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Be the only process that does something to the directory."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(directory.with_name(f"{directory.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(directory: Path, requirements: Path) -> None:
    foreign = directory.exists() and not (directory / "pyvenv.cfg").exists()
    if foreign and any(directory.iterdir()):
        sys.exit(f"{directory} is no virtual environment; it is left alone")
    venv.create(directory, clear=True, with_pip=True, symlinks=True)
    python = directory / "bin" / "python"
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--python", python]
    else:
        install = [python, "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*install, "--quiet", "-r", requirements], check=True)


if __name__ == "__main__":
    for environment in sys.argv[2:]:
        print(ensure(Path(sys.argv[1]), environment))
