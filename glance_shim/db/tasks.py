"""Queries on tasks. The table is the queue, and its rows decide who works."""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import peewee

from glance_shim.db import connection, leases, paging, quotas
from glance_shim.db.models.base import is_false, now
from glance_shim.db.models.tasks import Task

OPEN = ("pending", "processing")

_watch = leases.Watch()


class TaskRow(NamedTuple):
    """A task as it stands in the database."""

    id: str
    type: str
    status: str
    owner: str | None
    image_id: str | None
    user_id: str | None
    request_id: str | None
    input: dict[str, Any] | None
    result: dict[str, Any] | None
    message: str
    caller: dict[str, Any]
    created_at: str
    updated_at: str
    expires_at: str | None
    deleted: bool
    deleted_at: str | None
    attempts: int
    worker: str | None


COLUMNS = tuple(getattr(Task, name) for name in TaskRow._fields)


def add(
    values: Mapping[str, Any], worker: str | None = None, lease_seconds: float = 0
) -> TaskRow:
    """Queue a task and return it; with ``worker`` only that one may begin it for a while."""
    moment = now()
    Task.insert(
        status="pending",
        created_at=moment,
        updated_at=moment,
        worker=worker,
        lease_until=time.time() + lease_seconds,
        **values,
    ).execute()
    return TaskRow._make(Task.select(*COLUMNS).where(Task.id == values["id"]).tuples().get())


def find(task_id: str) -> TaskRow | None:
    """The task with this id."""
    found = Task.select(*COLUMNS).where(Task.id == task_id).tuples().first()
    return TaskRow._make(found) if found else None


def select(
    conditions: Mapping[str, Any],
    sort: paging.Sort = (("created_at", "desc"), ("id", "desc")),
    limit: int = 25,
    marker: TaskRow | None = None,
) -> list[TaskRow]:
    """One page of the tasks whose columns have these values."""
    clauses = [is_false(Task.deleted)]
    clauses += [getattr(Task, name) == value for name, value in conditions.items()]
    if marker is not None:
        clauses.append(paging.after(Task, sort, marker))
    query = (
        Task.select(*COLUMNS)
        .where(functools.reduce(operator.and_, clauses))
        .order_by(*paging.order(Task, sort))
        .limit(limit)
    )
    return [TaskRow._make(values) for values in query.tuples()]


class Turns(NamedTuple):
    """Of tasks of these types a project has ``at_once`` done at the same time; 0: any."""

    types: tuple[str, ...] = ()
    at_once: int = 0


ANY = Turns()


def claim(
    worker: str, lease_seconds: float, only_kept: bool = False, turns: Turns = ANY
) -> TaskRow | None:
    """The oldest task that nobody works on, now this worker's; ``None`` if there is none.

    A task whose worker has not renewed its lease for so long is taken over, see `leases`.
    With ``only_kept`` none is taken but those that were kept for this worker. None is
    taken of a project that has to wait for its turn.
    """
    silent = _silent(lease_seconds)
    free = _kept_for(worker)
    if not only_kept:
        free |= (Task.status == "pending") & Task.worker.is_null()
        for task_id, sign in silent.items():
            free |= Task.status.in_(OPEN) & (Task.id == task_id) & (Task.lease_until == sign)
    anybody = Task.type.not_in(turns.types) | Task.owner.is_null()
    turn = free & (anybody | Task.owner.not_in(_busy(turns, silent)))
    query = Task.select(Task.id, Task.type, Task.owner).where(turn)
    oldest = query.order_by(Task.created_at).limit(10)
    # Read to its end first: SQLite lets nobody write in the middle of a read that others
    # have written after.
    for task_id, task_type, owner in list(oldest.tuples()):
        quotas.prepare(owner)
        with connection.writing():
            quotas.hold(owner)
            if task_type in turns.types and owner in _busy(turns, silent):
                continue
            claimed = (
                Task.update(
                    status="processing",
                    worker=worker,
                    lease_until=time.time() + lease_seconds,
                    attempts=Task.attempts + 1,
                    updated_at=now(),
                )
                .where((Task.id == task_id) & free)
                .execute()
            )
        if claimed:
            return find(task_id)
    return None


