"""Is it flat? A judgement over the samples of a soak, and its plot."""

from __future__ import annotations

import json
import math
import shutil
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sampling import Sample

# Of the time, how much is left out: caches fill, and every thread has its first request.
SETTLING = 1 / 3
# Percent an hour that may still be in it, with twice the standard error added.
FLAT = 10.0
MIB = 1 << 20
BEGIN, END = "<!-- the soak's table begins -->", "<!-- the soak's table ends -->"


class Verdict(NamedTuple):
    """What was wanted, what was found, and whether that is good."""

    wanted: str
    found: str
    good: bool


class Slope(NamedTuple):
    """Percent of the mean by which something grows in an hour, and its standard error."""

    percent: float
    error: float
    mean: float

    @property
    def most(self) -> float:
        return self.percent + 2 * self.error


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """Those after the first third."""
    begin = samples[-1]["seconds"] * SETTLING
    return [each for each in samples if each["seconds"] >= begin]


def floors(
    samples: Sequence[Sample], of: Callable[[Sample], float]
) -> list[tuple[float, float]]:
    """The lowest of each twentieth of the time.

    A leak raises it; a transfer that happens to be under way does not.
    """
    first, last = samples[0]["seconds"], samples[-1]["seconds"]
    width = (last - first) / 20 or 1
    found: dict[int, tuple[float, float]] = {}
    for each in samples:
        place, value = int((each["seconds"] - first) / width), of(each)
        if place not in found or value < found[place][1]:
            found[place] = (each["seconds"] / 3600, value)
    return [found[place] for place in sorted(found)]


def slope(points: Sequence[tuple[float, float]]) -> Slope:
    """The straight line through the points, by least squares."""
    hours, values = zip(*points, strict=True)
    line = statistics.linear_regression(hours, values)
    mean, middle = statistics.fmean(values), statistics.fmean(hours)
    rest = sum((v - line.intercept - line.slope * h) ** 2 for h, v in points)
    spread = sum((hour - middle) ** 2 for hour in hours)
    error = math.sqrt(rest / max(len(points) - 2, 1) / spread)
    return Slope(100 * line.slope / mean, 100 * error / mean, mean)


FLATS: dict[str, tuple[Callable[[Sample], float], str]] = {
    "memory (PSS of all processes)": (lambda each: each["memory"] / MIB, " MiB"),
    "handles": (lambda each: each["handles"], ""),
    "threads": (lambda each: each["threads"], ""),
}

# What grows by contract: with what, and by how many times as much in the second half of the
# settled time as in the first at most.
IN_STEP = {
    "database, for each record that it keeps": ("database", "kept"),
    "log, for each request": ("log", "requests"),
}
MOST = 1.2


def in_step(name: str, samples: Sequence[Sample]) -> Verdict:
    """Does it grow with what it is made of, and not faster with the time?"""
    of, by = IN_STEP[name]
    middle = len(samples) // 2
    earlier, later = (
        (half[-1][of] - half[0][of]) / max(half[-1][by] - half[0][by], 1)
        for half in (samples[: middle + 1], samples[middle:])
    )
    wanted = f"{name}: at most {MOST} times as much as before"
    return Verdict(wanted, f"{earlier:.0f} bytes, then {later:.0f}", later <= MOST * earlier)


def verdicts(found: dict[str, Any]) -> list[Verdict]:
    """Everything that is asked of a soak."""
    samples = settled(found["samples"])
    judged = []
    for name, (of, unit) in FLATS.items():
        line = slope(floors(samples, of))
        told = f"{line.mean:.4g}{unit}, {line.percent:+.1f} ± {2 * line.error:.1f} % an hour"
        wanted = f"{name}: less than {FLAT:g} % an hour"
        judged.append(Verdict(wanted, told, line.most < FLAT))
    judged += [in_step(name, samples) for name in IN_STEP]
    verified = found["verified"]
    data = f"{verified['images']} images read, {verified['damaged']} damaged"
    is_whole = verified["images"] > 0 and not verified["damaged"] and not verified["unchecked"]
    failures = [f"{len(found['failures'])}", *found["failures"][:3]]
    return [
        *judged,
        _none("answers of 5xx", found["server_errors"]),
        Verdict("answers that should not be: none", "; ".join(failures), len(failures) == 1),
        _none("tracebacks in the log", found["tracebacks"]),
        _none("files in the store that belong to no image", found["left"]),
        _none("files left in staging", found["staged"]),
        Verdict("the same processes", str(found["same_processes"]), found["same_processes"]),
        Verdict("verify --deep finds all well", data, is_whole),
    ]


def _none(what: str, count: int) -> Verdict:
    return Verdict(f"{what}: none", str(count), count == 0)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds, the median and the 99th of a hundred."""
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}


def write(directory: Path, found: dict[str, Any], judged: Sequence[Verdict]) -> None:
    """Leave ``soak.md``, ``soak.json`` and ``soak.png`` in the directory."""
    samples = found["samples"]
    rest = {name: value for name, value in found.items() if name != "samples"}
    (directory / "soak.json").write_text(json.dumps(rest, indent=1))
    minutes, requests = samples[-1]["seconds"] / 60, samples[-1]["requests"]
    lines = [f"{minutes:.0f} minutes, {requests:.0f} requests.", "", "| wanted | found | |"]
    lines += ["| --- | --- | --- |"]
    for verdict in judged:
        word = "reached" if verdict.good else "**not reached**"
        lines.append(f"| {verdict.wanted} | {verdict.found} | {word} |")
    (directory / "soak.md").write_text("\n".join(lines) + "\n")
    plot(directory / "soak.png", samples)


def publish(directory: Path, root: Path) -> None:
    """Put the table between its markers in the page, and the plot beside it."""
    shutil.copy(directory / "soak.png", root / "docs" / "soak.png")
    page = root / "docs" / "explanation" / "under-load.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    told = (directory / "soak.md").read_text().strip()
    page.write_text(f"{before}{BEGIN}\n\n{told}\n\n{END}{after}")


PANELS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("memory of all processes, MiB (PSS)", lambda each: each["memory"] / MIB),
    ("open handles", lambda each: each["handles"]),
    ("threads", lambda each: each["threads"]),
    ("database, KiB", lambda each: each["database"] / 1024),
    ("records that the database keeps", lambda each: each["kept"]),
    ("log, KiB", lambda each: each["log"] / 1024),
)


def plot(file: Path, samples: Sequence[Sample]) -> None:
    """Everything over the minutes, where matplotlib is."""
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed; no plot")
        return
    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(3, 2, figsize=(9, 8), sharex=True)
    minutes = [each["seconds"] / 60 for each in samples]
    for panel, (title, of) in zip(panels.flat, PANELS, strict=True):
        panel.plot(minutes, [of(each) for each in samples], linewidth=1)
        panel.axvspan(0, minutes[-1] * SETTLING, color="0.93")
        panel.set_title(title, fontsize=9)
        panel.set_ylim(bottom=0)
    for panel in panels[-1]:
        panel.set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(file, dpi=110)
