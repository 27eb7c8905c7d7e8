"""Two hosts, a worker, a PostgreSQL and an object store, each of which can be taken away."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from object_store import Swift
from people import Service
from private_databases import Postgres
from server_process import Server, free_port
from task_worker import TaskWorker

CONFIGURATION = """\
[DEFAULT]
state_path = {directory}
bind_port = {port}
workers = 2
enabled_backends = objects:s3
[database]
connection = {database}
max_pool_size = 10
[task]
workers = 0
lease_seconds = 10
[import_filtering_opts]
allowed_networks = 127.0.0.0/8
allowed_ports = {source_port}
[glance_store]
default_backend = objects
[os_glance_staging_store]
filesystem_store_datadir = {shared}
[objects]
{objects}
"""


class Host:
    """One server process with its children, and a directory of its own."""

    def __init__(self, configuration: Path, port: int) -> None:
        self.configuration = configuration
        self.root = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Serve when it returns."""
        directory = self.configuration.parent
        command = ("--config-file", str(self.configuration), "serve")
        self._server = Server(directory, *command)
        self._server.wait_until_it_serves(self.root)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.process.pid, signal.SIGKILL)
        self._server.process.wait()

    def log(self) -> str:
        return self._server.err


class Cluster:
    """Everything, started; ``service`` is a way to its database and its people."""

    def __init__(
        self, directory: Path, postgres: Postgres, engine: Swift, source_port: int
    ) -> None:
        self.postgres, self.engine = postgres, engine
        url = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres"
        # Parts of 5 MiB, so that the larger images have several.
        objects = engine.options(
            "images", s3_store_large_object_size=5, s3_store_large_object_chunk_size=5
        )
        (directory / "service").mkdir()
        self.service = Service(
            directory / "service",
            {
                "DEFAULT": {"enabled_backends": {"objects": "s3"}},
                "database": {"connection": url},
                "objects": objects,
            },
        )
        shared = directory / "staging"
        shared.mkdir()
        self.hosts = [
            self._host(directory / f"host{number}", url, shared, objects, source_port)
            for number in range(2)
        ]
        self._worker_log = directory / "worker.log"
        self.start_worker()

    def _host(
        self, directory: Path, url: str, shared: Path, objects: dict[str, Any], source_port: int
    ) -> Host:
        directory.mkdir()
        port = free_port()
        configuration = directory / "glance-shim.conf"
        configuration.write_text(
            CONFIGURATION.format(
                directory=directory,
                port=port,
                database=url,
                shared=shared,
                source_port=source_port,
                objects="\n".join(f"{name} = {value}" for name, value in objects.items()),
            )
        )
        return Host(configuration, port)

    def start_worker(self) -> None:
        self.worker = TaskWorker(self.hosts[0].configuration, self._worker_log, threads=2)

    def faults(self) -> list[tuple[str, Any]]:
        """What can go wrong, by name: each is undone again when the call returns."""
        return [
            ("host 0 is killed", lambda: self._restart(self.hosts[0])),
            ("host 1 is killed", lambda: self._restart(self.hosts[1])),
            ("the worker is killed", self._restart_worker),
            ("the database is restarted", self._restart_database),
            ("the object store is away", self._store_away),
        ]

    def _restart(self, host: Host) -> None:
        host.kill()
        time.sleep(1)
        host.start()

    def _restart_worker(self) -> None:
        self.worker.kill()
        self.start_worker()

    def _restart_database(self) -> None:
        self.postgres.stop()
        time.sleep(1)
        self.postgres.start()

    def _store_away(self) -> None:
        self.engine.stop()
        time.sleep(20)
        self.engine.start()

    def objects(self) -> dict[str, int]:
        """The objects in the bucket, and their sizes."""
        bucket = self.service.deployment.stores.find("objects")._bucket
        found: dict[str, int] = {}
        marks: dict[str, str] = {}
        while True:
            page = bucket.call("list_objects_v2", **marks)
            found |= {each["Key"]: each["Size"] for each in page.get("Contents", ())}
            if not page.get("IsTruncated"):
                return found
            marks = {"ContinuationToken": page["NextContinuationToken"]}

    def stop(self) -> None:
        for host in self.hosts:
            host.kill()
        self.worker.kill()
        self.service.deployment.database.close_all()
