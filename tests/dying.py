"""Doing something in a process that dies, or whose calls fail, at the n-th thing it does.

A *point* is a call that leaves a trace outside the process: on a disk, in a database, in
an object store. The process dies by SIGKILL just before the call or just after it, so
with n from 1 upwards it dies at every moment that can be told apart from outside.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import botocore.httpsession
from people import Person, Service

from glance_shim.core import recovery
from glance_shim.db import connection, engines
from glance_shim.db.models.images import Removal, Upload
from glance_shim.db.models.tasks import Task

ON_DISK = (
    *("write", "writev", "pwrite", "fsync", "fdatasync"),
    *("link", "unlink", "rename", "replace"),
)
ENDED, KILLED = 0, -signal.SIGKILL

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["people", "glance_shim.app", "glance_shim.worker"])


class Points:
    """Calls ``arrived`` with the name of each point, before and after it."""

    def __init__(self, arrived: Callable[[str], None]) -> None:
        self._arrived = arrived
        self._undo: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Points:
        for name in ON_DISK:
            self._watch(os, name, name)
        kinds = (engines.Sqlite, engines.Postgresql, engines.Mariadb)
        for kind in {each for engine in kinds for each in engine.__mro__}:
            if "commit" in vars(kind):
                self._watch(kind, "commit", "commit")
        self._watch(botocore.httpsession.URLLib3Session, "send", "send")
        opened = os.open

        def open_(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            if flags & os.O_CREAT:
                self._arrived("before open")
            return opened(path, flags, *args, **kwargs)

        self._undo.append((os, "open", opened))
        os.open = open_
        return self

    def _watch(self, owner: Any, name: str, called: str) -> None:
        original = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._arrived(f"before {called}")
            result = original(*args, **kwargs)
            self._arrived(f"after {called}")
            return result

        self._undo.append((owner, name, original))
        setattr(owner, name, watched)

    def __exit__(self, *exc: object) -> None:
        for owner, name, original in reversed(self._undo):
            setattr(owner, name, original)


class Counting:
    """Says for each point, whichever thread gets there, whether it is the n-th."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._count = 0
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            self._count += 1
            return self._count == self._number


class Doing(NamedTuple):
    """What the process is to do: ``operation(service, person, image_id)``."""

    directory: Path
    sections: dict[str, dict[str, Any]]
    operation: Callable[[Service, Person, str], None]
    token: str
    project_id: str
    image_id: str


def _do(doing: Doing, number: int) -> None:
    service = Service(doing.directory, doing.sections)
    person = Person(service.app, doing.token, doing.project_id)
    is_last = Counting(number)

    def arrived(point: str) -> None:
        if is_last():
            (doing.directory / "point").write_text(point)
            os.kill(os.getpid(), signal.SIGKILL)

    with Points(arrived):
        doing.operation(service, person, doing.image_id)
    os._exit(ENDED)


class Mortal:
    """A service whose operations can be made to die; what is left is then settled."""

    def __init__(self, directory: Path, sections: dict[str, dict[str, Any]]) -> None:
        self._directory = directory
        self.service = Service(directory, sections)
        self._sections = {name: dict(values) for name, values in sections.items()}
        database = self._sections.setdefault("database", {})
        database["connection"] = self.service.database_url
        self.alice = self.service.person("p1", "member")
        self.admin = self.service.person("admin", "admin")

    def die(
        self,
        operation: Callable[[Service, Person, str], None],
        image_id: str,
        number: int,
        person: Person | None = None,
    ) -> str | None:
        """Have alice, or the person, do it in a process that dies at this point.

        Return what the point was, or ``None`` if the process came to the end before.
        """
        person = person or self.alice
        self.service.deployment.database.close_idle()
        doing = Doing(
            self._directory,
            self._sections,
            operation,
            person.token or "",
            person.project_id or "",
            image_id,
        )
        process = _processes.Process(target=_do, args=(doing, number))
        process.start()
        process.join()
        assert process.exitcode in (ENDED, KILLED), f"it ended with {process.exitcode}"
        if process.exitcode == ENDED:
            return None
        return (self._directory / "point").read_text()

    def used(self) -> int:
        """The MiB that count against the quota of alice's project."""
        usage = self.alice.get("/v2/info/usage").json["usage"]
        return int(usage["image_size_total"]["usage"])


def let_time_pass(service: Service) -> None:
    """Whoever was at work counts as dead now, and what is to go later is due."""
    with connection.connected(service.deployment.database):
        Upload.update(heartbeat=0).execute()
        Removal.update(due=0).execute()
        Task.update(lease_until=0).where(Task.status == "processing").execute()
    long_ago = time.time() - 3600
    for path in (*service.blobs(), *service.staged()):
        os.utime(path, (long_ago, long_ago))


def settle(service: Service) -> None:
    """Do all that other processes do in the course of time after one has died."""
    let_time_pass(service)
    sweep(service)
    service.work()
    let_time_pass(service)
    sweep(service)


def sweep(service: Service) -> None:
    with connection.connected(service.deployment.database):
        recovery.sweep(service.deployment)


@contextlib.contextmanager
def failing(
    failure: BaseException, number: int, ever_after: bool, *points: str
) -> Iterator[Callable[[], bool]]:
    """In the block the n-th call at these points fails, and all later ones if ``ever_after``.

    The block is given a function that says whether it came to that.
    """
    count = 0

    def arrived(point: str) -> None:
        nonlocal count
        if point in points:
            count += 1
            if count == number or (ever_after and count > number):
                raise failure

    with Points(arrived):
        yield lambda: count >= number
