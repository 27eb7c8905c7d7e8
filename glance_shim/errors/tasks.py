"""Tasks."""

from __future__ import annotations

from glance_shim.errors.families import NotFound


class TaskNotFound(NotFound):
    message = "No task found with ID {task_id}"
