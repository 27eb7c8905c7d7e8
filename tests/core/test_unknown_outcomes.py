"""A commit of which nobody can say whether it has happened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from people import Person, Service

from glance_shim import errors
from glance_shim.core import activity_log, arrivals, recovery
from glance_shim.db import connection


def swept(service: Service) -> Service:
    with connection.connected(service.deployment.database):
        recovery.sweep(service.deployment)
    return service


def test_data_that_was_not_recorded_is_removed(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = alice.create()["id"]

    def fail(*arguments: Any) -> None:
        raise connection.FAILURES[0]("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(activity_log, "add", fail)
        assert alice.upload(image_id).status_code == 503

    assert alice.show(image_id)["status"] == "queued"
    assert swept(service).blobs() == []
    assert alice.upload(image_id).status_code == 204


def test_data_that_was_recorded_after_all_stays(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id, recorded = alice.create()["id"], arrivals.recording

    @contextlib.contextmanager
    def recording(image_id: str, blob_id: str) -> Iterator[None]:
        with recorded(image_id, blob_id):
            yield
        raise errors.OutcomeUnknown(image_id=image_id)

    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "recording", recording)
        assert alice.upload(image_id, b"recorded").status_code == 503

    assert len(swept(service).blobs()) == 1
    assert alice.get(f"/v2/images/{image_id}/file").data == b"recorded"
