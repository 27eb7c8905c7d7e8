"""Cleaning up after processes that died in the middle of something."""

from __future__ import annotations

import logging

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import removals
from glance_shim.db import connection, uploads
from glance_shim.db import images as rows
from glance_shim.stores import STAGING

log = logging.getLogger(__name__)


def sweep(deployment: Deployment) -> None:
    """Give back images whose upload died, and remove blobs that are due.

    Safe to run at any time, by several processes at once, and again after it
    was killed: each step is decided by the row it changes.
    """
    silence = deployment.config.upload_lease_seconds
    for upload in uploads.select_silent(silence):
        with connection.writing():
            if not uploads.delete(upload.blob_id):
                continue
            was = "uploading" if upload.store_id == STAGING else "saving"
            rows.move_status(upload.image_id, was, "queued", size=None)
            uploads.add_removals(upload.image_id, [(upload.store_id, upload.blob_id)], 0)
        log.warning("Image %s is queued again: its upload has died", upload.image_id)
    removals.carry_out(deployment)
    for store in (*deployment.stores.values(), deployment.stores.staging):
        try:
            if store.sees_writers:
                store.sweep()
            else:
                store.sweep(keep=uploads.exists)
        except errors.Error as exc:
            log.warning("Store %s cannot be swept: %s", store.store_id, exc)
