"""Operations of which one call to the disk or the database fails, whichever it is."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from typing import Any

import dying
import peewee
import pytest
from people import Person, Service

from glance_shim.core import marks
from glance_shim.db import connection

DATA = bytes(range(256)) * 4096
DISK = tuple(f"before {name}" for name in ("open", *dying.ON_DISK))
FAILURES = {
    "a full disk": (OSError(errno.ENOSPC, "No space left on device"), DISK),
    "a broken disk": (OSError(errno.EIO, "Input/output error"), DISK),
    "a read-only disk": (OSError(errno.EROFS, "Read-only file system"), DISK),
    "no commit": (peewee.OperationalError("the server has gone"), ("before commit",)),
    "no answer to a commit": (
        peewee.OperationalError("the server has gone"),
        ("after commit",),
    ),
}
TRY_AGAIN = (413, 503)


@pytest.fixture(autouse=True)
def claimed(service: Service) -> None:
    """The stores are marked before anything fails, as a server's are when it starts."""
    marks.claim_at_start(service.deployment)


def attempts(
    failure: str, ever_after: bool, operation: Callable[[str], Any], prepare: Callable[[], str]
) -> Any:
    """The image and the answer, for each call of the operation that can fail."""
    exception, points = FAILURES[failure]
    for number in range(1, 200):
        image_id = prepare()
        with dying.failing(exception, number, ever_after, *points) as has_failed:
            answer = operation(image_id)
        if not has_failed():
            assert number > 1, "nothing has failed"
            return
        yield image_id, answer
    raise AssertionError("it does not come to an end")


@pytest.mark.parametrize("ever_after", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_upload_is_whole_or_not_there(
    service: Service, alice: Person, failure: str, ever_after: bool
) -> None:
    for image_id, answer in attempts(
        failure,
        ever_after,
        lambda image_id: alice.upload(image_id, DATA),
        lambda: alice.create()["id"],
    ):
        assert answer.status_code in (204, *TRY_AGAIN), answer.text
        dying.settle(service)
        image = alice.show(image_id)
        if answer.status_code == 204:
            assert image["status"] == "active"
        if image["status"] == "queued":
            assert service.blobs() == []
            assert alice.upload(image_id, DATA).status_code == 204
        assert alice.get(f"/v2/images/{image_id}/file").data == DATA
        assert len(service.blobs()) == 1
        assert alice.delete(f"/v2/images/{image_id}").status_code == 204


@pytest.mark.parametrize("ever_after", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_deletion_is_done_or_not(
    service: Service, alice: Person, failure: str, ever_after: bool
) -> None:
    for image_id, answer in attempts(
        failure,
        ever_after,
        lambda image_id: alice.delete(f"/v2/images/{image_id}"),
        lambda: alice.active(DATA)["id"],
    ):
        assert answer.status_code in (204, *TRY_AGAIN), answer.text
        found = alice.get(f"/v2/images/{image_id}/file")
        if answer.status_code == 204:
            assert found.status_code == 404
        if found.status_code == 200:
            assert found.data == DATA
            assert alice.delete(f"/v2/images/{image_id}").status_code == 204
        dying.settle(service)
        assert service.blobs() == []


@pytest.mark.parametrize("ever_after", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_import_fails_or_succeeds(
    service: Service, alice: Person, failure: str, ever_after: bool
) -> None:
    def import_(image_id: str) -> Any:
        answer = alice.stage(image_id, DATA)
        if answer.status_code == 204:
            answer = alice.import_(image_id)
        if answer.status_code == 202:
            # A worker looks again after a while.
            with contextlib.suppress(*connection.FAILURES):
                service.work()
        return answer

    for image_id, answer in attempts(
        failure, ever_after, import_, lambda: alice.create()["id"]
    ):
        assert answer.status_code in (202, *TRY_AGAIN), answer.text
        dying.settle(service)
        image = alice.show(image_id)
        assert image["status"] in ("queued", "uploading", "active"), image
        if image["status"] == "uploading":
            assert alice.import_(image_id).status_code == 202
            service.work()
        if image["status"] == "queued":
            assert service.blobs() == service.staged() == []
            assert alice.upload(image_id, DATA).status_code == 204
        assert alice.get(f"/v2/images/{image_id}/file").data == DATA
        assert alice.delete(f"/v2/images/{image_id}").status_code == 204
        dying.settle(service)
        assert service.blobs() == service.staged() == []
