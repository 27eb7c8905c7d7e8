"""The archives that are published: complete, in order, and able to serve by themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import urllib.request
import venv
from pathlib import Path
from typing import Any

import pytest

import glance_shim

pytest.importorskip("build", reason="tox -e release has what builds the archives")
pytest.importorskip("twine", reason="tox -e release has what looks at them")

# Two builds at once in one tree are in each other's way.
pytestmark = pytest.mark.xdist_group("wheel")

ROOT = Path(__file__).parents[2]
VERSION = glance_shim.__version__
OURS = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

SERVE = """
import json
from glance_shim import testing

with testing.running(process=True) as shim:
    image = shim.create_image("golden", b"data", members=["app-team"], member_status="accepted")
    with shim.acting_as("app-team"):
        data = shim.request("GET", f"/v2/images/{image['id']}/file").body.decode()
    described = shim.request("GET", "/docs/openapi.json").json()["info"]["version"]
    page = shim.request("GET", "/dashboard/login").status
print(json.dumps([data, described, page]))
"""


def run(*command: Any, **kwargs: Any) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=OURS, **kwargs
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with both archives; the wheel is built from the other one."""
    directory = tmp_path_factory.mktemp("dist")
    named = os.environ.get("GLANCE_SHIM_DIST")
    directory = Path(named) if named else directory
    run(sys.executable, "-m", "build", "--outdir", directory, ROOT)
    return directory


@pytest.fixture(scope="module")
def fresh(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the wheel, and what a server needs, by its hashes."""
    directory = tmp_path_factory.mktemp("fresh")
    venv.create(directory, with_pip=True, symlinks=True)
    wheel = dist / f"glance_shim-{VERSION}-py3-none-any.whl"
    install = (directory / "bin" / "pip", "install", "--quiet")
    pinned = sys.version_info >= (3, 11)
    if pinned:
        run(*install, "--require-hashes", "--requirement", ROOT / "requirements.txt")
    # It needs nothing else then.
    run(*install, *(["--no-index"] if pinned else []), f"{wheel}[metrics,mysql,postgresql,s3]")
    return directory / "bin"


def test_twine_finds_nothing_wrong(dist: Path) -> None:
    archives = sorted(dist.glob(f"glance_shim-{VERSION}*"))

    assert len(archives) == 2
    assert "FAILED" not in run(sys.executable, "-m", "twine", "check", "--strict", *archives)


def test_the_sources_are_complete(dist: Path) -> None:
    with tarfile.open(dist / f"glance_shim-{VERSION}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    tracked = run("git", "-C", ROOT, "ls-files").splitlines()
    not_needed = (".ci/", ".gitignore")
    assert {name for name in tracked if not name.startswith(not_needed)} - names == set()


def test_the_wheel_serves_in_an_environment_of_its_own(fresh: Path, tmp_path: Path) -> None:
    answer = json.loads(run(fresh / "python", "-c", SERVE, cwd=tmp_path).splitlines()[-1])

    assert answer == ["data", VERSION, 200]


def test_its_commands_are_there(fresh: Path, tmp_path: Path) -> None:
    assert VERSION in run(fresh / "glance-shim", "--version", cwd=tmp_path)
    assert "doctor" in run(fresh / "glance-shim", "--help", cwd=tmp_path)
    assert (
        run(fresh / "glance-shim", "config", "sample", cwd=tmp_path)
        == (ROOT / "etc" / "glance-shim.conf.sample").read_text()
    )
    assert (
        run(fresh / "glance-shim", "policy", "sample", cwd=tmp_path)
        == (ROOT / "etc" / "policy.yaml.sample").read_text()
    )


def test_the_quickstart_starts(fresh: Path, tmp_path: Path) -> None:
    from server_process import free_port
    from terminal import answers, until

    port = free_port()
    process = subprocess.Popen(
        [str(fresh / "glance-shim"), "quickstart", "--port", str(port)],
        cwd=tmp_path,
        env=OURS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{url}/healthcheck"), "the service answers")
        with urllib.request.urlopen(f"{url}/versions") as found:
            assert json.load(found)["versions"]
    finally:
        process.terminate()
        assert process.wait(60) == 0
