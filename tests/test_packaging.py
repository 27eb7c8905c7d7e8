"""What is built from the sources works by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).parent.parent

# Two builds at once in one tree are in each other's way.
pytestmark = pytest.mark.xdist_group("wheel")


EXAMPLE = ROOT / "examples" / "golden-images"
PAGE = ROOT / "docs" / "how-to" / "test-with-it.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        directory,
        ROOT,
    ]
    subprocess.run(command, check=True, cwd=directory)
    return next(directory.glob("*.whl"))


def test_the_wheel_holds_the_whole_program_and_samples(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    ours = [path.relative_to(ROOT) for path in (ROOT / "glance_shim").rglob("*.*")]
    wanted = {str(path) for path in ours if path.suffix != ".pyc"}
    assert wanted - {*names} == set()
    for path in (ROOT / "etc").iterdir():
        assert any(name.endswith(f"share/glance-shim/{path.name}") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_program_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    options = tmp_path / "glance-shim.conf"
    options.write_text(
        f"[DEFAULT]\nstate_path = {tmp_path}\n"
        f"[database]\nconnection = sqlite:///{tmp_path}/glance.db\n"
        f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n"
    )
    run = [
        sys.executable,
        "-P",
        "-m",
        "glance_shim",
        "--config-file",
        str(options),
        "db",
        "upgrade",
    ]
    if sys.version_info < (3, 11):
        run.remove("-P")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    done = subprocess.run(
        run, check=True, capture_output=True, text=True, env=environment, cwd=tmp_path
    )

    assert "applied 0001_images" in done.stdout
    assert (tmp_path / "glance.db").stat().st_mode & 0o777 == 0o600


def test_the_example_and_the_page_work_with_the_plugin_of_the_wheel(
    wheel: Path, tmp_path: Path
) -> None:
    pytest.importorskip("tox", reason="tox is not installed")
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    [shown] = [block.text for block in pages.blocks(PAGE) if block.kind == "python"]
    (project / "test_shown.py").write_text(shown)
    outside = {
        n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "PYTEST", "TOX"))
    }

    done = subprocess.run(
        [sys.executable, "-m", "tox", "run", "-e", "py"],
        cwd=project,
        env={**outside, "GLANCE_SHIM": str(wheel)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 9 passed" in done.stdout
