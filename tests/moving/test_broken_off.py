"""A run that is ended in the middle, and the next, which goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import catalogs
import pytest
from server_process import COMMAND, environment
from terminal import PATIENCE, until
from two_services import Place, report

from glance_shim.db import connection
from glance_shim.db.models.images import Upload

PIECE = 1 << 18


class Slowly:
    """The application of a service whose data comes slowly, as long as ``pause`` is not 0."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.pause = 0.2

    def __call__(self, environ: Any, start_response: Any) -> Any:
        answer = self._application(environ, start_response)
        return self._slowly(answer) if environ["PATH_INFO"].endswith("/file") else answer

    def _slowly(self, answer: Any) -> Iterator[bytes]:
        data = b"".join(answer)
        answer.close()
        for start in range(0, len(data), PIECE):
            time.sleep(self.pause)
            yield data[start : start + PIECE]


@pytest.fixture
def slowly(there: Place) -> Slowly:
    slow = Slowly(there.service.app.wsgi_app)
    there.service.app.wsgi_app = slow  # type: ignore[method-assign]
    yield slow
    there.service.app.wsgi_app = slow._application


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_the_next_run_goes_on(
    here: Place, there: Place, slowly: Slowly, how: signal.Signals
) -> None:
    small = there.admin.active(b"1234567890")
    large = there.admin.active(bytes(32 * PIECE))
    there.admin.share(large["id"], "p1")
    process = _begin(here, there)
    until(lambda: _status(here, large["id"]) == "saving", "data comes")
    process.send_signal(how)
    assert process.wait(PATIENCE) != 0
    status = _status(here, large["id"])
    if how == signal.SIGKILL:
        _let_die(here)
    slowly.pause = 0

    found = report(here.run("adopt", "--format", "json", other=there.variables()))

    assert status == ("saving" if how == signal.SIGKILL else "queued")
    assert found["images"]["failed"] == 0
    assert found["images"]["completed"] + found["images"]["copied"] >= 1
    assert not catalogs.different(catalogs.read(there.http), catalogs.read(here.http))
    whole = [blob for blob in here.service.blobs() if blob.parent.name != "partial"]
    assert len(whole) == 2
    assert here.admin.show(small["id"])["status"] == "active"


def _begin(here: Place, there: Place) -> subprocess.Popen[bytes]:
    file = here.write_options()
    directory = here.service.directory
    return subprocess.Popen(
        [*COMMAND, "--config-file", file, "adopt"],
        cwd=directory,
        env={
            **environment(directory),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **there.variables(),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _status(place: Place, image_id: str) -> str | None:
    answer = place.admin.get(f"/v2/images/{image_id}")
    return answer.json["status"] if answer.status_code == 200 else None


def _let_die(place: Place) -> None:
    """Let the time pass after which an upload without a sign of life is given up."""
    with connection.connected(place.service.deployment.database), connection.writing():
        Upload.update(heartbeat=0).execute()
