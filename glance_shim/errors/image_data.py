"""Data of images on its way in or out."""

from __future__ import annotations

from glance_shim.errors.families import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    TooLarge,
    Unavailable,
    Unsupported,
)


class FormatsMissing(Invalid):
    message = "The image needs {names} before it can take data; set them first"


class FormatsChanged(Conflict):
    message = (
        "The disk_format or container_format of image {image_id} was changed while its "
        "data arrived; nothing was kept"
    )


class SizeMismatch(Invalid):
    message = (
        "x-openstack-image-size announced {declared} bytes, but {received} were "
        "received; nothing was kept"
    )


class ImageTooLarge(TooLarge):
    message = "Image data may have at most {limit} bytes (image_size_cap)"


class StorageQuotaExceeded(TooLarge):
    message = (
        "Project {project_id} may store {limit} bytes ({option}); {used} are in "
        "use and {wanted} more were asked for"
    )


class ImageDeletedMeanwhile(Gone):
    message = "Image {image_id} was deleted while its data arrived; nothing was kept"


class UnsafeContent(Unsupported):
    message = "The data of image {image_id} is refused: {reason}"


class SignatureInvalid(Invalid):
    message = "The signature of image {image_id} could not be verified: {reason}"


class Deactivated(Forbidden):
    message = (
        "Image {image_id} is deactivated; until it is reactivated only an administrator "
        "can download its data"
    )


class TooManyTransfers(Unavailable):
    message = (
        "As many transfers are under way as this server makes at once, {limit} ({option}); "
        "try again in a few seconds"
    )


class OutcomeUnknown(Unavailable):
    message = (
        "The database failed while image {image_id} was made active; look at the image "
        "before you send the data again"
    )
