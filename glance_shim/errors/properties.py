"""Tags and properties of images."""

from __future__ import annotations

from glance_shim.errors.families import Conflict, Forbidden, NotFound


class TagNotFound(NotFound):
    message = "Image {image_id} has no tag '{tag}'"


class PropertyExists(Conflict):
    message = "Property '{name}' already exists"


class PropertyMissing(Conflict):
    message = "Property '{name}' does not exist"


class PropertyProtected(Forbidden):
    message = "Property '{name}' is protected; you may not {operation} it"
