"""``glance-shim leave``: this catalogue in another service."""

from __future__ import annotations

from typing import Any

import catalogs
from terminal import until
from two_services import Place, report

TIMES = ("created_at", "updated_at")


def leave(here: Place, there: Place, *words: str) -> dict[str, Any]:
    return report(here.run("leave", "--format", "json", *words, other=there.variables()))


def test_everything_but_times_is_as_it_was(here: Place, there: Place, last_year: Any) -> None:
    last_year(here, 40)
    foreseen = leave(here, there, "--dry-run")
    assert not catalogs.read(there.http)

    found = leave(here, there)

    wanted, brought = catalogs.read(here.http), catalogs.read(there.http)
    assert foreseen["images"] == found["images"] and found["images"]["copied"] == len(wanted)
    assert set(found["kept_otherwise"]) == set(TIMES)
    assert not catalogs.different(wanted, brought, but=TIMES)
    assert catalogs.read_definitions(there.http) == catalogs.read_definitions(here.http)


def test_a_second_run_does_nothing(here: Place, there: Place, last_year: Any) -> None:
    last_year(here, 12)
    leave(here, there)
    before = catalogs.read(there.http)

    found = leave(here, there)

    assert found["images"]["same"] == 12 and not found["results"]
    assert not catalogs.different(before, catalogs.read(there.http))


def test_what_was_left_unfinished_is_completed(here: Place, there: Place) -> None:
    image = here.admin.active(name="golden")
    here.admin.share(image["id"], "p1")
    document = {"id": image["id"], "glance_shim_leaving": "1"}
    there.admin.create(**document, owner=image["owner"])

    found = leave(here, there)

    assert found["images"]["completed"] == 1
    wanted, brought = catalogs.read(here.http), catalogs.read(there.http)
    assert not catalogs.different(wanted, brought, but=TIMES)


def test_update_brings_over_what_differs(here: Place, there: Place) -> None:
    image = here.admin.active(name="golden", colour="red", tags=["a"])
    here.admin.share(image["id"], "p1")
    here.admin.post("/v2/metadefs/namespaces", json={"namespace": "ours", "protected": True})
    leave(here, there)
    there.admin.set(image["id"], name="theirs", tags=[])
    there.admin.patch(image["id"], {"op": "add", "path": "/a~1b", "value": "x"})
    there.admin.patch(image["id"], {"op": "remove", "path": "/colour"})
    there.admin.put(f"/v2/images/{image['id']}/members/p1", json={"status": "rejected"})
    there.admin.share(image["id"], "p2")
    there.admin.post("/v2/metadefs/namespaces/ours/tags/fast")
    assert leave(here, there)["images"]["differs"] == 1

    found = leave(here, there, "--update")

    assert found["images"]["updated"] == 1 and found["namespaces"]["updated"] == 1
    wanted, brought = catalogs.read(here.http), catalogs.read(there.http)
    assert not catalogs.different(wanted, brought, but=TIMES)
    assert catalogs.read_definitions(there.http) == catalogs.read_definitions(here.http)


def test_an_id_that_is_taken_there_is_told(here: Place, there: Place) -> None:
    image = here.admin.active()
    there.admin.create(id=image["id"])
    there.admin.delete(f"/v2/images/{image['id']}")

    found = leave(here, there)

    (told,) = found["results"]
    assert told["result"] == "failed" and "409" in told["reason"]


def test_formats_that_are_not_known_there_are_told(here: Place, make_place: Any) -> None:
    there = make_place(image_format={"disk_formats": ["qcow2"]})
    here.admin.active()

    for words in (["--dry-run"], []):
        (told,) = leave(here, there, *words)["results"]
        assert told["result"] == "failed" and "disk_format raw" in told["reason"]


def test_data_that_has_rotted_here_is_not_passed_on(here: Place, there: Place) -> None:
    image = here.admin.active(b"0123456789")
    (blob,) = here.service.blobs()
    blob.chmod(0o600)
    blob.write_bytes(b"0123456780")

    found = leave(here, there)

    (told,) = found["results"]
    assert told["result"] == "failed"
    until(lambda: there.admin.show(image["id"])["status"] == "queued", "it is queued again")
