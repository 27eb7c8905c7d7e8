"""What a running service holds, measured from outside."""

from __future__ import annotations

import contextlib
import csv
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

Sample = dict[str, float]

# What the database keeps by contract: nobody's id is given to another image, and an
# activity stays as long as the image's row.
KEPT = (
    "SELECT (SELECT count(*) FROM images WHERE deleted) + (SELECT count(*) FROM image_activity)"
    " + (SELECT count(*) FROM tasks) + (SELECT count(*) FROM tokens)"
)


def family(pid: int) -> list[int]:
    """A process and those that it has started."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, started)]


def pss(pid: int) -> int:
    """Bytes of memory; what several processes share counts for each in part."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Pss")


def threads(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def handles(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def size(*files: Path) -> int:
    """Bytes of those of the files that are there."""
    total = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


class Watch:
    """Samples in a thread of its own, every so many seconds, written as they come."""

    def __init__(
        self, pid: int, database: Path, log: Path, requests: Callable[[], int], file: Path
    ) -> None:
        self._pid, self._database, self._log = pid, database, log
        self._requests, self._file = requests, file
        self.samples: list[Sample] = []
        self.processes = family(pid)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self, every: float) -> None:
        self._every, self._begun = every, time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def take(self) -> Sample:
        """One sample of all processes together."""
        pids = family(self._pid)
        beside = (self._database.with_name(f"{self._database.name}-wal"),)
        return {
            "seconds": round(time.monotonic() - self._begun, 1),
            "processes": len(pids),
            "memory": sum(map(pss, pids)),
            "handles": sum(map(handles, pids)),
            "threads": sum(map(threads, pids)),
            "database": size(self._database, *beside),
            "kept": self._kept(),
            "log": size(self._log),
            "requests": self._requests(),
        }

    def _kept(self) -> int:
        address = f"file:{self._database}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
            return int(database.execute(KEPT).fetchone()[0])

    def _run(self) -> None:
        with self._file.open("w", newline="") as file:
            writer: csv.DictWriter[str] | None = None
            while not self._stopping.wait(self._every):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    sample = self.take()
                    if writer is None:
                        writer = csv.DictWriter(file, list(sample))
                        writer.writeheader()
                    writer.writerow(sample)
                    file.flush()
                    self.samples.append(sample)
