"""What is to be reached, and whether a run has reached it."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping
from typing import Any

Lines = list[dict[str, Any]]
Sides = Mapping[str, Lines]
Figures = Mapping[str, Sides]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A target in words, what was found, and whether that is enough."""

    wanted: str
    found: str
    reached: bool


@dataclasses.dataclass(frozen=True)
class Times:
    """So many times as good as Glance in one figure; ``less`` where less of it is better."""

    figure: str
    factor: float
    what: str
    less: bool = True

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        here, glance = (median(figures[name].get(side, []), self.figure) for side in SIDES)
        if not here or not glance:
            return None
        found = glance / here if self.less else here / glance
        return Verdict(f"{self.what} {self.factor:g}x", f"{found:.2f}x", found >= self.factor)


@dataclasses.dataclass(frozen=True)
class OfLimit:
    """At least a share of what the machine itself did in the same turns."""

    share: float

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        here, limit = (median(figures[name].get(s, []), "mib_per_s") for s in ("here", "limit"))
        if not here or not limit:
            return None
        return Verdict(
            f"{self.share:.0%} of the limit", f"{here / limit:.0%}", here / limit >= self.share
        )


@dataclasses.dataclass(frozen=True)
class NoneRefused:
    """Every request was granted."""

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        count = refused(figures[name].get("here", []))
        return Verdict("none refused", str(count), not count)


@dataclasses.dataclass(frozen=True)
class NotWorseThan:
    """The p99 is at most so many times that of another scenario."""

    other: str
    factor: float

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        here, idle = (p99(figures.get(n, {}).get("here", [])) for n in (name, self.other))
        if not here or not idle:
            return None
        wanted = f"p99 at most {self.factor:g}x idle"
        return Verdict(wanted, f"{here / idle:.1f}x", here <= self.factor * idle)


@dataclasses.dataclass(frozen=True)
class Within:
    """The p99 is below so many milliseconds."""

    milliseconds: float

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        here = p99(figures[name].get("here", []))
        if here is None:
            return None
        wanted = f"p99 under {self.milliseconds:g} ms"
        return Verdict(wanted, f"{here:.0f} ms", here < self.milliseconds)


@dataclasses.dataclass(frozen=True)
class AtLeast:
    """So many requests a second."""

    rps: float

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        here = median(figures[name].get("here", []), "rps")
        return Verdict(f"{self.rps:g} a second", f"{here:.0f}", here >= self.rps)


@dataclasses.dataclass(frozen=True)
class Flat:
    """From the smallest to the largest catalogue the time grows by less than this factor."""

    curve: str
    factor: float

    def judge(self, name: str, figures: Figures) -> Verdict | None:
        lines = [
            line
            for sides in figures.values()
            for line in sides.get("growth", [])
            if line["curve"] == self.curve
        ]
        if len(lines) < 2:
            return None
        lines.sort(key=lambda line: int(line["images"]))
        grown = lines[-1]["p50_ms"] / lines[0]["p50_ms"]
        wanted = (
            f"under {self.factor:g}x from {lines[0]['images']:,} to {lines[-1]['images']:,}"
        )
        return Verdict(wanted, f"{grown:.2f}x", grown < self.factor)


SIDES = ("here", "Glance")
SHOW = [Times("server_cpu_ms", 10, "CPU"), Times("p99_ms", 5, "p99")]
LIST = [Times("server_cpu_ms", 20, "CPU"), Times("p99_ms", 10, "p99")]
WRITE = [Times("server_cpu_ms", 8, "CPU"), NoneRefused()]
DOWNLOAD = [Times("server_cpu_s_per_gib", 2, "CPU"), OfLimit(0.9)]
IDLE = "show an image, 1 client"

# By how the names of scenarios begin; the first that fits counts.
TARGETS: dict[str, list[Any]] = {
    "show an image during": [NotWorseThan(IDLE, 5)],
    "show an image": SHOW,
    "list 25": LIST,
    "the last page": LIST,
    "create and delete": WRITE,
    "change visibility": WRITE,
    "add a member": WRITE,
    "upload, one": [Times("mib_per_s", 2, "MiB/s", less=False), OfLimit(0.8)],
    "upload, four": [Times("mib_per_s", 1.5, "MiB/s", less=False), NoneRefused()],
    "download": DOWNLOAD,
    "50 readers": [Within(300), NoneRefused()],
    "32 writers": [AtLeast(100), NoneRefused()],
    "memory": [Times("pss_mib", 2, "memory")],
    "cold start": [Times("best", 2, "time")],
}
GROWTH = {curve: Flat(curve, 1.5) for curve in ("first page", "deepest page")}


def verdicts(name: str, figures: Figures) -> list[Verdict]:
    """Every target of a scenario, judged; none for what has no target or no figures."""
    wanted = next((each for start, each in TARGETS.items() if name.startswith(start)), [])
    return [v for v in (target.judge(name, figures) for target in wanted) if v is not None]


def median(lines: Lines, key: str) -> float:
    """The median of the rounds, 0 where nothing was measured."""
    if key == "p99_ms":
        return p99(lines) or 0.0
    values = [line[key] for line in lines if line.get(key) is not None]
    return statistics.median(values) if values else 0.0


def p99(lines: Lines) -> float | None:
    """The median of the rounds; of a scenario of several requests that of the slowest."""
    found = []
    for line in lines:
        parts = [v["p99_ms"] for v in line.values() if isinstance(v, dict) and "p99_ms" in v]
        value = line.get("p99_ms") or max(parts, default=None)
        if value is not None:
            found.append(value)
    return statistics.median(found) if found else None


def refused(lines: Lines) -> int:
    """How many requests were not granted, of all rounds."""
    return sum(sum(line.get("errors", {}).values()) for line in lines)
