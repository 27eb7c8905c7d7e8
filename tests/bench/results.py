"""Figures of a run as a table, as plots, and as they are."""

from __future__ import annotations

import collections
import datetime
import json
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Lines = list[dict[str, Any]]

# How a scenario is judged: the figure that is compared, its unit, and whether more is better.
RATE = ("rps", "requests/s", True)
BYTES = ("mib_per_s", "MiB/s", True)
PSS = ("pss_mib", "MiB", False)
SECONDS = ("best", "s", False)


def write(directory: Path, figures: Lines, about: dict[str, Any]) -> None:
    """Leave ``figures.json``, ``table.md`` and the plots in the directory."""
    about = {"date": datetime.date.today().isoformat(), "machine": _machine(), **about}
    whole = {"about": about, "figures": figures}
    (directory / "figures.json").write_text(json.dumps(whole, indent=1))
    (directory / "table.md").write_text(table(figures, about))
    plot(directory, figures)


def table(figures: Lines, about: dict[str, Any]) -> str:
    """The table of the README: medians, their spread, and what is how many times as good."""
    said = ", ".join(f"{name} {value}" for name, value in about.items())
    head = [
        "scenario",
        "unit",
        "Glance",
        "here",
        "ratio",
        "CPU a piece: Glance",
        "here",
        "ratio",
    ]
    head += ["p99 ms: Glance", "here", "refused: Glance", "here"]
    rows = [head, ["---"] * len(head)]
    by_name = _by_name(figures)
    for name, sides in by_name.items():
        if set(sides) >= {"Glance", "here"}:
            rows.append(_row(name, sides))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([said, "", *lines, "", *_alone(by_name), ""])


def _by_name(figures: Lines) -> dict[str, dict[str, Lines]]:
    found: dict[str, dict[str, Lines]] = collections.defaultdict(
        lambda: collections.defaultdict(list)
    )
    for line in figures:
        found[line["scenario"]][line["of"]].append(line)
    return found


def _row(name: str, sides: dict[str, Lines]) -> list[str]:
    glance, here = sides["Glance"], sides["here"]
    key, unit, more = next(each for each in (RATE, BYTES, PSS, SECONDS) if each[0] in here[0])
    row = [name, unit, _spread(glance, key), _spread(here, key)]
    row.append(_ratio(_median(here, key), _median(glance, key), more))
    cpu = next((k for k in ("server_cpu_ms", "server_cpu_s_per_gib") if k in here[0]), "")
    unit = {"server_cpu_ms": " ms", "server_cpu_s_per_gib": " s/GiB"}.get(cpu, "")
    for side in (glance, here):
        row.append(f"{_median(side, cpu):.2f}{unit}" if cpu else "")
    row.append(_ratio(_median(here, cpu), _median(glance, cpu), False) if cpu else "")
    row += [_text(_p99(side)) for side in (glance, here)]
    return row + [_refused(side) for side in (glance, here)]


def _values(lines: Lines, key: str) -> list[float]:
    return [line[key] for line in lines if line.get(key) is not None]


def _median(lines: Lines, key: str) -> float:
    values = _values(lines, key)
    return statistics.median(values) if values else 0.0


def _spread(lines: Lines, key: str) -> str:
    values = _values(lines, key)
    middle = f"{statistics.median(values):.4g}"
    return middle if len(values) < 2 else f"{middle} ({min(values):.4g} to {max(values):.4g})"


def _ratio(here: float, glance: float, more_is_better: bool) -> str:
    if not here or not glance:
        return ""
    return f"{here / glance if more_is_better else glance / here:.1f}"


def _p99(lines: Lines) -> float | None:
    """The median of the rounds; of a scenario of several requests that of the slowest."""
    found = []
    for line in lines:
        parts = [part["p99_ms"] for part in line.values() if _is_part(part)]
        value = line.get("p99_ms") or max(parts, default=None)
        if value is not None:
            found.append(value)
    return statistics.median(found) if found else None


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and "p99_ms" in value


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _refused(lines: Lines) -> str:
    if "errors" not in lines[0]:
        return ""
    refused = sum(sum(line["errors"].values()) for line in lines)
    asked = refused + sum(line["requests"] for line in lines)
    return f"{refused} of {asked}" if refused else "0"


def _alone(by_name: dict[str, dict[str, Lines]]) -> list[str]:
    """What is measured of one side only, a line each."""
    lines = []
    for name, sides in by_name.items():
        for of, measured in sides.items():
            if len(sides) > 1 and set(sides) >= {"Glance", "here"}:
                continue
            parts = []
            for key, unit, _ in (RATE, BYTES):
                if key in measured[0]:
                    parts.append(f"{_spread(measured, key)} {unit}")
            if "p50_ms" in measured[0]:
                parts.append(f"median {_median(measured, 'p50_ms'):.2f} ms")
            if "server_cpu_ms" in measured[0]:
                parts.append(f"{_median(measured, 'server_cpu_ms'):.2f} ms of CPU a request")
            lines.append(f"- {name} ({of}): {', '.join(parts)}")
    return lines


def _machine() -> str:
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return (
        f"{model}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def plot(directory: Path, figures: Lines) -> None:
    """Latency against size of catalogue, throughput against processes, where matplotlib is."""
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed; no plots")
        return
    matplotlib.use("svg")
    growing = [line for line in figures if line["of"] == "growth"]
    _draw(directory / "growth.svg", growing, ("images", "p50_ms"), "log")
    spread = [line for line in figures if line["of"] == "processes"]
    _draw(directory / "processes.svg", spread, ("processes", "rps"), "linear")


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
    figure.savefig(file)
