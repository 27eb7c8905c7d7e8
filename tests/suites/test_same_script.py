"""The same people run the same script against Glance and against this service."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import same_script
from cloud import commands_of
from real_glance import Glance
from terminal import Terminal


@pytest.fixture(scope="session")
def printed(
    commands: Path, make_cloud: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, list[str]]]:
    """What the commands printed, with ``glance`` and then with ``ours``."""
    cloud = make_cloud()
    directory = tmp_path_factory.mktemp("same")
    clouds = str(cloud.directory / "clouds.yaml")
    terminal = Terminal(commands, directory, OS_CLIENT_CONFIG_FILE=clouds)
    found = cloud.keystone.get("/projects?name=app-team")["projects"]
    projects = {"app-team": found[0]["id"]}
    glance = Glance(commands_of("glance"), cloud.keystone, tmp_path_factory.mktemp("glance"))
    results = {}
    try:
        for name, url in (("glance", glance.url), ("ours", cloud.endpoints["image"])):
            cloud.keystone.move_endpoints("image", url)
            results[name] = same_script.run(terminal, directory, projects)
    finally:
        glance.stop()
    return results


def test_it_prints_the_same(printed: dict[str, dict[str, list[str]]]) -> None:
    """But for the words of errors, and for what `same_script.EXPLAINED` gives the reason of."""
    different = {}
    for command, lines in printed["glance"].items():
        # A comma depends on what comes after it.
        ours = [line.rstrip(",") for line in printed["ours"][command]]
        diff = difflib.ndiff([line.rstrip(",") for line in lines], ours)
        text = [line for line in diff if line[0] in "+-"]
        left = [line for line in text if not same_script.is_explained(command, line)]
        # Brackets go with what is in them.
        if any(line[2:].strip(" {}[],") for line in left):
            different[command] = text
    assert not different
