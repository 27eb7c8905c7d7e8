"""Which call needs which status, and what its refusal is.

    queued -> saving -> active <-> deactivated
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
