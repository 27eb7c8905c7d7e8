"""Numbers about the whole service, for who watches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from glance_shim.context import Deployment
from glance_shim.core import verification
from glance_shim.db import damages, uploads
from glance_shim.db import images as image_rows
from glance_shim.db import tasks as task_rows
from glance_shim.db import verification as verification_rows


class Figure(NamedTuple):
    """A number, or one for each value of a label (without one, the key is empty)."""

    name: str
    help: str
    label: str
    values: Mapping[str, float]


def all_of(deployment: Deployment) -> list[Figure]:
    """Every figure, as the database knows it now."""
    runs = map(verification_rows.find, (verification.LIGHT, verification.DEEP))
    completed = {run.depth: run.completed_at for run in runs if run and run.completed_at}
    return [
        Figure("images", "Images by status.", "status", image_rows.count_by_status()),
        Figure("tasks", "Tasks by status.", "status", task_rows.count_by_status()),
        Figure("uploads_in_flight", "Data on its way into a store.", "", {"": uploads.count()}),
        Figure(
            "removals_pending",
            "Data that is to be removed and still there.",
            "",
            {"": uploads.count_removals()},
        ),
        Figure("damaged_copies", "Copies known to be damaged.", "", {"": damages.count()}),
        Figure(
            "verification_completed_timestamp_seconds",
            "When all data was last verified, by depth.",
            "depth",
            completed,
        ),
    ]
