"""What kinds of tasks there are, and doing them."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

from glance_shim import errors, fetching
from glance_shim.context import Context, Deployment
from glance_shim.core import events, images, import_steps, imports, locations, tasks
from glance_shim.core.import_properties import LOCK
from glance_shim.db import connection
from glance_shim.db import images as image_rows
from glance_shim.db import tasks as rows
from glance_shim.db.tasks import TaskRow

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3

Run = Callable[[Deployment, TaskRow, tasks.Working], "dict[str, Any] | None"]


@dataclasses.dataclass(frozen=True)
class Type:
    """A kind of task: what does it, and what undoes it when it is given up."""

    run: Run
    undo: Callable[[Deployment, TaskRow, tasks.Working], None]


def create(context: Context, type: str, input: dict[str, Any] | None) -> TaskRow:
    """Queue a task through the tasks API, for who may use it.

    Raises `errors.Invalid` for an import whose source may not be fetched, and
    `errors.QuotaExceeded` where too many wait.
    """
    context.enforce("tasks_api_access", {})
    given = input or {}
    if type == LEGACY:
        if not isinstance(given.get("import_from"), str):
            raise errors.Invalid(reason="The input of an import needs 'import_from', a URL")
        fetching.check(given["import_from"], context.config.import_filtering_opts)
    with tasks.queueing(context):
        tasks.require_turn(context)
        return tasks.submit(context, type, given)


def run_legacy(deployment: Deployment, task: TaskRow, working: tasks.Working) -> dict[str, Any]:
    """Make a new image and import its data from the web."""
    given = task.input or {}
    missing = [
        name for name in ("import_from_format", "image_properties") if not given.get(name)
    ]
    if missing:
        raise errors.Invalid(reason=f"The input needs {' and '.join(missing)}")
    context = tasks.context_of(deployment, task)
    image_id = task.image_id or _legacy_image(context, task, given["image_properties"])
    request = {"method": {"name": "web-download", "uri": given["import_from"]}}
    import_input = {"image_id": image_id, "import_req": request, "backend": [None]}
    import_steps.run(deployment, task._replace(input=import_input), working)
    return {"image_id": image_id}


def _legacy_image(context: Context, task: TaskRow, given: dict[str, Any]) -> str:
    values = {"disk_format": "qcow2", "container_format": "bare", **given}
    base = {name: values.pop(name) for name in LEGACY_BASE if name in values}
    properties = {name: str(value) for name, value in values.items()}
    with connection.writing():
        image = images.create(context, properties, **base)
        image_rows.save(image, properties={**image.properties, LOCK: task.id})
        rows.set_image(task.id, image.id)
    return image.id


def _undo_import(deployment: Deployment, task: TaskRow, working: tasks.Working) -> None:
    if task.image_id is not None and (task.input or {}).get("import_req"):
        import_steps.abandon(deployment, task, working)


LEGACY = "import"
LEGACY_BASE = ("name", "disk_format", "container_format", "min_disk", "min_ram", "visibility")

TYPES = {
    imports.TASK_TYPE: Type(import_steps.run, _undo_import),
    locations.TASK_TYPE: Type(locations.run, locations.undo),
    LEGACY: Type(run_legacy, _undo_import),
}


def run_next(deployment: Deployment, only_kept: bool = False) -> bool:
    """Do the oldest task that nobody works on; say whether there was one.

    A task that fails says why in its message. One that has taken several
    workers down is not begun again. Where the database fails in the middle,
    that is raised, and the task is begun again once its lease has run out.
    """
    options = deployment.config.task
    worker = tasks.worker_name()
    turns = rows.Turns(tasks.IMPORTS, options.at_once_per_project)
    task = rows.claim(worker, options.lease_seconds, only_kept, turns)
    if task is None:
        return False
    events.task(deployment, "processing", task)
    with tasks.Working(deployment, task).held() as working:
        try:
            if task.attempts > MOST_ATTEMPTS:
                TYPES[task.type].undo(deployment, task, working)
                raise errors.Conflict(reason="It was begun several times and never ended")
            result = TYPES[task.type].run(deployment, task, working)
        except tasks.Lost:
            log.warning("Task %s is done by somebody else", task.id)
        except errors.Error as exc:
            log.warning("Task %s failed: %s", task.id, exc)
            _finish(deployment, task, "failure", str(exc))
        except connection.FAILURES:
            log.warning("Task %s is to be begun again: the database failed", task.id)
            raise
        except Exception:
            log.exception("Task %s failed", task.id)
            _finish(deployment, task, "failure", tasks.INTERNAL)
        else:
            _finish(deployment, task, "success", result=result)
    tasks.forget_credential(task.id)
    ended = rows.find(task.id)
    if ended is not None and ended.status in ("success", "failure"):
        events.task(deployment, ended.status, ended)
        # Glance tells of the run with the status that the task had when it was handed over.
        events.task(deployment, "run", ended._replace(status="pending"))
    return True


def _finish(
    deployment: Deployment,
    task: TaskRow,
    status: str,
    message: str | None = None,
    result: dict[str, Any] | None = None,
) -> None:
    ends = tasks.expiry(deployment)
    rows.finish(task.id, status, ends, message, result, claimed=task)
