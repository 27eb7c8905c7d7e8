"""Processes that do nothing but tasks, of which any number may run."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from real_server import Server, until
from task_worker import SIZE, HeldBack, TaskWorker

from glance_shim.core import recovery
from glance_shim.db import connection
from glance_shim.db.models.tasks import Task

OPTIONS = """
[import_filtering_opts]
allowed_networks = 127.0.0.0/8
allowed_ports = {port}
[task]
workers = 0
lease_seconds = {lease_seconds}
"""


@pytest.fixture
def source() -> Iterator[HeldBack]:
    server = HeldBack()
    yield server
    server.stop()


@pytest.fixture
def make_server(tmp_path: Path, source: HeldBack) -> Iterator[Callable[..., Server]]:
    """Starts a server that leaves tasks to others; whoever dies loses them after a lease."""
    with contextlib.ExitStack() as stopping:

        def make(lease_seconds: int = 600, **options: Any) -> Server:
            sections = OPTIONS.format(port=source.server_port, lease_seconds=lease_seconds)
            server = Server(tmp_path / "server", sections, workers=1, **options)
            stopping.callback(server.stop)
            return server

        yield make


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., TaskWorker]]:
    """Starts a worker with the options of a server."""
    begun: list[TaskWorker] = []

    def start(server: Server, threads: int = 1) -> TaskWorker:
        log = tmp_path / f"worker{len(begun)}.log"
        begun.append(TaskWorker(server.configuration, log, threads))
        return begun[-1]

    yield start
    for worker in begun:
        worker.kill()


def imported(server: Server, source: HeldBack) -> str:
    """The id of an image whose import has been asked for."""
    image_id = str(server.alice.create()["id"])
    request = json.dumps({"method": {"name": "web-download", "uri": source.url}})
    assert server.request("POST", f"/v2/images/{image_id}/import", request).status == 202
    return image_id


def task_of(server: Server, image_id: str) -> Task:
    with connection.connected(server.service.deployment.database):
        return Task.get(Task.image_id == image_id)


def assert_done(server: Server, image_id: str) -> None:
    server.wait_for(image_id, "active")
    until(lambda: task_of(server, image_id).status == "success", "the task has ended")
    data = server.get(f"/v2/images/{image_id}/file").data
    assert (len(data), set(data)) == (SIZE, {*b"xy"})


def assert_nothing_else_is_there(server: Server) -> None:
    def clean() -> bool:
        with connection.connected(server.service.deployment.database):
            recovery.sweep(server.service.deployment)
        return len(server.service.blobs()) == 1 and server.service.staged() == []

    until(clean, "there is one blob in the store and none in staging")


def test_a_task_that_the_servers_leave_to_others_is_done_by_a_worker(
    make_server: Any, begin: Any, source: HeldBack
) -> None:
    server = make_server()
    image_id = imported(server, source)
    assert task_of(server, image_id).status == "pending"
    source.may_go_on.set()
    worker = begin(server)

    assert_done(server, image_id)
    assert str(worker.process.pid) in (task_of(server, image_id).worker or "")
    assert_nothing_else_is_there(server)


def test_of_several_workers_one_does_a_task(
    make_server: Any, begin: Any, source: HeldBack
) -> None:
    server = make_server()
    source.may_go_on.set()
    for _ in range(3):
        begin(server, threads=2)
    ids = [imported(server, source) for _ in range(12)]

    for image_id in ids:
        assert_done(server, image_id)
    assert source.asked == len(ids)
    assert {task_of(server, image_id).attempts for image_id in ids} == {1}


def test_what_a_killed_worker_was_doing_is_finished_by_another(
    make_server: Any, begin: Any, source: HeldBack
) -> None:
    server = make_server(lease_seconds=4)
    workers = [begin(server), begin(server)]
    image_id = imported(server, source)
    until(lambda: source.asked, "half of the data has been sent")
    name = str(task_of(server, image_id).worker)
    (at_work,) = (each for each in workers if f"-{each.process.pid}-" in name)
    at_work.kill()
    source.may_go_on.set()

    assert_done(server, image_id)
    assert task_of(server, image_id).worker != name
    assert_nothing_else_is_there(server)


def test_a_worker_that_is_told_to_stop_ends_what_it_is_doing_and_begins_nothing(
    make_server: Any, begin: Any, source: HeldBack
) -> None:
    server = make_server(graceful_timeout=600)
    worker = begin(server)
    first = imported(server, source)
    until(lambda: source.asked, "half of the data has been sent")
    worker.tell_to_stop()
    second = imported(server, source)
    source.may_go_on.set()

    assert worker.wait() == 0
    assert_done(server, first)
    assert task_of(server, second).status == "pending"


@pytest.mark.parametrize("told", ["once", "twice"])
def test_a_worker_gives_back_what_it_does_not_finish_in_time(
    make_server: Any, begin: Any, source: HeldBack, told: str
) -> None:
    server = make_server(graceful_timeout=1 if told == "once" else 600)
    worker = begin(server)
    image_id = imported(server, source)
    until(lambda: source.asked, "half of the data has been sent")
    worker.tell_to_stop()
    if told == "twice":
        until(lambda: "no more" in worker.log(), "the first signal has been seen")
        worker.tell_to_stop()
    assert worker.wait() == 0
    assert (task_of(server, image_id).status, task_of(server, image_id).attempts) == (
        "pending",
        0,
    )

    source.may_go_on.set()
    begin(server)
    assert_done(server, image_id)
    assert_nothing_else_is_there(server)


def test_a_server_that_stops_gives_back_its_tasks(
    tmp_path: Path, begin: Any, source: HeldBack
) -> None:
    sections = OPTIONS.format(port=source.server_port, lease_seconds=600)
    sections = sections.replace("workers = 0", "workers = 2")
    server = Server(tmp_path / "server", sections, workers=1)
    other = Server(tmp_path / "other", sections, beside=server, workers=1)
    with contextlib.ExitStack() as stopping:
        stopping.callback(server.stop)
        stopping.callback(other.stop)
        image_id = imported(server, source)
        until(lambda: source.asked, "half of the data has been sent")
        name = str(task_of(server, image_id).worker)
        at_work = server if any(f"-{pid}-" in name for pid in server.workers()) else other
        at_work.terminate()
        source.may_go_on.set()
        at_work.start()

        assert_done(server, image_id)
        assert task_of(server, image_id).attempts == 1
        assert task_of(server, image_id).worker != name


@pytest.mark.skipif(databases.KIND != "sqlite", reason="it locks the file of a SQLite")
def test_a_worker_outlasts_a_database_that_is_away(
    make_server: Any, begin: Any, source: HeldBack
) -> None:
    server = make_server()
    image_id = imported(server, source)
    source.may_go_on.set()
    database = sqlite3.connect(server.directory / "glance.db", isolation_level=None)
    with contextlib.closing(database):
        database.execute("BEGIN EXCLUSIVE")
        worker = begin(server)
        until(lambda: "have to wait" in worker.log(), "the worker has met the database")
        database.execute("ROLLBACK")

    assert_done(server, image_id)
    assert "Traceback" not in worker.log()
