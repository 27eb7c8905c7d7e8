"""Figures of a run as a table, as plots, and as they are."""

from __future__ import annotations

import collections
import datetime
import json
import os
import platform
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import targets
from targets import Figures, Lines, Sides

# What a scenario is about: the figure, its unit, and whether more of it is better.
MAIN = (
    ("rps", "requests/s", True),
    ("mib_per_s", "MiB/s", True),
    ("pss_mib", "MiB", False),
    ("best", "s", False),
)
CPU = (("server_cpu_ms", "ms"), ("server_cpu_s_per_gib", "s/GiB"))
GROWTH, PROCESSES = "growth.png", "processes.png"
PLOTS = {
    GROWTH: "Time of a list of 25 by the size of the catalogue",
    PROCESSES: "Requests a second by the number of processes",
}
BEGIN, END = "<!-- the benchmark's table begins -->", "<!-- the benchmark's table ends -->"


def write(directory: Path, figures: Lines, about: dict[str, Any]) -> None:
    """Leave ``figures.json``, ``table.md`` and the plots in the directory."""
    about = {"date": datetime.date.today().isoformat(), "machine": machine(), **about}
    whole = {"about": about, "figures": figures}
    (directory / "figures.json").write_text(json.dumps(whole, indent=1))
    (directory / "table.md").write_text(table(figures, about))
    plot(directory, figures)


def publish(directory: Path, root: Path) -> None:
    """Put the table between its markers in ``README.md``, and the plots beside the docs."""
    readme, told = root / "README.md", (directory / "table.md").read_text()
    for name, words in PLOTS.items():
        if (directory / name).exists():
            shutil.copy(directory / name, root / "docs" / name)
            told += f"\n![{words}](docs/{name})"
    readme.write_text(between(readme.read_text(), told))


def between(text: str, table: str) -> str:
    """The text with the table in place of what stood between the markers.

    Raises ``ValueError`` where they are not there.
    """
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"no place for the table: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table.strip()}\n\n{END}{after}"


