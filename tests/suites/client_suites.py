"""The functional image tests that openstacksdk and python-openstackclient come with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import outcomes
from cloud import Cloud
from outcomes import Outcome

# They pick an image by the beginning of its name.
IMAGE = ("image", "create", "--public", "--disk-format", "qcow2", "cirros-0.6.2-x86_64-disk")


def run(
    commands: Path, cloud: Cloud, directory: Path, modules: list[str]
) -> dict[str, Outcome]:
    """Run the tests in the modules; what became of each."""
    (directory / "clouds.yaml").write_text((cloud.directory / "clouds.yaml").read_text())
    # Some tests upload a file that they expect where they are run.
    (directory / "CONTRIBUTING.rst").write_text("Anything.")
    environment = {
        "PATH": f"{commands}:{os.environ['PATH']}",
        "HOME": str(directory),
        "PYTHONPATH": str(directory),
        "OS_CLOUD": "devstack-admin",
        "OS_TEST_CLOUD": "devstack-admin",
        "OPENSTACKSDK_FUNC_TEST_TIMEOUT": "300",
        # Each test has five seconds unless told otherwise, which a busy machine takes.
        "OS_TEST_TIMEOUT": "300",
    }
    image = cloud.directory / "assets" / "image.qcow2"
    subprocess.run(
        [commands / "openstack", *IMAGE, "--file", image],
        cwd=directory,
        env=environment,
        capture_output=True,
        check=True,
    )
    stream = directory / "subunit"
    with open(stream, "wb") as out, open(directory / "stderr", "wb") as err:
        subprocess.run(
            [commands / "python", "-m", "subunit.run", *modules],
            cwd=directory,
            env=environment,
            stdout=out,
            stderr=err,
            check=False,
        )
    return outcomes.read(stream, commands / "python")


def add_examples(commands: Path, directory: Path) -> None:
    """Put the examples of openstacksdk there, which only its source archive has."""
    version = "import importlib.metadata as m; print(m.version('openstacksdk'))"
    python = [commands / "python", "-c", version]
    version = subprocess.run(python, capture_output=True, text=True, check=True).stdout.strip()
    pip = [commands / "python", "-m", "pip", "--disable-pip-version-check", "download"]
    what = ["--quiet", "--no-deps", "--no-binary", ":all:", f"openstacksdk=={version}"]
    subprocess.run([*pip, *what], cwd=directory, check=True)
    archive, name = directory / f"openstacksdk-{version}.tar.gz", f"openstacksdk-{version}"
    subprocess.run(["tar", "-xzf", archive, f"{name}/examples"], cwd=directory, check=True)
    (directory / "examples").symlink_to(directory / name / "examples")
