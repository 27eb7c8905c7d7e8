"""Processes killed at every moment of an operation, and what holds afterwards."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import object_store
import pytest
from dying import Mortal, let_time_pass, settle, sweep
from people import Person, Service

from glance_shim.stores import s3

DATA = bytes(range(256)) * 4096 * 6
# More moments than any operation has; one that never ends is a mistake of the test.
MOST = 400
# Every fourth moment is tried, and with GLANCE_SHIM_LONG=1 every one.
EVERY = bool(os.environ.get("GLANCE_SHIM_LONG"))
STEP = 1 if EVERY else 4


class OnFiles(Mortal):
    """Files, and whatever database the tests run on."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            directory, {"DEFAULT": {"enabled_backends": {"fast": "file", "cheap": "file"}}}
        )

    def blobs(self) -> list[int]:
        """The sizes of all there is in the stores, partial or whole."""
        return [path.stat().st_size for path in self.service.blobs()]


class OnObjects(Mortal):
    """An object store, and PostgreSQL."""

    def __init__(self, directory: Path, engine: object_store.Swift, bucket: str) -> None:
        self._engine, self._bucket = engine, bucket
        engine.client().create_bucket(Bucket=bucket)
        sections: dict[str, dict[str, Any]] = {
            name: engine.options(
                bucket,
                s3_store_prefix=f"{name}/",
                s3_store_large_object_size=5,
                s3_store_large_object_chunk_size=5,
            )
            for name in ("fast", "cheap")
        }
        sections["DEFAULT"] = {"enabled_backends": {"fast": "s3", "cheap": "s3"}}
        sections["database"] = {"connection": databases.new(directory, "postgresql")}
        super().__init__(directory, sections)

    def blobs(self) -> list[int]:
        """The sizes of all there is in the bucket; of what has but parts it is minus one."""
        listed = self._engine.client().list_objects_v2(Bucket=self._bucket)
        unfinished = self._engine.unfinished(self._bucket)
        return [found["Size"] for found in listed.get("Contents", ())] + [-1] * len(unfinished)