def machine() -> str:
    """Cores, model, system and Python, as far as they say themselves."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    cores = f"{os.cpu_count()} cores of {models[0] if models else platform.machine()}"
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{cores}, {system}, Python {platform.python_version()}"


HEAD = (
    *("scenario", "unit", "Glance", "here", "ratio", "CPU, Glance / here"),
    *("p99 ms, Glance / here", "refused, Glance / here", "limit", "wanted"),
)


def table(figures: Lines, about: dict[str, Any]) -> str:
    """The table of the README.

    Medians of the rounds with the smallest and the largest, how many times as
    good this service is, and every target with what was found.
    """
    by_name = _by_name(figures)
    rows = [list(HEAD), ["---"] * len(HEAD)]
    rows += [_row(name, by_name) for name, sides in by_name.items() if "here" in sides]
    said = "; ".join(f"{name} {value}" for name, value in about.items())
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"{said}.", "", *lines, "", *_curves(by_name), ""])


def _by_name(figures: Lines) -> Figures:
    found: dict[str, dict[str, Lines]] = {}
    for line in figures:
        found.setdefault(line["scenario"], {}).setdefault(line["of"], []).append(line)
    return found


def _row(name: str, figures: Figures) -> list[str]:
    sides = figures[name]
    here, glance = sides["here"], sides.get("Glance", [])
    key, unit, more = next(each for each in MAIN if each[0] in here[0])
    row = [name, unit, _spread(glance, key), _spread(here, key), _ratio(sides, key, more)]
    row.append(_cpu(sides))
    p99s = [targets.p99(side) for side in (glance, here)]
    row.append(_both("" if p99 is None else f"{p99:.1f}" for p99 in p99s))
    row.append(_both(_refused(side) for side in (glance, here)))
    row.append(_limit(sides.get("limit", [])))
    return [*row, "; ".join(map(_told, targets.verdicts(name, figures)))]


def _cpu(sides: Sides) -> str:
    """What a request or a GiB takes of both, and how many times less it is here."""
    cpu, unit = next((each for each in CPU if each[0] in sides["here"][0]), ("", ""))
    if not cpu:
        return ""
    medians = (targets.median(sides.get(side, []), cpu) for side in ("Glance", "here"))
    return f"{_both(f'{median:.2f}' for median in medians)} {unit}: {_ratio(sides, cpu, False)}"


def _both(cells: Iterable[str]) -> str:
    told = list(cells)
    return " / ".join(told) if any(told) else ""


def _told(verdict: targets.Verdict) -> str:
    word = "reached" if verdict.reached else "**not reached**"
    return f"{verdict.wanted}: {verdict.found}, {word}"


def _spread(lines: Lines, key: str) -> str:
    values = [line[key] for line in lines if line.get(key) is not None]
    middle = f"{targets.median(lines, key):.4g}" if values else ""
    return middle if len(values) < 2 else f"{middle} ({min(values):.4g} to {max(values):.4g})"


def _ratio(sides: Sides, key: str, more_is_better: bool) -> str:
    here, glance = (targets.median(sides.get(side, []), key) for side in targets.SIDES)
    if not here or not glance:
        return ""
    return f"{here / glance if more_is_better else glance / here:.1f}x"


def _refused(lines: Lines) -> str:
    if not lines or "errors" not in lines[0]:
        return ""
    count = targets.refused(lines)
    return f"{count} of {count + sum(line['requests'] for line in lines)}" if count else "0"


def _limit(lines: Lines) -> str:
    """What the machine did, and with how much CPU where that is known."""
    if not lines or not targets.median(lines, "mib_per_s"):
        return ""
    cpu = targets.median(lines, "server_cpu_s_per_gib")
    return _spread(lines, "mib_per_s") + (f", {cpu:.2f} s/GiB" if cpu else "")


def _curves(figures: Figures) -> list[str]:
    """What is measured of this service alone, a line for each curve."""
    lines = []
    for curve, target in targets.GROWTH.items():
        verdict = target.judge(curve, figures)
        if verdict:
            points = _points(figures, "growth", curve, "images", "p50_ms")
            lines.append(
                f"- {curve} of 25, median ms by images: {points}; wanted {_told(verdict)}"
            )
    for curve in ("show", "list 25"):
        if points := _points(figures, "processes", curve, "processes", "rps"):
            lines.append(f"- {curve}, 8 clients, requests a second by processes: {points}")
    return lines


def _points(figures: Figures, of: str, curve: str, x: str, y: str) -> str:
    lines = [line for sides in figures.values() for line in sides.get(of, [])]
    points = sorted((line[x], line[y]) for line in lines if line["curve"] == curve)
    return ", ".join(f"{at:,}: {value:.4g}" for at, value in points)


def plot(directory: Path, figures: Lines) -> None:
    """Latency against size of catalogue, throughput against processes, where matplotlib is."""
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed; no plots")
        return
    matplotlib.use("agg")
    for name, of, axes, scale in (
        (GROWTH, "growth", ("images", "p50_ms"), "log"),
        (PROCESSES, "processes", ("processes", "rps"), "linear"),
    ):
        _draw(directory / name, [line for line in figures if line["of"] == of], axes, scale)


LABELS = {
    "images": "images in the catalogue",
    "p50_ms": "milliseconds, median",
    "processes": "processes",
    "rps": "requests a second",
}


def _draw(file: Path, lines: Lines, axes: Sequence[str], scale: str) -> None:
    from matplotlib import pyplot

    if not lines:
        return
    figure, plot = pyplot.subplots(figsize=(6, 4))
    curves: dict[str, list[tuple[float, float]]] = collections.defaultdict(list)
    for line in lines:
        curves[line["curve"]].append((line[axes[0]], line[axes[1]]))
    for name, points in curves.items():
        plot.plot(*zip(*sorted(points), strict=True), marker="o", label=name)
    plot.set_xscale(scale)
    plot.set_ylim(bottom=0)
    plot.set_xlabel(LABELS[axes[0]])
    plot.set_ylabel(LABELS[axes[1]])
    plot.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)