def _silent(seconds: float) -> dict[str, float]:
    """The tasks whose worker this process has not heard of for so long, and their sign."""
    held = Task.status.in_(OPEN) & Task.worker.is_null(False)
    return _watch.silent(
        dict(Task.select(Task.id, Task.lease_until).where(held).tuples()), seconds
    )


def _busy(turns: Turns, silent: Collection[str]) -> list[str]:
    """The projects on whose tasks as many workers are at work as may be."""
    if not turns.at_once:
        return []
    at_work = (Task.status == "processing") & Task.id.not_in(list(silent))
    taking_turns = Task.type.in_(turns.types) & Task.owner.is_null(False)
    grouped = Task.select(Task.owner).where(at_work & taking_turns).group_by(Task.owner)
    busy = grouped.having(peewee.fn.COUNT(Task.id) >= turns.at_once)
    return [owner for (owner,) in busy.tuples()]


def count_waiting(owner: str | None, types: Collection[str]) -> int:
    """How many tasks of these types a project has that nobody has begun."""
    waiting = (Task.status == "pending") & Task.type.in_(types) & (Task.owner == owner)
    return int(Task.select().where(waiting).count())


def _kept_for(worker: str) -> Any:
    """Tasks that were kept for this worker from the beginning."""
    return (Task.status == "pending") & (Task.worker == worker)


def renew(claimed: TaskRow, lease_seconds: float) -> bool:
    """Say that the worker is alive; ``False`` if the task is no longer its own."""
    changed = (
        Task.update(lease_until=time.time() + lease_seconds)
        .where(_held(claimed) & (Task.status == "processing"))
        .execute()
    )
    return changed == 1


def is_held(claimed: TaskRow) -> bool:
    """Has nobody else claimed the task since?"""
    return bool(Task.select(Task.id).where(_held(claimed)).exists())


def _held(claimed: TaskRow) -> Any:
    """The claim, which another one of the same worker is not."""
    return (
        (Task.id == claimed.id)
        & (Task.worker == claimed.worker)
        & (Task.attempts == claimed.attempts)
    )


def give_back(claimed: TaskRow) -> bool:
    """Let others begin the task at once, as if this worker had not; say if it was its own."""
    changed = (
        Task.update(
            status="pending",
            worker=None,
            lease_until=leases.RELEASED,
            attempts=Task.attempts - 1,
            updated_at=now(),
        )
        .where(_held(claimed) & (Task.status == "processing"))
        .execute()
    )
    return changed == 1


def set_message(task_id: str, message: str) -> None:
    """Tell how far a task has come."""
    Task.update(message=message, updated_at=now()).where(
        (Task.id == task_id) & (Task.status == "processing")
    ).execute()


def set_image(task_id: str, image_id: str) -> None:
    """Say which image a task is on."""
    Task.update(image_id=image_id).where(Task.id == task_id).execute()


def finish(
    task_id: str,
    status: str,
    expires_at: str,
    message: str | None = None,
    result: dict[str, Any] | None = None,
    claimed: TaskRow | None = None,
) -> bool:
    """End a task that has not ended; say whether it had not.

    With ``claimed`` only if nobody else has claimed it since.
    """
    values: dict[str, Any] = {
        "status": status,
        "expires_at": expires_at,
        "updated_at": now(),
        "result": result,
    }
    if message is not None:
        values["message"] = message
    mine = (Task.id == task_id) if claimed is None else _held(claimed)
    return Task.update(**values).where(mine & Task.status.in_(OPEN)).execute() == 1


def count_by_status() -> dict[str, int]:
    """How many tasks that can still be looked at have each status."""
    query = Task.select(Task.status, peewee.fn.COUNT(peewee.SQL("1")))
    return dict(query.where(is_false(Task.deleted)).group_by(Task.status).tuples())


def delete_expired() -> None:
    """Mark ended tasks as deleted whose time has come."""
    moment = now()
    Task.update(deleted=True, deleted_at=moment).where(
        is_false(Task.deleted) & Task.status.not_in(OPEN) & (Task.expires_at <= moment)
    ).execute()
