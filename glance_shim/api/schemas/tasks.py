"""Tasks on the wire."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from glance_shim.api.schemas.common import one_of
from glance_shim.api.schemas.images import UUID
from glance_shim.core import tasks
from glance_shim.db.tasks import TaskRow

TYPES = ("import", "api_image_import", "location_import")
STUB = ("id", "type", "status", "owner", "created_at", "updated_at")
WHEN_SET = ("image_id", "request_id", "user_id")


class NewTaskSchema(ma.Schema):
    wire_name = "task"

    type = ma.fields.String(
        required=True,
        validate=one_of(*TYPES),
        metadata={"description": "What kind of work it is"},
    )
    input = ma.fields.Dict(
        required=True, allow_none=True, metadata={"description": "What the work needs to know"}
    )


class TaskStubSchema(ma.Schema):
    wire_name = "task"

    id = ma.fields.String(metadata={"description": "The id of the task", "pattern": UUID})
    type = ma.fields.String(
        validate=one_of(*TYPES), metadata={"description": "What kind of work it is"}
    )
    status = ma.fields.String(
        validate=one_of(*tasks.STATUSES), metadata={"description": "How far the work is"}
    )
    expires_at = ma.fields.String(
        allow_none=True, metadata={"description": "When the task is forgotten"}
    )
    owner = ma.fields.String(metadata={"description": "The project that asked for the work"})
    image_id = ma.fields.String(metadata={"description": "The image that the work is on"})
    request_id = ma.fields.String(metadata={"description": "The request that asked for it"})
    user_id = ma.fields.String(metadata={"description": "The user who asked for it"})
    created_at = ma.fields.String(metadata={"description": "When the work was asked for"})
    updated_at = ma.fields.String(metadata={"description": "When something last changed"})
    self_ = ma.fields.String(
        data_key="self", metadata={"readOnly": True, "description": "Path of the task"}
    )
    schema = ma.fields.String(
        metadata={"readOnly": True, "description": "Path of the schema of this document"}
    )


class TaskSchema(TaskStubSchema):
    input = ma.fields.Dict(
        allow_none=True, metadata={"description": "What the work needs to know"}
    )
    result = ma.fields.Dict(allow_none=True, metadata={"description": "What came of it"})
    message = ma.fields.String(
        metadata={"description": "How far it is, or why it failed, for people"}
    )


class TaskListSchema(ma.Schema):
    tasks = ma.fields.List(ma.fields.Nested(TaskStubSchema))
    first = ma.fields.String()
    next = ma.fields.String()
    schema = ma.fields.String()


def stub(task: TaskRow) -> dict[str, Any]:
    """A task as a list has it."""
    document = {name: getattr(task, name) for name in STUB}
    if task.expires_at:
        document["expires_at"] = task.expires_at
    document["self"] = f"/v2/tasks/{task.id}"
    document["schema"] = "/v2/schemas/task"
    return document


def full(task: TaskRow) -> dict[str, Any]:
    """A task with everything about it."""
    document = stub(task)
    document |= {"input": task.input, "result": task.result, "message": task.message}
    document |= {name: getattr(task, name) for name in WHEN_SET if getattr(task, name)}
    return document


def of_image(task: TaskRow) -> dict[str, Any]:
    """A task as the list of an image has it: every column, and times of another form."""
    document = task._asdict()
    for name in ("caller", "attempts"):
        del document[name]
    for name in ("created_at", "updated_at", "expires_at", "deleted_at"):
        moment = document[name]
        document[name] = moment and moment.replace("Z", ".000000")
    return document
