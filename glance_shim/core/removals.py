"""Removing blobs that no image refers to any more."""

from __future__ import annotations

import logging

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import uploads

log = logging.getLogger(__name__)


def carry_out(deployment: Deployment, image_id: str | None = None) -> int:
    """Remove the blobs that are due, of one image or of all; return how many went.

    A store that does not answer is left for the next time, and keeps none of
    the others waiting; the note of what is to go is only forgotten when the
    blob is gone.
    """
    done, away, last = 0, set[str](), 0
    while batch := uploads.select_removals(image_id, after=last, but=away):
        for removal in batch:
            last = removal.id
            if removal.store_id in away:
                continue
            try:
                deployment.stores.of_blob(removal.store_id).delete(removal.blob_id)
            except errors.Error as exc:
                log.warning("Blob %s stays for now: %s", removal.blob_id, exc)
                if not isinstance(exc, errors.BlobUnreadable):
                    away.add(removal.store_id)
                continue
            uploads.delete_removal(removal.id)
            done += 1
    return done
