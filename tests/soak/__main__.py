"""Half an hour of mixed load on the service as it ships, and what it holds meanwhile.

    python tests/soak [--minutes 30] [--publish]

Starts ``glance-shim quickstart`` with its two processes on an empty directory and lets
twenty clients do what people do with it: uploads of a thousand bytes to 32 MiB,
downloads, lists, offers and answers, imports, deletions, logins, pages, refused requests
and uploads that are broken off. Every few seconds it writes down memory, handles,
threads, and the sizes of database and log. It ends with ``glance-shim verify --deep`` and
exit code 1 unless all verdicts are good.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import judging
import load
import sampling
from server_process import Server, free_port, operate
from terminal import until

from glance_shim.stores import marks

CLIENTS = 20
REST = 2.0
THREADS = 128


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    usual = float(os.environ.get("GLANCE_SHIM_SOAK_MINUTES") or 30)
    parser.add_argument("--minutes", type=float, default=usual)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--out", type=Path, default=Path("soak-results"))
    parser.add_argument("--publish", action="store_true", help="put the plot into docs")
    return parser.parse_args()


def soak(directory: Path, out: Path, minutes: float, every: float) -> dict[str, Any]:
    """Do it; what was found, with the samples in ``soak.csv`` of ``out``."""
    port = free_port()
    root, data = f"http://127.0.0.1:{port}", directory / "glance-shim-data"
    server = Server(directory, "quickstart", "--port", str(port))
    with contextlib.ExitStack() as ending:
        ending.callback(server.stop)
        server.wait_until_it_serves(root)
        clouds = data / "clouds.yaml"
        people = {name: load.Account(clouds, name) for name in ("platform", "app-team")}
        for person in people.values():
            person.token()
        counted = load.Counted()
        clients = [load.Client(root, people, counted, n, REST) for n in range(CLIENTS)]
        watch = sampling.Watch(
            *(server.process.pid, data / "glance-shim.db", directory / "server.err"),
            *(counted.total, out / "soak.csv"),
        )
        watch.start(every)
        load.stand(clients[0])
        load.crowd(clients[0], THREADS)
        _act(clients, minutes * 60)
        watch.stop()
        options = ("--config-file", str(data / "glance-shim.conf"))
        verified = operate(directory, *options, "verify", "--deep", "--format", "json")
        found = json.loads(verified)
        # Deleted data goes at once, or with a sweep where somebody was still reading it.
        with contextlib.suppress(AssertionError):
            until(lambda: len(_files(data / "images")) == found["copies"], "it is gone")
        left = len(_files(data / "images")) - found["copies"]
        staged = len(_files(data / "staging"))
        same = sampling.family(server.process.pid) == watch.processes
    return {
        "samples": watch.samples,
        "answers": {f"{a} {s}": n for (a, s), n in sorted(counted.answers.items())},
        "server_errors": counted.server_errors(),
        "failures": counted.failures,
        "show_ms": judging.percentiles(counted.shown),
        "verified": found,
        "left": left,
        "staged": staged,
        "same_processes": same,
        "tracebacks": server.err.count("Traceback"),
    }


def _act(clients: list[load.Client], seconds: float) -> None:
    stopping = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stopping,)) for each in clients]
    for each in threads:
        each.start()
    time.sleep(seconds)
    stopping.set()
    for each in threads:
        each.join()


def _files(directory: Path) -> list[Path]:
    """Every file of a store but its mark."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return [path for path in found if path.name != marks.NAME]


def main() -> int:
    given = _arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        found = soak(Path(scratch), given.out, given.minutes, given.every)
    verdicts = judging.verdicts(found)
    judging.write(given.out, found, verdicts)
    if given.publish:
        judging.publish(given.out, Path(__file__).parents[2])
    print((given.out / "soak.md").read_text())
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
