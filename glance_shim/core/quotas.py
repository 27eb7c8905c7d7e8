"""What an image and a project may still have.

Limits of a project are hard: they are looked up, here or in Keystone, before the
transaction that takes what they allow, and checked in it, against what is stored
and what others that are at work have reserved. -1 is no limit. What an image uses
counts for its owner, whoever acts.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Collection, Mapping

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.db import quotas as rows
from glance_shim.db.images import ImageRow
from glance_shim.stores import STAGING

log = logging.getLogger(__name__)

UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
MIB = 1 << 20
UNLIMITED = -1

Limits = Mapping[str, int]

# So that a limit in MiB is still a 64-bit number in bytes.
LARGEST = (1 << 43) - 1

# Names of project limits, and what they count.
LIMITS = {
    "image_size_total": "MiB stored",
    "image_stage_total": "MiB waiting to be imported",
    "image_count_total": "images",
    "image_count_uploading": "images with data on its way",
}


def require(option: str, limit: int, count: int, what: str) -> None:
    """Raise `errors.QuotaExceeded` if ``count`` is above ``limit``; negative is no limit."""
    if 0 <= limit < count:
        raise errors.QuotaExceeded(option=option, limit=limit, count=count, what=what)


def require_properties(context: Context, properties: Collection[str]) -> None:
    """Raise `errors.QuotaExceeded` for too many; those of the service itself do not count."""
    count = sum(not name.startswith("os_glance") for name in properties)
    limit = context.config.image_property_quota
    require("image_property_quota", limit, count, "properties")


@functools.cache
def parse_size(text: str) -> int:
    """The bytes that a setting like ``500MB`` means; units are powers of 1024."""
    match = re.fullmatch(r"(\d+)([KMGT]?B)?", text)
    if match is None:
        raise errors.ConfigurationError(
            reason=f"user_storage_quota: {text!r} is not a number with B, KB, MB, GB or TB"
        )
    return int(match[1]) * UNITS[match[2] or ""]


def limits_of(context: Context, owner: str | None) -> Limits:
    """The limits of a project by name, before something is taken for it.

    Those it does not have are not in it. Raises `errors.Unavailable` where they are
    Keystone's and it cannot be asked; it must not be called in a transaction.
    """
    limits: Limits = context.deployment.quotas.limits(owner)
    # Where there is no limit nothing is ever held.
    if max(limits.values(), default=UNLIMITED) >= 0 or parse_size(
        context.config.user_storage_quota
    ):
        rows.prepare(owner)
    return limits


def usage(context: Context, owner: str | None) -> dict[str, dict[str, int]]:
    """What a project uses of each limit, and the limit."""
    limits = context.deployment.quotas.limits(owner)
    used = {
        "image_size_total": rows.stored_bytes(owner) // MIB,
        "image_stage_total": rows.staged_bytes(owner) // MIB,
        "image_count_total": rows.count_images(owner),
        "image_count_uploading": rows.count_busy(owner),
    }
    return {
        name: {"usage": used[name], "limit": limits.get(name, UNLIMITED)} for name in LIMITS
    }


def require_settable(context: Context) -> None:
    """Raise unless the caller may see and set limits of projects, and they are kept here.

    That is `errors.Forbidden` or, where limits are Keystone's, `errors.Invalid`.
    """
    _require_admin(context)
    if context.config.use_keystone_limits:
        raise errors.Invalid(
            reason="use_keystone_limits is on: limits are those of Keystone; see "
            "`openstack registered limit` and `openstack limit`"
        )


def _require_admin(context: Context) -> None:
    if not context.is_admin:
        raise errors.Forbidden(reason="only administrators see and set limits of projects")


def set_limit(context: Context, project_id: str, name: str, value: int) -> None:
    """Set a limit of a project, or of all that have none of their own with an empty id.

    It may be below what is used: then nothing more is taken in until enough
    is deleted. Raises `errors.Forbidden` and `errors.Invalid`.
    """
    require_settable(context)
    if name not in LIMITS:
        raise errors.Invalid(reason=f"there are the limits {', '.join(LIMITS)}")
    if not UNLIMITED <= value <= LARGEST:
        raise errors.Invalid(
            reason=f"a limit is a number from 0 to {LARGEST}, or {UNLIMITED} for none"
        )
    rows.set_limit(project_id, name, value)
    whose = f"project {project_id}" if project_id else "all projects"
    log.info("Limit %s of %s is %d, by user %s", name, whose, value, context.user_id)


def delete_limit(context: Context, project_id: str, name: str) -> None:
    """Remove a limit; raises `errors.NotFound` if it is not set."""
    require_settable(context)
    if not rows.delete(project_id, name):
        raise errors.NotFound(what=f"A limit {name} that is set here")
    whose = f"project {project_id}" if project_id else "all projects"
    log.info("Limit %s of %s is removed, by user %s", name, whose, context.user_id)


def limits_that_are_set(context: Context) -> list[tuple[str, str, int]]:
    """Every limit as project (empty for all), name and value."""
    require_settable(context)
    return rows.select()


def largest_users(context: Context, most: int = 50) -> list[tuple[str, int, int]]:
    """The projects that store most: id, images, and MiB stored; for administrators."""
    _require_admin(context)
    return [(owner, count, size // MIB) for owner, count, size in rows.largest_users(most)]


def above(context: Context, project_id: str, name: str) -> dict[str, int]:
    """What each project uses that is over its limit: of all projects with an empty id."""
    found = {}
    for owner in [project_id] if project_id else rows.owners():
        shown = usage(context, owner)[name]
        if 0 <= shown["limit"] < shown["usage"]:
            found[owner] = shown["usage"]
    return found


def require_image(limits: Limits, owner: str | None) -> None:
    """Raise unless the images of the project, one just made included, are not too many."""
    _require_count(limits, owner, "image_count_total", lambda: rows.count_images(owner))


def require_busy(limits: Limits, owner: str | None) -> None:
    """Raise unless the images with data on its way, this one included, are not too many.

    Both raise `errors.ProjectQuotaExceeded`.
    """
    _require_count(limits, owner, "image_count_uploading", lambda: rows.count_busy(owner))


def _require_count(
    limits: Limits, owner: str | None, name: str, count_with_this: Callable[[], int]
) -> None:
    limit = limits.get(name, UNLIMITED)
    if limit < 0:
        return
    rows.hold(owner)
    if (count := count_with_this()) > limit:
        raise errors.ProjectQuotaExceeded(
            project_id=owner, limit=limit, what=LIMITS[name], option=name, count=count
        )


def require_room(
    context: Context,
    limits: Limits,
    owner: str | None,
    store_id: str,
    image_id: str,
    wanted: int,
) -> None:
    """Raise `errors.StorageQuotaExceeded` unless ``wanted`` bytes may go to the store.

    What the image has reserved or staged itself does not count: the wanted
    bytes are to take its place.
    """
    if store_id == STAGING:
        bounds = {"image_stage_total": limits.get("image_stage_total", UNLIMITED) * MIB}
    else:
        bounds = {
            "image_size_total": limits.get("image_size_total", UNLIMITED) * MIB,
        }
        if not context.config.use_keystone_limits:
            own = parse_size(context.config.user_storage_quota)
            bounds["user_storage_quota"] = own or UNLIMITED
    bounds = {name: bound for name, bound in bounds.items() if bound >= 0}
    if not bounds:
        return
    rows.hold(owner)
    staging = store_id == STAGING
    there = rows.staged_bytes(owner, image_id) if staging else rows.stored_bytes(owner)
    used = there + rows.reserved_bytes(owner, staging, image_id)
    for name, bound in bounds.items():
        if used + wanted > bound:
            raise errors.StorageQuotaExceeded(
                project_id=owner, limit=bound, option=name, used=used, wanted=wanted
            )


def require_import(context: Context, limits: Limits, image: ImageRow, method: str) -> None:
    """Raise unless the owner may have this image, which is busy by now, imported."""
    if method == "glance-direct":
        require_room(context, limits, image.owner, "", image.id, image.size or 0)
    else:
        require_room(context, limits, image.owner, STAGING, image.id, image.size or 0)
        require_busy(limits, image.owner)
