"""What Tempest's tests of the image service find here, beside what they find in Glance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import outcomes
import pytest
import tempest_suite
from outcomes import Outcome

GLANCE = outcomes.of_glance("tempest")
PASSED = [name for name, outcome in GLANCE.items() if outcome.outcome == "pass"]
UNHASHED = [name for name, outcome in GLANCE.items() if "do_secure_hash" in outcome.text]
OTHERS = sorted(set(GLANCE) - set(PASSED) - set(UNHASHED))


@pytest.fixture(scope="session")
def found(
    commands: Path, make_cloud: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """All of them, with every feature on."""
    directory = tmp_path_factory.mktemp("tempest")
    return tempest_suite.run(commands, make_cloud(), directory, r"^tempest\.api\.image")


@pytest.fixture(scope="session")
def found_without_hashes(
    commands: Path, make_cloud: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """Those for a service that does not hash what it only refers to."""
    return tempest_suite.run(
        commands,
        make_cloud("do_secure_hash = false"),
        tmp_path_factory.mktemp("tempest"),
        "do_secure_hash_false",
        secure_hash=False,
    )


@pytest.mark.parametrize("name", PASSED, ids=str)
def test_what_passes_with_glance_passes(name: str, found: dict[str, Outcome]) -> None:
    outcome = outcomes.found(name, found)
    assert outcome.outcome == "pass", outcome.text


@pytest.mark.parametrize("name", UNHASHED, ids=str)
def test_what_is_for_other_options_passes_with_them(
    name: str, found_without_hashes: dict[str, Outcome]
) -> None:
    outcome = outcomes.found(name, found_without_hashes)
    assert outcome.outcome == "pass", outcome.text


@pytest.mark.parametrize("name", OTHERS, ids=str)
def test_what_does_not_pass_with_glance(name: str, found: dict[str, Outcome]) -> None:
    """It passes, or the suite itself leaves it out, for the same reason as with Glance."""
    outcome = outcomes.found(name, found)
    if outcome.outcome == "skip":
        assert outcome.text in GLANCE[name].text
        pytest.skip(outcome.text)
    assert outcome.outcome == "pass", outcome.text


def test_the_suite_has_no_test_that_glance_was_not_asked(found: dict[str, Outcome]) -> None:
    classes = {name.rpartition(".")[0] for name in GLANCE}
    assert not set(found) - set(GLANCE) - classes
