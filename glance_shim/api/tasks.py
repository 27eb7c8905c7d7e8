"""Routes of tasks, for administrators."""

from __future__ import annotations

import re
from typing import Any

import flask
from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import body, filters, paging, responses, smorest, urls
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas import tasks as schemas
from glance_shim.core import images, task_types, tasks

blp = smorest.Blueprint("tasks", __name__, url_prefix="/v2/tasks", description="Tasks")

SORT_KEYS = (
    "id",
    "type",
    "status",
    "owner",
    "image_id",
    "created_at",
    "updated_at",
    "expires_at",
)
COLUMNS = ("image_id", "owner", "user_id", "request_id")


class NoDeletion(errors.Error):
    """Tasks go by themselves; Glance has the route and refuses it."""

    message = "Tasks are deleted by themselves when their time has come"


@blp.route("")
class Tasks(MethodView):
    @blp.response(200, schemas.TaskListSchema)
    @body.bodiless
    def get(self) -> flask.Response:
        """List tasks."""
        context = current_context()
        context.enforce("tasks_api_access", {})
        pairs = filters.parameters()
        asked = dict(pairs)
        limit = paging.limit(asked.get("limit"))
        found = tasks.get_all(
            context, _conditions(asked), _sort(asked), limit, _marker(asked.get("marker"))
        )
        full = found and len(found) == limit
        return responses.as_json(
            {
                "tasks": [schemas.stub(task) for task in found],
                **paging.links("/v2/tasks", pairs, found[-1].id if full else None),
                "schema": "/v2/schemas/tasks",
            }
        )

    @blp.response(201, schemas.TaskSchema)
    def post(self) -> flask.Response:
        """Ask for work to be done."""
        context = current_context()
        context.enforce("tasks_api_access", {})
        task = task_types.create(context, **smorest.load(schemas.NewTaskSchema))
        location = urls.of(f"/v2/tasks/{task.id}")
        return responses.as_json(schemas.full(task), 201, {"Location": location})


@blp.route("/<task_id>")
class Task(MethodView):
    @blp.response(200, schemas.TaskSchema)
    @body.bodiless
    def get(self, task_id: str) -> flask.Response:
        """Show a task."""
        return responses.as_json(schemas.full(tasks.get(current_context(), task_id)))

    @blp.response(405)
    def delete(self, task_id: str) -> flask.Response:
        """Refused: tasks go by themselves."""
        current_context().enforce("tasks_api_access", {})
        return flask.abort(405, valid_methods=["GET"])


def _conditions(asked: dict[str, str]) -> dict[str, Any]:
    conditions = {name: asked[name] for name in COLUMNS if name in asked}
    if "status" in asked:
        if asked["status"] not in tasks.STATUSES:
            raise errors.Invalid(reason=f"status must be one of {', '.join(tasks.STATUSES)}")
        conditions["status"] = asked["status"]
    if "type" in asked:
        if asked["type"] != "import":
            raise errors.Invalid(reason="type can only be import")
        conditions["type"] = asked["type"]
    return conditions


def _sort(asked: dict[str, str]) -> list[tuple[str, str]]:
    key, direction = asked.get("sort_key", "created_at"), asked.get("sort_dir", "desc")
    if key not in SORT_KEYS or direction not in paging.DIRECTIONS:
        raise errors.Invalid(
            reason=f"sort_key must be one of {', '.join(SORT_KEYS)}, sort_dir asc or desc"
        )
    return [(key, direction), *((k, direction) for k in ("created_at", "id") if k != key)]


def _marker(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(images.ID_PATTERN, text):
        raise errors.MarkerNotFound(marker=text)
    return text
