"""What the tests run with: pinning it, and asking whether it has known holes.

python tests/dependencies.py pin      writes constraints.txt, from what is installed
python tests/dependencies.py hash     writes requirements.txt, from that
python tests/dependencies.py audit    asks about each line of it, with pip-audit
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PINS = Path(__file__).parent.parent / "constraints.txt"
HASHES = PINS.with_name("requirements.txt")
OWN = "glance-shim"
SERVING = frozenset({"metrics", "mysql", "postgresql", "s3"})
UNPINNED = {OWN, "pip", "setuptools", "wheel"}
PATIENCE = 600


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, extras: frozenset[str], found: set[str]) -> Iterator[str]:
    """The names of all that is installed and needed by a distribution, itself included."""
    try:
        requirements = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return
    yield canonical(name)
    for wanted in map(Requirement, requirements):
        marker = wanted.marker
        here = marker is None or any(marker.evaluate({"extra": each}) for each in extras | {""})
        key = canonical(wanted.name)
        if here and key not in found:
            found.add(key)
            yield from needed(key, frozenset(wanted.extras), found)


def pin() -> None:
    """Write the versions of everything that is needed with all extras and is installed.

    They hold for this Python and newer ones: older ones may have nothing so new.
    """
    python = f'python_version >= "{sys.version_info[0]}.{sys.version_info[1]}"'
    metadata = importlib.metadata.metadata(OWN)
    extras = frozenset(metadata.get_all("Provides-Extra") or ())
    names = sorted(set(needed(OWN, extras, set())) - UNPINNED)
    lines = [f"{name}=={importlib.metadata.version(name)} ; {python}\n" for name in names]
    head = "# Written by `tox -e pin`: what the tests run with.\n"
    PINS.write_text(head + "".join(lines))


def hash() -> None:
    """Write what a server needs, in the versions of constraints.txt, with all their hashes.

    Those of every platform are in it, from the index that uv asks; nothing is downloaded.
    """
    wanted = set(needed(OWN, SERVING, set()))
    lines = [line for line in PINS.read_text().splitlines() if line.split("==")[0] in wanted]
    # That which only programs that install have, of the latest version.
    lines += sorted(wanted & UNPINNED - {OWN})
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-deps"]
    command += ["--generate-hashes", "--no-annotate", "--no-header"]
    text = "\n".join(lines)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    head = "# Written by `tox -e pin`: what a server needs with all extras, on Python 3.11.\n"
    HASHES.write_text(head + done.stdout)


def audit(*words: str) -> int:
    """0 if nothing is known to have a hole, 1 if something is, 2 if nobody could be asked.

    With ``--offline-is-fine`` the last is 0 too; it is said in any case. One
    line is looked up first, so that a closed network is found out at once.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
        lines = PINS.read_text().splitlines(keepends=True)
        probe.write(next(line for line in lines if "==" in line))
        probe.flush()
        first = looked_up(Path(probe.name))
    if first is None or all("skip_reason" in each for each in first):
        why = first[0]["skip_reason"] if first else "it does not answer"
        print(f"NOT AUDITED: the database of vulnerabilities cannot be asked: {why}")
        return 0 if "--offline-is-fine" in words else 2
    return judged(looked_up(PINS) or [])


def looked_up(requirements: Path) -> list[dict[str, Any]] | None:
    """What pip-audit says of each line of a file; ``None`` if it says nothing."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
    command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command += ["--timeout", "10"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return found


def judged(dependencies: list[dict[str, Any]]) -> int:
    """Print the holes; 1 if there are any, or if a dependency was passed over."""
    holes = 0
    for each in dependencies:
        if "skip_reason" in each:
            print(f"{each['name']}: not audited: {each['skip_reason']}")
            holes += 1
        for hole in each.get("vulns", ()):
            versions = ", ".join(hole["fix_versions"]) or "none"
            print(f"{each['name']} {each['version']}: {hole['id']}, mended in {versions}")
            holes += 1
    print(f"{len(dependencies)} dependencies were looked up, {holes} findings")
    return 1 if holes or not dependencies else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["pin"]:
        pin()
        hash()
    elif sys.argv[1:2] == ["hash"]:
        hash()
    elif sys.argv[1:2] == ["audit"]:
        sys.exit(audit(*sys.argv[2:]))
    else:
        sys.exit(__doc__)