@pytest.fixture(params=["files", "objects"])
def mortal(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    if request.param == "files":
        mortal: Any = OnFiles(tmp_path)
    else:
        # As if the time had passed after which parts that nobody asks for are removed.
        monkeypatch.setattr(s3, "ABANDONED_SECONDS", -60)
        engine = request.getfixturevalue("engine")
        mortal = OnObjects(tmp_path, engine, request.getfixturevalue("bucket"))
    yield mortal
    mortal.service.close()


def upload(service: Service, person: Person, image_id: str) -> None:
    assert person.upload(image_id, DATA).status_code == 204


def delete(service: Service, person: Person, image_id: str) -> None:
    assert person.delete(f"/v2/images/{image_id}").status_code == 204


def import_staged(service: Service, person: Person, image_id: str) -> None:
    assert person.stage(image_id, DATA).status_code == 204
    assert person.import_(image_id, stores=["fast", "cheap"]).status_code == 202
    service.work()


def copy(service: Service, person: Person, image_id: str) -> None:
    assert person.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()


CHANGES = (
    {"op": "replace", "path": "/name", "value": "after"},
    {"op": "add", "path": "/os_distro", "value": "after"},
    {"op": "replace", "path": "/tags", "value": ["after"]},
    {"op": "replace", "path": "/visibility", "value": "community"},
)


def change(service: Service, person: Person, image_id: str) -> None:
    assert person.patch(image_id, *CHANGES).status_code == 200


def recover(service: Service, person: Person, image_id: str) -> None:
    sweep(service)


def deaths(
    mortal: Any,
    operation: Callable[[Service, Person, str], None],
    prepare: Callable[[], str],
    person: Person | None = None,
) -> Iterator[tuple[str, str]]:
    """An image on which the operation has died and the moment, for each there is."""
    moments = []
    for number in range(1, MOST, STEP):
        image_id = prepare()
        moment = mortal.die(operation, image_id, number, person)
        if moment is None:
            assert moments, "it has died at no moment"
            print(f"{operation.__name__}: {len(moments)} deaths: {', '.join(moments)}")
            return
        moments.append(moment)
        yield image_id, f"{number}, {moment}"
    raise AssertionError(f"there are more than {MOST} moments")


def data_of(person: Person, image_id: str) -> Any:
    return person.get(f"/v2/images/{image_id}/file").data


def assert_whole(mortal: Any, image_id: str, moment: str, copies: int = 1) -> None:
    """The image is active, everything about it is right, and so many blobs are there."""
    image = mortal.alice.show(image_id)
    digest = hashlib.sha512(DATA).hexdigest()
    facts = (image["status"], image["size"], image["os_hash_value"])
    assert facts == ("active", len(DATA), digest), moment
    assert data_of(mortal.alice, image_id) == DATA, moment
    assert mortal.blobs() == [len(DATA)] * copies, moment
    assert mortal.service.staged() == [], moment


def assert_not_there(mortal: Any, image_id: str, moment: str) -> None:
    """The image waits for data, nothing of the attempt is left, and it takes data."""
    image = mortal.alice.show(image_id)
    assert (image["status"], image["size"]) == ("queued", None), moment
    assert mortal.alice.get(f"/v2/images/{image_id}/file").status_code == 204, moment
    assert mortal.blobs() == mortal.service.staged() == [], moment
    assert mortal.alice.upload(image_id, DATA).status_code == 204, moment
    assert_whole(mortal, image_id, moment)


def assert_gone(mortal: Any, image_id: str, moment: str) -> None:
    """The image can be deleted, and nothing is left of any."""
    answer = mortal.alice.delete(f"/v2/images/{image_id}")
    assert answer.status_code in (204, 404), moment
    settle(mortal.service)
    assert mortal.blobs() == mortal.service.staged() == [], moment


def test_an_upload_dies(mortal: Any) -> None:
    statuses = []
    for image_id, moment in deaths(mortal, upload, lambda: mortal.alice.create()["id"]):
        assert data_of(mortal.alice, image_id) in (b"", DATA), moment
        settle(mortal.service)
        statuses.append(mortal.alice.show(image_id)["status"])
        if statuses[-1] == "active":
            assert_whole(mortal, image_id, moment)
        else:
            assert_not_there(mortal, image_id, moment)
        assert_gone(mortal, image_id, moment)
    assert set(statuses) == {"queued", "active"} or not EVERY
    # Once it has been recorded it stays recorded.
    assert statuses == sorted(statuses, reverse=True)


def test_a_deletion_dies(mortal: Any) -> None:
    found = []
    for image_id, moment in deaths(mortal, delete, lambda: mortal.alice.active(DATA)["id"]):
        found.append(mortal.alice.get(f"/v2/images/{image_id}").status_code)
        if found[-1] == 200:
            assert_whole(mortal, image_id, moment)
        settle(mortal.service)
        if found[-1] == 200:
            assert_whole(mortal, image_id, moment)
        assert_gone(mortal, image_id, moment)
    assert set(found) == {200, 404} or not EVERY
    assert found == sorted(found)


def test_an_import_dies(mortal: Any) -> None:
    for image_id, moment in deaths(mortal, import_staged, lambda: mortal.alice.create()["id"]):
        status = mortal.alice.show(image_id)["status"]
        if status != "active":
            assert data_of(mortal.alice, image_id) == b"", moment
        settle(mortal.service)
        status = mortal.alice.show(image_id)["status"]
        if status == "uploading":
            answer = mortal.alice.import_(image_id, stores=["fast", "cheap"])
            assert answer.status_code == 202, (moment, answer.text)
            settle(mortal.service)
            status = "active"
        if status == "active":
            assert_whole(mortal, image_id, moment, copies=2)
        else:
            assert_not_there(mortal, image_id, moment)
        assert_gone(mortal, image_id, moment)


def test_a_copy_to_another_store_dies(mortal: Any) -> None:
    for image_id, moment in deaths(
        mortal, copy, lambda: mortal.alice.active(DATA)["id"], mortal.admin
    ):
        assert data_of(mortal.alice, image_id) == DATA, moment
        if "cheap" in mortal.alice.show(image_id)["stores"]:
            assert mortal.blobs().count(len(DATA)) == 2, moment
        settle(mortal.service)
        if "cheap" not in mortal.alice.show(image_id)["stores"]:
            assert_whole(mortal, image_id, moment)
            copy(mortal.service, mortal.admin, image_id)
        assert_whole(mortal, image_id, moment, copies=2)
        assert_gone(mortal, image_id, moment)


def test_a_change_dies(mortal: Any) -> None:
    before = {"name": "before", "tags": ["before"], "visibility": "shared"}
    seen = []
    for image_id, moment in deaths(mortal, change, lambda: mortal.alice.create(**before)["id"]):
        image = mortal.alice.show(image_id)
        seen.append([image[name] for name in (*before, "os_distro") if name in image])
        assert seen[-1] in (
            ["before", ["before"], "shared"],
            ["after", ["after"], "community", "after"],
        ), moment
        assert_gone(mortal, image_id, moment)
    assert len({str(each) for each in seen}) == 2 or not EVERY


def test_a_recovery_dies(mortal: Any) -> None:
    """At every moment of recovering from a death at every moment of an upload."""
    tried = 0
    for number in itertools.count(2, 1 if EVERY else 8):
        image_id = mortal.alice.create()["id"]
        if mortal.die(upload, image_id, number) is None:
            break
        for again in range(1, MOST, STEP):
            let_time_pass(mortal.service)
            if mortal.die(recover, image_id, again) is None:
                break
            tried += 1
        settle(mortal.service)
        moment = f"upload {number}"
        if mortal.alice.show(image_id)["status"] == "active":
            assert_whole(mortal, image_id, moment)
        else:
            assert_not_there(mortal, image_id, moment)
        assert_gone(mortal, image_id, moment)
    assert tried > 2
