"""How the tests of a suite ended, here and with Glance."""

from __future__ import annotations

import csv
import dataclasses
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
GLANCE = HERE / "glance-33"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """``pass``, ``skip`` or ``fail``, and what the suite said of it."""

    outcome: str
    text: str = ""


def of_glance(suite: str) -> dict[str, Outcome]:
    """What Glance 33.0.0 did with each test of a suite, by the name of the test."""
    with open(GLANCE / f"{suite}.tsv", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            name.partition("[")[0]: Outcome(outcome, reason) for outcome, name, reason in rows
        }


def read(stream: Path, python: Path) -> dict[str, Outcome]:
    """What became of each test in a file with a subunit stream."""
    with open(stream, "rb") as source:
        lines = subprocess.run(
            [python, HERE / "read_outcomes.py"],
            stdin=source,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["name"]: Outcome(row["outcome"], row["text"]) for row in rows}


def found(name: str, outcomes: Mapping[str, Outcome]) -> Outcome:
    """That of the test, or else of its class, in which it did not get to run."""
    missing = Outcome("fail", "the suite does not have this test, or it did not run")
    return outcomes.get(name) or outcomes.get(name.rpartition(".")[0]) or missing
