"""Tasks: work that is done after the answer, and looking at it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import math
import os
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glance_shim import clock, errors, threads
from glance_shim.context import Context, Deployment
from glance_shim.core import events, images, quotas
from glance_shim.db import connection
from glance_shim.db import quotas as quota_rows
from glance_shim.db import tasks as rows
from glance_shim.db.tasks import TaskRow

log = logging.getLogger(__name__)

STATUSES = ("pending", "processing", "success", "failure")
PREEMPTED = "Expired lock preempted"
# Types of tasks of which a project has so many at once and no more. Hashes of data that is in
# a store already are not among them: services ask for them on behalf of all projects.
IMPORTS = ("api_image_import", "import")
INTERNAL = "Task failed due to Internal Error"
TELL_SECONDS = 2

# Woken when a task is queued by this very process, so that it need not wait
# for the next look at the table.
wake = threading.Event()


@dataclasses.dataclass(frozen=True)
class Credential:
    """What a task needs to act for its caller elsewhere: a token, and where elsewhere is."""

    token: str
    catalog: list[dict[str, Any]]


# Of the tasks of this process; never written down.
_credentials: dict[str, Credential] = {}


def keep_credential(task_id: str, credential: Credential) -> None:
    """Remember a credential for a task of this process, in memory only."""
    _credentials[task_id] = credential


def kept_credential(task_id: str) -> Credential:
    """The credential of a task; raises `errors.Conflict` if its process has died."""
    if task_id not in _credentials:
        raise errors.Conflict(
            reason="the process that held the caller's token has ended; import again"
        )
    return _credentials[task_id]


def forget_credential(task_id: str) -> None:
    """The task has ended."""
    _credentials.pop(task_id, None)


def worker_name() -> str:
    """Who this process is, to others that share the database.

    A container that is started again has the host name and the process id of before.
    """
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{_mark(os.getpid())}"


@functools.cache
def _mark(pid: int) -> str:
    return secrets.token_hex(3)


def expiry(deployment: Deployment) -> str:
    """When a task that ends now is forgotten."""
    return clock.moment(deployment.config.task.task_time_to_live * 3600)


@contextlib.contextmanager
def queueing(context: Context) -> Iterator[None]:
    """A transaction that is to queue an import; `require_turn` is called in it."""
    # What is held must be there for others to see, before any of them counts.
    if context.config.task.max_waiting >= 0:
        quota_rows.prepare(context.project_id)
    with connection.writing():
        yield


def require_turn(context: Context) -> None:
    """Raise `errors.QuotaExceeded` if too many imports of the caller's project wait already.

    Nobody else of the project queues one until the transaction, which is `queueing`, ends.
    """
    owner, limit = context.project_id, context.config.task.max_waiting
    if limit < 0:
        return
    quota_rows.hold(owner)
    count = rows.count_waiting(owner, IMPORTS)
    quotas.require("[task] max_waiting", limit, count + 1, "imports of a project that wait")


def submit(
    context: Context,
    task_type: str,
    task_input: Mapping[str, Any],
    image_id: str | None = None,
    only_here: bool = False,
) -> TaskRow:
    """Queue work on behalf of the caller, in the transaction of whoever calls.

    ``only_here`` keeps it for this process, which has what the work needs
    and must not be written down, such as a token.
    """
    task = rows.add(
        {
            "id": str(uuid.uuid4()),
            "type": task_type,
            "owner": context.project_id,
            "image_id": image_id,
            "user_id": context.user_id,
            "request_id": context.request_id,
            "input": dict(task_input),
            "caller": _caller(context),
        },
        worker=worker_name() if only_here else None,
        lease_seconds=context.config.task.lease_seconds if only_here else 0,
    )
    events.task(context.deployment, "create", task)
    wake.set()
    return task


def _caller(context: Context) -> dict[str, Any]:
    return {
        "user_id": context.user_id,
        "user_name": context.user_name,
        "project_id": context.project_id,
        "project_name": context.project_name,
        "domain_id": context.domain_id,
        "scope": context.scope,
        "roles": sorted(context.roles),
    }


def context_of(deployment: Deployment, task: TaskRow) -> Context:
    """On whose behalf a task is done."""
    caller = {**task.caller, "roles": frozenset(task.caller.get("roles", ()))}
    return Context(deployment, request_id=task.request_id, **caller)


def get(context: Context, task_id: str) -> TaskRow:
    """A task, for who may use the tasks API; raises `errors.TaskNotFound`."""
    context.enforce("tasks_api_access", {})
    task = rows.find(task_id)
    if task is None:
        raise errors.TaskNotFound(task_id=task_id)
    return task


def get_all(
    context: Context,
    conditions: Mapping[str, Any],
    sort: Sequence[tuple[str, str]],
    limit: int,
    marker: str | None = None,
) -> list[TaskRow]:
    """One page of all tasks, for who may use the tasks API."""
    context.enforce("tasks_api_access", {})
    start = None
    if marker is not None:
        start = rows.find(marker)
        if start is None:
            raise errors.MarkerNotFound(marker=marker)
    rows.delete_expired()
    return rows.select(conditions, sort, limit, start)


def get_all_of_image(context: Context, image_id: str) -> list[TaskRow]:
    """The tasks on an image that are the caller's project's; all, for administrators."""
    images.get(context, image_id)
    rows.delete_expired()
    found = rows.select({"image_id": image_id}, limit=context.config.api_limit_max)
    return [
        task for task in found if context.is_admin or task.owner in (None, context.project_id)
    ]


class Lost(errors.Error):
    message = "The task {task_id} is no longer this worker's"


class NoThread(errors.Error):
    message = "There is no thread to be had that keeps the lease on task {task_id}"


# The tasks that this process works on.
_at_hand: set[Working] = set()


def give_back_all() -> None:
    """Let others begin what this process is working on, which ends in a moment."""
    for working in list(_at_hand):
        with connection.connected(working.deployment.database):
            if rows.give_back(working.task):
                log.info("Task %s is left to others", working.task.id)


class Working:
    """The lease on a task, renewed by a thread of its own while the block runs.

    A slow source or a slow store must not cost the lease, so it does not
    depend on data coming in. `require` raises `Lost` once somebody else has
    claimed the task: asked in a transaction, that decides who changes an image.
    """

    def __init__(self, deployment: Deployment, task: TaskRow) -> None:
        self.deployment = deployment
        self.task = task
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._told = -math.inf

    @contextlib.contextmanager
    def held(self) -> Iterator[Working]:
        """Keep the lease in the block; raises `NoThread`, and gives it back, without one."""
        if not threads.start(self._renew):
            rows.give_back(self.task)
            raise NoThread(task_id=self.task.id)
        _at_hand.add(self)
        try:
            yield self
        finally:
            _at_hand.discard(self)
            self._ended.set()
            # A renewal that is under way ends first.
            with self._turn:
                pass

    def _renew(self) -> None:
        seconds = self.deployment.config.task.lease_seconds
        while not self._ended.wait(seconds / 4):
            with self._turn:
                if self._ended.is_set() or not self._is_renewed(seconds):
                    return

    def _is_renewed(self, seconds: float) -> bool:
        """False once the task is somebody else's."""
        try:
            with connection.connected(self.deployment.database):
                return rows.renew(self.task, seconds)
        except connection.FAILURES as exc:
            log.warning("The lease on task %s could not be renewed: %s", self.task.id, exc)
            return True

    def require(self) -> None:
        """Raise `Lost` unless the task is still this worker's."""
        if not rows.is_held(self.task):
            raise Lost(task_id=self.task.id)

    def tell(self, message: str, at_once: bool = False) -> None:
        """Show how far the task is, but for ``at_once`` not again within `TELL_SECONDS`."""
        if at_once or time.monotonic() - self._told >= TELL_SECONDS:
            self.require()
            self._told = time.monotonic()
            rows.set_message(self.task.id, message)
