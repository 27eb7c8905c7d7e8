"""What happened, as others are told of it (see ``notifications.py``).

Event types and the keys of payloads are Glance's. An event inside a
transaction is told when that has committed, and never if it has not.
"""

from __future__ import annotations

from typing import Any

from glance_shim.context import Context, Deployment
from glance_shim.core.import_properties import FAILED, IMPORTING, split
from glance_shim.db import connection
from glance_shim.db.images import ImageRow
from glance_shim.db.members import MemberRow
from glance_shim.db.metadefs.namespaces import NamespaceRow
from glance_shim.db.metadefs.parts import PartRow
from glance_shim.db.models.base import now
from glance_shim.db.tasks import TaskRow

# Every type of event, and when it is told.
EVENTS = {
    "image.create": "An image was created, without data yet.",
    "image.prepare": "Data is about to be written to a store.",
    "image.upload": "Data is in a store; with priority ERROR, it could not be kept.",
    "image.activate": "An image has got its data and can be used.",
    "image.update": "Anything of an image was changed: attributes, tags, status, locations.",
    "image.delete": "An image was deleted.",
    "image.send": "A download has ended; with priority ERROR, before all was sent.",
    "image.member.create": "An image was offered to a project.",
    "image.member.update": "A project has accepted or rejected an image, or undone that.",
    "image.member.delete": "An offer was taken back.",
    "task.create": "A task, such as an import, was queued.",
    "task.processing": "A worker has begun a task.",
    "task.success": "A task has done what it should.",
    "task.failure": "A task has failed.",
    "task.run": "A worker is done with a task, whatever came of it.",
    "metadef_namespace.create": "A namespace of metadata definitions was created.",
    "metadef_namespace.update": "A namespace was changed.",
    "metadef_namespace.delete": "A namespace was deleted with all it held.",
    "metadef_namespace.delete_objects": "All objects of a namespace were deleted.",
    "metadef_namespace.delete_properties": "All properties of a namespace were deleted.",
    "metadef_namespace.delete_tags": "All tags of a namespace were deleted.",
    "metadef_object.create": "An object was created in a namespace.",
    "metadef_object.update": "An object was changed.",
    "metadef_object.delete": "An object was deleted.",
    "metadef_property.create": "A property was created in a namespace.",
    "metadef_property.update": "A property was changed.",
    "metadef_property.delete": "A property was deleted.",
    "metadef_tag.create": "A tag was created in a namespace.",
    "metadef_tag.update": "A tag was renamed.",
    "metadef_tag.delete": "A tag was deleted.",
    "metadef_resource_type.create": "A namespace was associated with a resource type.",
    "metadef_resource_type.delete": "Such an association was undone.",
}

IMAGE = (
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "min_disk",
    "min_ram",
    "protected",
    "checksum",
    "owner",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "visibility",
    "properties",
    "tags",
)
TASK = ("id", "type", "status", "owner", "expires_at", "created_at", "updated_at")
NAMESPACE = (
    "namespace",
    "display_name",
    "protected",
    "visibility",
    "owner",
    "description",
    "created_at",
    "updated_at",
)
PROPERTY = (
    "type",
    "title",
    "description",
    "default",
    "minimum",
    "maximum",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "confidential",
    "items",
    "uniqueItems",
    "minItems",
    "maxItems",
    "additionalItems",
)
ASSOCIATION = ("prefix", "properties_target")


def _tell(
    deployment: Deployment, event_type: str, payload: Any, priority: str = "INFO"
) -> None:
    notifier = deployment.notifier
    connection.after_commit(lambda: notifier.emit(event_type, payload, priority))


def _ended(deleted: bool) -> dict[str, Any]:
    return {"deleted": deleted, "deleted_at": now() if deleted else None}


def image(deployment: Deployment, what: str, row: ImageRow, **more: Any) -> None:
    """``image.<what>``: create, update, delete, activate."""
    if deployment.notifier.wants(f"image.{what}"):
        _tell(deployment, f"image.{what}", {**_image(row, what == "delete"), **more})


