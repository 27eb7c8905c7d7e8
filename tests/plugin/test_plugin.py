"""The fixtures of the pytest plugin, in test runs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """``run(text, *arguments, ini=…)``: what pytest prints of a file with tests."""

    def run_pytest(text: str, *arguments: str, ini: str = "") -> str:
        (tmp_path / "test_it.py").write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        # By name, so that it is not looked up among what is installed.
        plugins = ["-p", "glance_shim.testing.plugin", "-p", "xdist"]
        finished = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": str(ROOT),
                "OS_CLOUD": "elsewhere",
                "OS_TOKEN": "of somewhere else",
            },
        )
        return finished.stdout + finished.stderr

    return run_pytest


COUNTING = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_images(glance_shim, number):
    glance_shim.create_image()
    found = glance_shim.request("GET", "/v2/images").json()["images"]
    print("IMAGES", len(found))
"""


def test_each_test_has_a_service_of_its_own(run: Any) -> None:
    out = run(COUNTING, "-s")

    assert "4 passed" in out
    assert out.count("IMAGES 1") == 4


def test_a_session_can_share_one(run: Any) -> None:
    out = run(COUNTING, "-s", ini="glance_shim_scope = session")

    assert "4 passed" in out
    assert [f"IMAGES {number}" in out for number in range(1, 5)] == [True] * 4


def test_processes_of_a_run_have_services_of_their_own(run: Any) -> None:
    ini = "glance_shim_scope = session\nglance_shim_process = true"

    assert "4 passed" in run(COUNTING, "-n", "2", ini=ini)


def test_options_are_overridden_and_the_environment_is_set(run: Any) -> None:
    text = """
import os, pytest

@pytest.fixture
def glance_shim_options():
    return {"image_size_cap": 3}

def test_it(glance_shim, glance_shim_environ, make_glance_shim):
    with pytest.raises(Exception, match="413"):
        glance_shim.create_image(data=b"1234")
    assert os.environ["OS_CLIENT_CONFIG_FILE"] == str(glance_shim.clouds_yaml)
    assert os.environ["OS_CLOUD"] == "platform"
    assert "OS_TOKEN" not in os.environ
    other = make_glance_shim(image_size_cap=4)
    assert other.create_image(data=b"1234")["size"] == 4
"""
    assert "1 passed" in run(text)


def test_a_scope_that_there_is_not_is_named(run: Any) -> None:
    out = run(COUNTING, ini="glance_shim_scope = forever")

    assert "glance_shim_scope is 'forever', not one of function, class" in out


def test_its_fixtures_are_explained(run: Any) -> None:
    out = run("", "--fixtures")

    for name in ("glance_shim", "glance_shim_options", "glance_shim_environ"):
        assert f"\n{name}" in out
