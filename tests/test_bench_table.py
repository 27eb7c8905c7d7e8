"""The table of the benchmark, made from figures that were written down."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bench"))

import results
import targets

SHOW = "show an image, 1 client"
BUSY = "show an image during four uploads"


def line(scenario: str, of: str, turn: int = 0, **figures: Any) -> dict[str, Any]:
    return {"scenario": scenario, "of": of, "round": turn, **figures}


def shown(of: str, rps: float, cpu: float, p99: float, turn: int = 0, **more: Any) -> Any:
    figures = {"rps": rps, "server_cpu_ms": cpu, "p99_ms": p99, "requests": 100, "errors": {}}
    return line(more.pop("scenario", SHOW), of, turn, **{**figures, **more})


FIGURES = [
    shown("Glance", 150.0, 5.0, 12.0, 0),
    shown("Glance", 170.0, 5.4, 11.0, 1),
    shown("Glance", 160.0, 5.2, 10.0, 2),
    shown("here", 1500.0, 0.5, 2.0, 0),
    shown("here", 1700.0, 0.4, 2.4, 1),
    shown("here", 1600.0, 0.3, 2.2, 2),
    shown("Glance", 20.0, 15.0, 90.0, scenario=BUSY),
    shown("here", 400.0, 2.0, 12.0, scenario=BUSY),
    {
        **line("create and delete, 8 clients", "Glance", rps=50.0, server_cpu_ms=28.0),
        "requests": 30,
        "errors": {"500": 90},
        "post": {"p99_ms": 700.0},
        "delete": {"p99_ms": 40.0},
    },
    {
        **line("create and delete, 8 clients", "here", rps=500.0, server_cpu_ms=2.8),
        "requests": 300,
        "errors": {},
        "post": {"p99_ms": 20.0},
        "delete": {"p99_ms": 30.0},
    },
    line("upload, one", "Glance", mib_per_s=200.0, server_cpu_s_per_gib=5.0),
    line("upload, one", "here", mib_per_s=410.0, server_cpu_s_per_gib=4.0),
    line("upload, one", "limit", mib_per_s=500.0),
    line("memory, idle", "Glance", pss_mib=220.0),
    line("memory, idle", "here", pss_mib=120.0),
    line("first page of 1000", "growth", curve="first page", images=1000, p50_ms=2.0),
    line("first page of 1000000", "growth", curve="first page", images=1_000_000, p50_ms=2.5),
    line("show, 8 clients, 2 processes", "processes", curve="show", processes=2, rps=3000.0),
    {
        **line("50 readers of 200000 images", "here", rps=900.0, server_cpu_ms=1.4),
        "requests": 9000,
        "errors": {},
        "list": {"p99_ms": 120.0},
        "by tag": {"p99_ms": 310.0},
    },
    {**shown("here", 90.0, 4.0, 700.0, scenario="32 writers"), "errors": {"503": 1}},
]


def cells(name: str) -> dict[str, str]:
    """The row of a scenario, by the heads of its columns."""
    text = results.table(FIGURES, {"date": "2026-11-30"})
    (row,) = (each for each in text.splitlines() if each.startswith(f"| {name} "))
    return dict(zip(results.HEAD, row[2:-2].split(" | "), strict=True))


def test_a_row_says_medians_spread_ratios_and_what_was_wanted() -> None:
    assert cells(SHOW) == {
        "scenario": SHOW,
        "unit": "requests/s",
        "Glance": "160 (150 to 170)",
        "here": "1600 (1500 to 1700)",
        "ratio": "10.0x",
        "CPU, Glance / here": "5.20 / 0.40 ms: 13.0x",
        "p99 ms, Glance / here": "11.0 / 2.2",
        "refused, Glance / here": "0 / 0",
        "limit": "",
        "wanted": "CPU 10x: 13.00x, reached; p99 5x: 5.00x, reached",
    }


def test_what_is_not_reached_is_said_so() -> None:
    assert cells("memory, idle")["wanted"] == "memory 2x: 1.83x, **not reached**"


def test_refused_requests_count_and_parts_have_the_slowest_p99() -> None:
    told = cells("create and delete, 8 clients")

    assert told["refused, Glance / here"] == "90 of 120 / 0"
    assert told["p99 ms, Glance / here"] == "700.0 / 30.0"
    assert told["wanted"] == "CPU 8x: 10.00x, reached; none refused: 0, reached"


def test_bytes_are_compared_with_the_limit_of_the_machine() -> None:
    told = cells("upload, one")

    assert told["limit"] == "500"
    assert told["wanted"] == "MiB/s 2x: 2.05x, reached; 80% of the limit: 82%, reached"


def test_the_idle_time_is_what_the_busy_one_is_judged_by() -> None:
    figures = results._by_name(FIGURES)

    (verdict,) = targets.verdicts(BUSY, figures)
    assert (verdict.found, verdict.reached) == ("5.5x", False)


def test_goals_are_judged_without_another_service() -> None:
    readers, writers = cells("50 readers of 200000 images"), cells("32 writers")

    assert readers["wanted"] == (
        "p99 under 300 ms: 310 ms, **not reached**; none refused: 0, reached"
    )
    assert writers["wanted"] == (
        "100 a second: 90, **not reached**; none refused: 1, **not reached**"
    )
    assert (readers["Glance"], readers["ratio"]) == ("", "")


def test_curves_are_told_below_the_table() -> None:
    told = results.table(FIGURES, {})

    assert "- first page of 25, median ms by images: 1,000: 2, 1,000,000: 2.5;" in told
    assert "wanted under 1.5x from 1,000 to 1,000,000: 1.25x, reached" in told
    assert "- show, 8 clients, requests a second by processes: 2: 3000" in told


def test_the_table_takes_the_place_of_the_one_before() -> None:
    readme = f"before\n\n{results.BEGIN}\nold\n{results.END}\n\nafter\n"

    once = results.between(readme, "new\n")
    assert once == f"before\n\n{results.BEGIN}\n\nnew\n\n{results.END}\n\nafter\n"
    assert results.between(once, "new\n") == once
    with pytest.raises(ValueError, match="no place"):
        results.between("nothing", "new")


def test_the_readme_has_a_place_for_the_table() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()

    assert "new" in results.between(readme, "new")
