"""Measures this service beside the real Glance, in one run on one machine.

    python tests/bench [quick] [--engine sqlite|postgresql] [--publish] …

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
import goals
import growth
import limits
import load
import results
import scenarios


@dataclasses.dataclass
class Settings:
    """How long and how much."""

    engine: str
    identity: str
    rounds: int
    seconds: float
    images: int
    mebibytes: int


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("pace", nargs="?", choices=("full", "quick"), default="full")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--identity",
        choices=("embedded", "keystone"),
        default="embedded",
        help="who says who is asking: this service, while Glance believes everybody; or a real "
        "Keystone",
    )
    parser.add_argument("--rounds", type=int, help="turns of each, 3 unless quick")
    parser.add_argument(
        "--images", type=int, help="images in the catalogue, 10000 unless quick"
    )
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    parser.add_argument(
        "--without",
        help="leave out: front, keystone, growth, processes, goals; unless it is said, a quick "
        "run leaves out all but keystone",
    )
    parser.add_argument(
        "--publish", action="store_true", help="put the table into README.md, plots into docs"
    )
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    given = parser.parse_args()
    if given.without is None:
        # With these a quick run took seven minutes.
        given.without = "front,growth,processes,goals" if given.pace == "quick" else ""
    return given


def _settings(given: argparse.Namespace) -> Settings:
    quick = given.pace == "quick"
    return Settings(
        engine=given.engine,
        identity=given.identity,
        rounds=given.rounds or (1 if quick else 3),
        seconds=2.0 if quick else 5.0,
        images=given.images or (1000 if quick else 10_000),
        mebibytes=256 if quick else 1024,
    )


def _measure(
    pair: list[Any], wanted: list[Any], settings: Settings, machine: Any = None
) -> list[dict[str, Any]]:
    """Every wanted scenario on all in turns, so that none has the quieter hour."""
    figures = []
    for scenario in wanted:
        for turn in range(settings.rounds if scenario.repeated else 1):
            outcomes = [(each.name, scenario.run(each, settings)) for each in pair]
            if machine and scenario.limit:
                outcomes.append((machine.name, scenario.limit(machine) or {}))
            for name, outcome in outcomes:
                line = {"scenario": scenario.name, "of": name, "round": turn}
                figures.append({**line, **outcome})
                print(json.dumps(figures[-1]), flush=True)
    return figures


def _both(settings: Settings, scratch: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Everything that is asked of both."""
    wanted = [each for each in scenarios.ALL if given.only in each.name]
    with contextlib.ExitStack() as running:
        machine = running.enter_context(limits.Machine(scratch / "limits", settings))
        pair = _started(running, settings, scratch / "here")
        figures = _measure(pair, wanted, settings, machine)
    for identity, shows in scenarios.BY_IDENTITY.items():
        if identity == settings.identity or identity in given.without:
            continue
        few = dataclasses.replace(settings, identity=identity, images=0)
        with contextlib.ExitStack() as running:
            pair = _started(running, few, scratch / identity)
            wanted = [each for each in shows if given.only in each.name]
            figures += _measure(pair, wanted, few)
    return figures


def _started(running: contextlib.ExitStack, settings: Settings, directory: Path) -> list[Any]:
    """Both, filled with the same images if any, and answering alike."""
    pair = [
        running.enter_context(contestants.Glance(settings)),
        running.enter_context(contestants.Here(settings, directory)),
    ]
    for contestant in pair if settings.images else []:
        scenarios.prepare(contestant, settings)
    scenarios.compare(*pair)
    return pair


def main() -> None:
    given = _arguments()
    settings = _settings(given)
    # An installed program has its bytecode; compiling ours took 0.2 s of 1.0 to start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        figures = _both(settings, Path(scratch), given)
    with tempfile.TemporaryDirectory() as scratch:
        if "processes" not in given.without:
            figures += growth.over_processes(Path(scratch), settings)
        if "goals" not in given.without:
            figures += goals.measure(Path(scratch), settings, given.pace == "quick")
        if "growth" not in given.without:
            figures += growth.over_images(Path(scratch), settings, given.pace == "quick")
    results.write(given.out, figures, dataclasses.asdict(settings))
    if given.publish:
        results.publish(given.out, Path(__file__).parents[2])
    print((given.out / "table.md").read_text())


if __name__ == "__main__":
    load.require()
    sys.exit(main())
