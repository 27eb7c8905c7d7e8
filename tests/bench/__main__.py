"""Measures this service beside the real Glance, in one run on one machine.

    python tests/bench [quick] [--engine sqlite|postgresql] [--keystone] …

Both are started as they ship, with the same number of processes, the same
database engine and the same kind of authentication, filled with the same
images, compared, and then put under the same load in turns. What comes out is
a table, the figures it was made from, and plots. The scripts that install and
start Glance and make the load are looked for in ``GLANCE_SHIM_PEERS``.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import contestants
import growth
import limits
import load
import results
import scenarios


@dataclasses.dataclass
class Settings:
    """How long and how much."""

    engine: str
    keystone: bool
    rounds: int
    seconds: float
    images: int
    mebibytes: int


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("pace", nargs="?", choices=("full", "quick"), default="full")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--keystone", action="store_true", help="with tokens of a real Keystone"
    )
    parser.add_argument("--rounds", type=int, help="turns of each, 5 unless quick")
    parser.add_argument(
        "--images", type=int, help="images in the catalogue, 10000 unless quick"
    )
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    parser.add_argument("--without", default="", help="leave out: growth, processes, limits")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    return parser.parse_args()


def _settings(given: argparse.Namespace) -> Settings:
    quick = given.pace == "quick"
    return Settings(
        engine=given.engine,
        keystone=given.keystone,
        rounds=given.rounds or (2 if quick else 5),
        seconds=2.0 if quick else 6.0,
        images=given.images or (1000 if quick else 10_000),
        mebibytes=256 if quick else 1024,
    )


def _measure(pair: list[Any], wanted: list[Any], settings: Settings) -> list[dict[str, Any]]:
    """Every wanted scenario on both in turns, so that neither has the quieter hour."""
    figures = []
    for scenario in wanted:
        for turn in range(settings.rounds if scenario.repeated else 1):
            for contestant in pair:
                outcome = scenario.run(contestant, settings)
                line = {"scenario": scenario.name, "of": contestant.name, "round": turn}
                figures.append({**line, **outcome})
                print(json.dumps(figures[-1]), flush=True)
    return figures


def main() -> None:
    given = _arguments()
    settings = _settings(given)
    given.out.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in scenarios.ALL if given.only in each.name]
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as running:
        pair = [
            running.enter_context(contestants.Glance(settings)),
            running.enter_context(contestants.Here(settings, Path(scratch) / "here")),
        ]
        for contestant in pair:
            scenarios.prepare(contestant, settings)
        scenarios.compare(*pair)
        figures = _measure(pair, wanted, settings)
        if "limits" not in given.without:
            figures += limits.measure(Path(scratch), settings)
    with tempfile.TemporaryDirectory() as scratch:
        if "processes" not in given.without:
            figures += growth.over_processes(Path(scratch), settings)
        if "growth" not in given.without:
            figures += growth.over_images(Path(scratch), settings, given.pace == "quick")
    results.write(given.out, figures, {**dataclasses.asdict(settings), "cores": os.cpu_count()})
    print((given.out / "table.md").read_text())


if __name__ == "__main__":
    load.require()
    sys.exit(main())