def _image(row: ImageRow, deleted: bool = False) -> dict[str, Any]:
    payload = {name: getattr(row, name) for name in IMAGE}
    return {**payload, "is_public": row.visibility == "public", **_ended(deleted)}


def data_moved(deployment: Deployment, what: str, row: ImageRow, store_id: str) -> None:
    """``image.prepare`` before data goes to a store, ``image.upload`` once it is there."""
    lists = {name: split(row.properties.get(name, "")) for name in (IMPORTING, FAILED)}
    backend = {"backend": store_id} if what == "prepare" else {}
    image(deployment, what, row, **lists, **backend)


def upload_failed(deployment: Deployment, image_id: str, reason: BaseException) -> None:
    """``image.upload`` of priority ERROR; what it carries is text."""
    if deployment.notifier.wants("image.upload"):
        text = f"Failed to upload image data for image {image_id}: {reason}"
        _tell(deployment, "image.upload", text, "ERROR")


def sent(context: Context, row: ImageRow, due: int, count: int) -> None:
    """``image.send``: a download has ended; an error if not all that was due was sent."""
    if context.deployment.notifier.wants("image.send"):
        payload = {
            "bytes_sent": count,
            "image_id": row.id,
            "owner_id": row.owner,
            "receiver_tenant_id": context.project_id,
            "receiver_user_id": context.user_id,
        }
        priority = "INFO" if count == due else "ERROR"
        _tell(context.deployment, "image.send", payload, priority)


def member(deployment: Deployment, what: str, row: MemberRow) -> None:
    """``image.member.<what>``: create, update, delete."""
    event_type = f"image.member.{what}"
    if deployment.notifier.wants(event_type):
        _tell(deployment, event_type, {**row._asdict(), **_ended(what == "delete")})


def task(deployment: Deployment, what: str, row: TaskRow) -> None:
    """``task.<what>``; what a task was given and came to is nobody else's business."""
    if deployment.notifier.wants(f"task.{what}"):
        payload = {name: getattr(row, name) for name in TASK}
        payload["expires_at"] = payload["expires_at"] or now()
        payload |= {"result": None, "message": None}
        payload |= {"deleted": row.deleted, "deleted_at": row.deleted_at}
        _tell(deployment, f"task.{what}", payload)


def namespace(
    deployment: Deployment, what: str, row: NamespaceRow, old: str | None = None
) -> None:
    """``metadef_namespace.<what>``; ``old`` is the name before."""
    event_type = f"metadef_namespace.{what}"
    if deployment.notifier.wants(event_type):
        payload = {name: getattr(row, name) for name in NAMESPACE}
        payload["namespace_old"] = old or row.namespace
        _tell(deployment, event_type, {**payload, **_ended(what.startswith("delete"))})


# The group of events for each kind of part.
PARTS = {
    "object": "metadef_object",
    "property": "metadef_property",
    "tag": "metadef_tag",
    "association": "metadef_resource_type",
}


def part(
    deployment: Deployment,
    what: str,
    namespace_name: str,
    row: PartRow,
    old: str | None = None,
) -> None:
    """``metadef_<kind>.<what>``; ``old`` is the name before."""
    event_type = f"{PARTS[row.kind]}.{what}"
    if not deployment.notifier.wants(event_type):
        return
    definition = row.definition
    payload: dict[str, Any] = {
        "namespace": namespace_name,
        "name": row.name,
        "name_old": old or row.name,
        **_ended(what == "delete"),
    }
    if row.kind == "property":
        payload |= {name: definition.get(name) for name in PROPERTY}
    else:
        payload |= {"created_at": row.created_at, "updated_at": row.updated_at}
    if row.kind == "association":
        payload |= {name: definition.get(name) for name in ASSOCIATION}
    if row.kind == "object":
        given = definition.get("properties") or {}
        payload |= {
            "required": definition.get("required"),
            "description": definition.get("description"),
            "properties": [
                {"name": name, **{key: each.get(key) or None for key in PROPERTY}}
                for name, each in given.items()
            ],
        }
    _tell(deployment, event_type, payload)
