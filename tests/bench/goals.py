"""What this service has to hold by itself: many readers of a large catalogue, many writers."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import load
import scenarios
from contestants import Here

sys.path.insert(0, str(Path(__file__).parents[1]))

import crowd

from glance_shim.db import connection

IMAGES, QUICK_IMAGES = 200_000, 20_000
READERS, WRITERS = 50, 32
PROJECTS = 1_000


def measure(scratch: Path, settings: Any, quick: bool) -> list[dict[str, Any]]:
    """Readers of a catalogue of 200,000 images, 20,000 if quick; then writers beside none."""
    figures = []
    here = Here(settings, scratch / "goals")
    here.start()
    try:
        images = QUICK_IMAGES if quick else IMAGES
        _fill(here, images)
        wanted = {
            f"{READERS} readers of {images} images": _read(images),
            f"{WRITERS} writers": _write,
        }
        for name, run in wanted.items():
            figures.append({"scenario": name, "of": "here", "round": 0, **run(here, settings)})
            print(json.dumps(figures[-1]), flush=True)
    finally:
        here.discard()
    return figures


def _fill(here: Here, count: int) -> None:
    database = connection.open_database(here.connection())
    projects = [here.project, *(f"project-{number}" for number in range(PROJECTS - 1))]
    crowd.fill(database, count, projects)
    database.close_all()


def _read(images: int) -> Callable[[Here, Any], dict[str, Any]]:
    """Each client lists, shows and filters in turn, beginning anywhere in the round."""

    def run(here: Here, settings: Any) -> dict[str, Any]:
        def make(conn: Any, number: int) -> Any:
            # Those of the project that looks have numbers that are whole thousands.
            own = crowd.identity(number * PROJECTS % images)
            calls = {
                "list": "/v2/images",
                "page": f"/v2/images?marker={own}",
                "show": f"/v2/images/{own}",
                "by name": f"/v2/images?name=image%20{number * PROJECTS % images}",
                "by tag": "/v2/images?tag=t0-3",
                "by property": f"/v2/images?n={number}",
                "by property and status": "/v2/images?p0=v3&status=active",
                "by size": "/v2/images?sort=size:desc&size_min=1000",
            }
            turns = itertools.cycle(calls.items())
            for _ in range(number % len(calls)):
                next(turns)

            def step() -> dict[str, Any]:
                name, path = next(turns)
                return {name: load.script.timed(conn, "GET", path)[:2]}

            return step

        return _hammered(here, settings, READERS, make)

    return run


def _write(here: Here, settings: Any) -> dict[str, Any]:
    """Each client creates an image, changes and deletes it."""

    def make(conn: Any, number: int) -> Any:
        change = [{"op": "replace", "path": "/name", "value": f"load-changed-{number}"}]

        def step() -> dict[str, Any]:
            status, seconds, raw = load.script.timed(
                conn, "POST", "/v2/images", load.script.image_body(f"load-{number}")
            )
            if status != 201:
                return {"create": (status, seconds)}
            path = f"/v2/images/{json.loads(raw)['id']}"
            patch = load.script.timed(conn, "PATCH", path, change, scenarios.PATCH)
            delete = load.script.timed(conn, "DELETE", path)
            return {"create": (status, seconds), "change": patch[:2], "delete": delete[:2]}

        return step

    return _hammered(here, settings, WRITERS, make)


def _hammered(here: Here, settings: Any, clients: int, make: Any) -> dict[str, Any]:
    arguments = load.arguments(here, seconds=2 * settings.seconds, clients=clients)
    return dict(load.script.hammer(load.script.Target(arguments), arguments, make))
