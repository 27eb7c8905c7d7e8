"""Which call needs which status, and what its refusal is.

    queued -> saving -> active <-> deactivated
    queued -> active, when a location is added
    anything -> deleted (or pending_delete, with delayed_delete)

A failed upload leads back from saving to queued.
"""

from __future__ import annotations

from glance_shim import errors
from glance_shim.db.images import ImageRow

STATUSES = (
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
)

NEEDED: dict[str, tuple[tuple[str, ...], type[errors.Error]]] = {
    "upload": (("queued",), errors.WrongStatus),
    "adding a location": (("queued", "active"), errors.WrongStatus),
    "replacing the locations": (("queued", "active"), errors.WrongStatus),
    "removing a location": (("active",), errors.WrongStatus),
    "deactivate": (("active", "deactivated"), errors.WrongStatusForAction),
    "reactivate": (("active", "deactivated"), errors.WrongStatusForAction),
}

FORMATS_OPEN = ("queued", "importing")


def require(image: ImageRow, action: str) -> None:
    """Raise unless ``action`` is possible in the status the image has."""
    needed, refusal = NEEDED[action]
    if image.status not in needed:
        raise refusal(
            image_id=image.id, status=image.status, action=action, needed=" or ".join(needed)
        )


def require_formats(image: ImageRow) -> None:
    """Raise `errors.FormatsMissing` unless the image says what its data is."""
    missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
    if missing:
        raise errors.FormatsMissing(names=" and ".join(missing))


def require_same_formats(judged: ImageRow, now: ImageRow) -> None:
    """Raise `errors.FormatsChanged` unless data judged for one is judged for the other.

    What is in a container is not looked into; without this, data could be sent
    as such and called bare before it is all there.
    """
    formats = [(image.disk_format, image.container_format) for image in (judged, now)]
    if formats[0] != formats[1]:
        raise errors.FormatsChanged(image_id=now.id)
