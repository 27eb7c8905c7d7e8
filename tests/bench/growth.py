"""How this service grows: with processes, and with the size of the catalogue."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import load
import scenarios
from contestants import Here

sys.path.insert(0, str(Path(__file__).parents[1]))

import crowd

from glance_shim.db import connection

PROCESSES = (1, 2, 4)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)


def over_processes(scratch: Path, settings: Any) -> list[dict[str, Any]]:
    """Small requests of eight clients, with 1, 2 and 4 processes."""
    figures = []
    for processes in PROCESSES:
        here = Here(settings, scratch / f"processes{processes}", processes)
        here.start()
        try:
            conn = load.target(here).conn()
            for number in range(100):
                load.script.new_image(conn, f"load-{number:03d}")
            for name, run in (("show", scenarios.show(8)), ("list 25", scenarios.page("", 8))):
                line = {"scenario": f"{name}, 8 clients, {processes} processes", "round": 0}
                line |= {"of": "processes", "curve": name, "processes": processes}
                figures.append({**line, **run(here, settings)})
                print(json.dumps(figures[-1]), flush=True)
        finally:
            here.discard()
    return figures


def over_images(scratch: Path, settings: Any, quick: bool) -> list[dict[str, Any]]:
    """One client reads the first page and the deepest one as the catalogue grows."""
    figures: list[dict[str, Any]] = []
    here = Here(settings, scratch / "growth")
    here.start()
    try:
        there = 0
        for size in QUICK_SIZES if quick else SIZES:
            _fill(here, size - there, there)
            there, marker = size, _deepest(here)
            pages = {"first page": "", "deepest page": f"&marker={marker}"}
            for name, query in pages.items():
                line = {"scenario": f"{name} of {size}", "of": "growth", "round": 0}
                line |= {"curve": name, "images": size}
                figures.append({**line, **scenarios.page(query)(here, settings)})
                print(json.dumps(figures[-1]), flush=True)
    finally:
        here.discard()
    return figures


def _fill(here: Here, count: int, first: int) -> None:
    """A tenth of the images belongs to the project that looks."""
    database = connection.open_database(here.connection())
    projects = [here.project, *(f"project-{number}" for number in range(9))]
    crowd.fill(database, count, projects, first=first)
    database.close_all()


def _deepest(here: Here) -> str:
    """The marker of the last page of 25."""
    conn = load.target(here).conn()
    oldest = conn.json("GET", "/v2/images?sort=created_at:asc&limit=26")["images"]
    return str(oldest[-1]["id"])
