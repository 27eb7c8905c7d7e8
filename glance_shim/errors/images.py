"""Images, their attributes, and lists of them."""

from __future__ import annotations

from glance_shim.errors.families import Conflict, Forbidden, Invalid, NotFound, TooLarge


class ImageNotFound(NotFound):
    message = "No image found with ID {image_id}"


class DuplicateImage(Conflict):
    message = "Image ID {image_id} is already used; choose another or leave it out"


class ReadOnlyAttribute(Forbidden):
    message = "Attribute '{name}' is read-only"


class ReservedAttribute(Forbidden):
    message = "Attribute '{name}' is reserved"


class AttributeNotRemovable(Forbidden):
    message = "Attribute '{name}' is a base property and can be changed but not removed"


class ForeignOwner(Forbidden):
    message = (
        "You are not permitted to create images owned by '{owner}'; only an "
        "administrator may name another owner than project {project_id}"
    )


class ImageProtected(Forbidden):
    message = (
        "Image {image_id} is protected and cannot be deleted; set 'protected' to false first"
    )


class WrongStatus(Conflict):
    message = "Image {image_id} has status '{status}', but {action} needs {needed}"


class WrongStatusForAction(Forbidden):
    message = "Image {image_id} has status '{status}', but {action} needs {needed}"


class FormatsFrozen(Forbidden):
    message = (
        "Attribute '{name}' can only be changed while the image is queued or "
        "importing; image {image_id} is '{status}'"
    )


class QuotaExceeded(TooLarge):
    message = "The limit {option} allows at most {limit} {what}; {count} were asked for"


class ProjectQuotaExceeded(TooLarge):
    message = (
        "Project {project_id} may have at most {limit} {what} ({option}); with "
        "this one it would have {count}"
    )


class MarkerNotFound(Invalid):
    message = "The marker {marker} could not be found"
