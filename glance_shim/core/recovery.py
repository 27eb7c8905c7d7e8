"""Cleaning up after processes that died in the middle of something."""

from __future__ import annotations

import logging
from typing import NamedTuple

from glance_shim import clock, errors
from glance_shim.context import Deployment
from glance_shim.core import marks, removals
from glance_shim.db import connection, uploads
from glance_shim.db import images as rows
from glance_shim.stores import STAGING

DAY = 86400

log = logging.getLogger(__name__)


class Recovered(NamedTuple):
    """What a sweep has done, and what it had to leave for the next.

    ``given_up`` are uploads whose process has died, ``removed`` whole blobs that nothing
    refers to any more, ``partial`` pieces of unfinished ones, ``pending`` blobs that are
    still to go, and ``away`` the stores that did not answer.
    """

    given_up: int
    removed: int
    partial: int
    pending: int
    away: list[str]


def sweep(deployment: Deployment) -> Recovered:
    """Give back images whose upload died, and remove blobs that are due.

    Safe to run at any time, by several processes at once, and again after it
    was killed: each step is decided by the row it changes. A store whose directory is
    not this service's is left alone, and one that is at last is used from now on.
    """
    marks.claim(deployment)
    given_up = _give_up_uploads(deployment)
    removed = removals.carry_out(deployment)
    partial, away = _sweep_stores(deployment)
    return Recovered(given_up, removed, partial, uploads.count_removals(), away)


def any_looks_dead(deployment: Deployment) -> bool:
    """May there be an upload to give up, once it has been watched for its lease?"""
    return uploads.any_looks_silent(deployment.config.upload_lease_seconds)


def added(one: Recovered, other: Recovered) -> Recovered:
    """What two sweeps have done, the ``other`` after the ``one``."""
    return other._replace(
        given_up=one.given_up + other.given_up,
        removed=one.removed + other.removed,
        partial=one.partial + other.partial,
    )


def empty_images(deployment: Deployment) -> list[rows.EmptyRow]:
    """Images without data for ``[recovery] empty_days``, as many as a list may have.

    Nothing is done to them: their owners may still send data.
    """
    seconds = deployment.config.recovery.empty_days * DAY
    return rows.select_empty(clock.moment(-seconds), deployment.config.api_limit_max)


def _give_up_uploads(deployment: Deployment) -> int:
    given_up = 0
    for upload, sign in uploads.select_silent(deployment.config.upload_lease_seconds):
        with connection.writing():
            rows.find_any_for_change(upload.image_id)
            if not uploads.delete(upload.blob_id, sign):
                continue
            was = "uploading" if upload.store_id == STAGING else "saving"
            queued = rows.move_status(upload.image_id, was, "queued", size=None)
            uploads.add_removals(upload.image_id, [(upload.store_id, upload.blob_id)], 0)
        given_up += 1
        what = "is queued again" if queued else "stays as it is"
        log.warning("Image %s %s: a process that wrote data died", upload.image_id, what)
    return given_up


def _sweep_stores(deployment: Deployment) -> tuple[int, list[str]]:
    """How many pieces of blobs were removed, and which stores did not answer."""
    removed, away = 0, []
    for store in (*deployment.stores.values(), deployment.stores.staging):
        try:
            if store.sees_writers:
                removed += store.sweep()
            else:
                removed += store.sweep(keep=uploads.exists)
        except errors.Error as exc:
            away.append(store.store_id)
            log.warning("Store %s cannot be swept: %s", store.store_id, exc)
    return removed, away
