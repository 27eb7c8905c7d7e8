"""Threads that do tasks, in the server's processes or in one of their own."""

from __future__ import annotations

import logging
import threading
import time

from glance_shim.context import Deployment
from glance_shim.core import task_types, tasks
from glance_shim.db import connection

log = logging.getLogger(__name__)

IDLE_SECONDS = 2.0


def start(deployment: Deployment) -> None:
    """Start the threads of this process; they end with it.

    What they are doing when the process dies is taken over by others once
    its lease has run out.
    """
    for number in range(deployment.config.task.workers):
        threading.Thread(
            target=run, args=(deployment,), name=f"worker-{number}", daemon=True
        ).start()


def run(deployment: Deployment) -> None:
    """Do one task after the other, for ever."""
    while True:
        tasks.wake.wait(IDLE_SECONDS)
        tasks.wake.clear()
        try:
            with connection.connected(deployment.database):
                while task_types.run_next(deployment):
                    pass
        except connection.FAILURES as exc:
            log.warning("Tasks have to wait: %s", exc)
            time.sleep(IDLE_SECONDS)
        except Exception:
            log.exception("A worker stumbled")
            time.sleep(IDLE_SECONDS)
