"""How many images a project may have, and how many of them with data on its way."""

from __future__ import annotations

from typing import Any

import pytest
from bodies import arriving
from people import Person, Service
from web_source import web

from glance_shim.db import connection
from glance_shim.db.models.images import Image

COUNTS = {"image_count_total", "image_count_uploading"}


def post(person: Person, **document: Any) -> Any:
    return person.post("/v2/images", json=document)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_61_a_project_has_as_many_images_as_it_may(
    alice: Person, limit: Any, used: Any, number: int
) -> None:
    limit(alice, image_count_total=number)
    for _ in range(number):
        assert post(alice).status_code == 201
    refused = [post(alice) for _ in range(3)]

    assert [response.status_code for response in refused] == [413] * 3
    for word in ("image_count_total", str(number), str(number + 1), alice.project_id or ""):
        assert word in refused[0].text
    shown = alice.get("/v2/info/usage").json["usage"]["image_count_total"]
    assert shown == {"usage": number, "limit": number}
    assert len(alice.ids()) == number


def test_what_is_far_above_a_lowered_limit_stays(alice: Person, limit: Any) -> None:
    ids = [post(alice).json["id"] for _ in range(10)]
    limit(alice, image_count_total=2)

    assert post(alice).status_code == 413
    assert alice.set(ids[0], name="still mine").status_code == 200
    assert len(alice.ids()) == 10
    for image_id in ids[:9]:
        assert alice.delete(f"/v2/images/{image_id}").status_code == 204
    assert post(alice).status_code == 201


def test_every_project_has_the_limit_for_all_unless_it_has_its_own(
    service: Service, alice: Person, bob: Person, carol: Person, limit: Any
) -> None:
    limit(None, image_count_total=1)
    limit(bob, image_count_total=2)
    limit(carol, image_count_total=-1)

    for person, number in ((alice, 1), (bob, 2), (carol, 4)):
        codes = [post(person).status_code for _ in range(4)]
        assert codes == [201] * number + [413] * (4 - number)


def test_a_refused_image_leaves_its_id_free(alice: Person, bob: Person, limit: Any) -> None:
    limit(alice, image_count_total=0)
    image_id = "6c3bd1a3-9d2a-4a5f-8d3e-0a6d7a0f1c11"

    assert post(alice, id=image_id, tags=["a"], some="property").status_code == 413
    assert bob.get(f"/v2/images/{image_id}").status_code == 404
    assert post(bob, id=image_id).status_code == 201


def test_an_image_counts_for_its_owner_whoever_makes_it(
    alice: Person, boss: Person, limit: Any, used: Any
) -> None:
    limit(alice, image_count_total=1)
    limit(boss, image_count_total=0)

    assert post(boss).status_code == 413
    assert post(boss, owner=alice.project_id).status_code == 201
    refused = post(boss, owner=alice.project_id)
    assert refused.status_code == 413 and (alice.project_id or "") in refused.text
    assert post(alice).status_code == 413
    assert used(boss)["image_count_total"] == 0
    assert used(alice)["image_count_total"] == 1


def test_an_image_that_is_given_away_counts_for_who_has_it(
    alice: Person, bob: Person, boss: Person, used: Any
) -> None:
    image_id = alice.active()["id"]
    assert boss.set(image_id, owner=bob.project_id).status_code == 200

    assert used(alice)["image_count_total"] == 0
    assert used(bob)["image_count_total"] == 1


def test_nobody_can_ask_for_the_usage_of_another_project(
    alice: Person, bob: Person, used: Any
) -> None:
    alice.create()

    shown = bob.get(f"/v2/info/usage?project_id={alice.project_id}").json["usage"]
    assert shown["image_count_total"]["usage"] == 0


@pytest.mark.parametrize("status, counts", [("killed", 0), ("deactivated", 1), ("queued", 1)])
def test_images_count_unless_they_are_gone(
    service: Service, alice: Person, used: Any, status: str, counts: int
) -> None:
    image_id = alice.create()["id"]
    with connection.connected(service.deployment.database):
        Image.update(status=status).where(Image.id == image_id).execute()

    assert used(alice)["image_count_total"] == counts


def test_62_no_data_is_taken_in_where_none_may_be_on_its_way(
    service: Service, alice: Person, source: str, limit: Any, used: Any, task_message: Any
) -> None:
    limit(alice, image_count_uploading=0)
    image_id = alice.create()["id"]

    for response in (alice.upload(image_id), alice.stage(image_id)):
        assert response.status_code == 413
        assert "image_count_uploading" in response.text
        assert alice.show(image_id)["status"] == "queued"
    assert alice.import_(image_id, web(source, "/data")).status_code == 202
    service.work()
    image = alice.show(image_id)
    assert image["status"] == "queued"
    assert image["os_glance_importing_to_stores"] == image["os_glance_failed_import"] == ""
    assert "image_count_uploading" in task_message(image_id)
    assert service.staged() == service.blobs() == []
    assert used(alice)["image_count_uploading"] == 0


def test_62_a_copy_counts_as_data_on_its_way(
    service: Service, alice: Person, boss: Person, limit: Any, task_message: Any
) -> None:
    image_id = alice.active()["id"]
    limit(alice, image_count_uploading=0)
    assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["stores"]) == ("active", "fast")
    assert image["os_glance_importing_to_stores"] == image["os_glance_failed_import"] == ""
    assert "image_count_uploading" in task_message(image_id)

    limit(alice, image_count_uploading=1)
    assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()
    assert alice.show(image_id)["stores"] == "fast,cheap"


def test_one_upload_at_a_time_is_one_upload_at_a_time(
    service: Service, alice: Person, bob: Person, source: str, limit: Any, used: Any
) -> None:
    limit(None, image_count_uploading=1)
    first, second, third = (alice.create()["id"] for _ in range(3))
    foreign = bob.create()["id"]
    seen: list[Any] = []

    def meanwhile() -> None:
        seen.append(used(alice)["image_count_uploading"])
        seen.append(alice.upload(second).status_code)
        seen.append(alice.stage(second).status_code)
        seen.append(alice.import_(third, web(source, "/data")).status_code)
        service.work()
        seen.append(alice.show(third)["status"])
        seen.append(bob.upload(foreign).status_code)

    path = f"/v2/images/{first}/file"
    assert alice.put(path, **arriving(b"01234", meanwhile, b"56789")).status_code == 204
    assert seen == [1, 413, 413, 202, "queued", 204]
    assert used(alice)["image_count_uploading"] == 0
    assert alice.upload(second).status_code == 204


def test_staged_data_counts_as_on_its_way_until_it_is_imported(
    service: Service, alice: Person, limit: Any, used: Any
) -> None:
    limit(alice, image_count_uploading=1)
    waiting, other = alice.create()["id"], alice.create()["id"]
    assert alice.stage(waiting).status_code == 204

    assert used(alice)["image_count_uploading"] == 1
    assert alice.upload(other).status_code == 413
    assert alice.import_(waiting).status_code == 202
    service.work()
    assert alice.show(waiting)["status"] == "active"
    assert alice.upload(other).status_code == 204


def test_all_counts_are_shown(alice: Person, limit: Any) -> None:
    limit(alice, image_count_total=3)
    shown = alice.get("/v2/info/usage").json["usage"]

    assert shown["image_count_uploading"] == {"usage": 0, "limit": -1}
    assert set(shown) == COUNTS | {"image_size_total", "image_stage_total"}
