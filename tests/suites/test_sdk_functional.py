"""What openstacksdk's own functional tests of images find here, beside Glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import client_suites
import outcomes
import pytest
from outcomes import Outcome

GLANCE = outcomes.of_glance("sdk")


@pytest.fixture(scope="session")
def found(
    commands: Path, make_cloud: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    directory = tmp_path_factory.mktemp("sdk")
    client_suites.add_examples(commands, directory)
    modules = sorted({name.rpartition(".")[0].rpartition(".")[0] for name in GLANCE})
    return client_suites.run(commands, make_cloud(), directory, modules)


@pytest.mark.parametrize("name", GLANCE, ids=str)
def test_what_passes_with_glance_passes(name: str, found: dict[str, Outcome]) -> None:
    assert GLANCE[name].outcome == "pass"
    outcome = outcomes.found(name, found)
    assert outcome.outcome == "pass", outcome.text


def test_the_suite_has_no_test_that_glance_was_not_asked(found: dict[str, Outcome]) -> None:
    assert not set(found) - set(GLANCE)
