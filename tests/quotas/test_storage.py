"""How much a project may store, and how much may wait to be imported."""

from __future__ import annotations

from typing import Any

import pytest
from bodies import arriving
from people import Person, Service, some_id
from web_source import DATA, Source, web

MIB = 1 << 20


@pytest.fixture
def offered(source: str) -> Any:
    """``offered(size)``: the import of so much data, the size announced or not."""

    def method(size: int, announced: bool = True) -> dict[str, str]:
        headers = {"Content-Length": str(size)} if announced else {}
        path = f"/sized-{size}-{announced}"
        Source.answers[path] = (200, headers, b"x" * size)
        return web(source, path)

    return method


def put(person: Person, image_id: str, what: str, size: int, how: str) -> Any:
    """PUT so much data whose size is announced, declared, or not known before."""
    path, data = f"/v2/images/{image_id}/{what}", b"x" * size
    if how == "announced":
        return person.put(path, data=data, content_type="application/octet-stream")
    headers = {"x-openstack-image-size": str(size)} if how == "declared" else {}
    return person.put(path, **arriving(data[: size // 2], data[size // 2 :], **headers))


WAYS = ("announced", "declared", "unknown")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("what, name", [("file", "size"), ("stage", "stage")])
@pytest.mark.parametrize(
    "size, code",
    [(0, 204), (MIB, 204), (MIB + 1, 413), (20 * MIB, 413)],
    ids=["nothing", "all", "one byte more", "far more"],
)
def test_a_project_takes_in_as_much_as_it_may(
    service: Service,
    alice: Person,
    limit: Any,
    used: Any,
    how: str,
    what: str,
    name: str,
    size: int,
    code: int,
) -> None:
    limit(alice, **{f"image_{name}_total": 1})
    image_id = alice.create()["id"]
    response = put(alice, image_id, what, size, how)

    assert response.status_code == code
    kept = service.blobs() if what == "file" else service.staged()
    if code == 204:
        assert used(alice)[f"image_{name}_total"] == size // MIB
        assert [path.stat().st_size for path in kept] == [size]
    else:
        for word in (f"image_{name}_total", str(MIB), alice.project_id or ""):
            assert word in response.text
        assert alice.show(image_id)["status"] == "queued"
        assert kept == [] and set(used(alice).values()) == {0, 1}
        assert put(alice, image_id, what, MIB, how).status_code == 204


def test_what_waits_and_what_is_stored_are_counted_apart(
    service: Service, alice: Person, limit: Any, used: Any
) -> None:
    limit(alice, image_size_total=2, image_stage_total=3)
    waiting, other = alice.create()["id"], alice.create()["id"]
    assert alice.stage(waiting, b"x" * 3 * MIB).status_code == 204
    assert alice.upload(other, b"x" * 2 * MIB).status_code == 204

    both = {"image_size_total": 2, "image_stage_total": 3}
    assert {name: used(alice)[name] for name in both} == both


def test_staged_data_that_does_not_fit_is_not_imported(
    service: Service, alice: Person, limit: Any, used: Any, task_message: Any
) -> None:
    limit(alice, image_size_total=1)
    image_id = alice.create()["id"]
    assert alice.stage(image_id, b"x" * (MIB + 1)).status_code == 204
    assert alice.import_(image_id).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["size"]) == ("queued", None)
    assert image["os_glance_importing_to_stores"] == image["os_glance_failed_import"] == ""
    assert "image_size_total" in task_message(image_id)
    assert service.staged() == service.blobs() == []
    assert used(alice)["image_stage_total"] == 0
    assert alice.stage(image_id, b"x" * MIB).status_code == 204
    assert alice.import_(image_id).status_code == 202
    service.work()
    assert alice.show(image_id)["status"] == "active"


@pytest.mark.parametrize("must_succeed", [True, False])
def test_each_store_that_has_the_data_counts(
    service: Service,
    alice: Person,
    limit: Any,
    used: Any,
    task_message: Any,
    must_succeed: bool,
) -> None:
    limit(alice, image_size_total=1)
    image_id = alice.create()["id"]
    alice.stage(image_id, b"x" * (MIB - 1))
    body = {"all_stores": True, "all_stores_must_succeed": must_succeed}
    assert alice.import_(image_id, **body).status_code == 202
    service.work()

    image = alice.show(image_id)
    if must_succeed:
        assert image["status"] == "queued"
        assert image["os_glance_failed_import"] == "cheap,fast"
        assert "image_size_total" in task_message(image_id)
        assert service.blobs() == []
    else:
        assert (image["status"], image["stores"]) == ("active", "fast")
        assert image["os_glance_failed_import"] == "cheap"
        assert len(service.blobs()) == 1


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    "name, size, fits",
    [
        ("image_size_total", MIB, True),
        ("image_size_total", MIB + 1, False),
        ("image_stage_total", MIB, True),
        ("image_stage_total", MIB + 1, False),
        ("image_stage_total", 3 * MIB, False),
    ],
)
def test_what_is_fetched_fits_or_is_given_up(
    service: Service,
    alice: Person,
    offered: Any,
    limit: Any,
    used: Any,
    task_message: Any,
    name: str,
    size: int,
    fits: bool,
    announced: bool,
) -> None:
    limit(alice, **{name: 1})
    image_id = alice.create()["id"]
    assert alice.import_(image_id, offered(size, announced)).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert service.staged() == []
    if fits:
        assert (image["status"], image["size"]) == ("active", size)
    else:
        assert (image["status"], image["size"]) == ("queued", None)
        assert name in task_message(image_id)
        assert service.blobs() == [] and used(alice)["image_size_total"] == 0


def test_what_one_image_has_staged_is_not_there_for_another(
    service: Service, alice: Person, offered: Any, limit: Any, task_message: Any
) -> None:
    limit(alice, image_stage_total=2)
    waiting, other = alice.create()["id"], alice.create()["id"]
    assert alice.stage(waiting, b"x" * MIB).status_code == 204

    assert alice.import_(other, offered(MIB + 1, False)).status_code == 202
    service.work()
    assert "image_stage_total" in task_message(other)
    assert alice.import_(other, offered(MIB, False)).status_code == 202
    service.work()
    assert alice.show(other)["status"] == "active"
    assert alice.show(waiting)["status"] == "uploading"


@pytest.mark.parametrize(
    "limits, refused_by, failed",
    [
        ({"image_stage_total": 1}, "image_stage_total", ""),
        ({"image_stage_total": 2, "image_size_total": 3}, "image_size_total", "cheap"),
    ],
)
def test_64_a_copy_needs_room_in_staging_and_in_the_store(
    service: Service,
    alice: Person,
    boss: Person,
    limit: Any,
    used: Any,
    task_message: Any,
    limits: dict[str, int],
    refused_by: str,
    failed: str,
) -> None:
    image_id = alice.active(b"x" * 2 * MIB)["id"]
    limit(alice, **limits)
    assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["stores"]) == ("active", "fast")
    assert image["os_glance_importing_to_stores"] == ""
    assert image["os_glance_failed_import"] == failed
    assert refused_by in task_message(image_id)
    assert service.staged() == [] and len(service.blobs()) == 1

    limit(alice, image_stage_total=2, image_size_total=4)
    assert boss.import_(image_id, "copy-image", stores=["cheap"]).status_code == 202
    service.work()
    assert alice.show(image_id)["stores"] == "fast,cheap"
    assert used(alice)["image_size_total"] == 4
    assert used(boss)["image_size_total"] == 0


METHODS = ["glance-direct", "copy-image", {"name": "web-download", "uri": "http://h/"}]


@pytest.mark.parametrize("method", METHODS)
def test_63_who_is_over_the_limit_imports_nothing(
    alice: Person, boss: Person, limit: Any, method: Any
) -> None:
    image_id = alice.active(b"x" * 2 * MIB)["id"]
    assert alice.import_(some_id(), method).status_code == 404
    limit(alice, image_size_total=1)

    for wanted in (image_id, alice.create()["id"], some_id()):
        response = alice.import_(wanted, method)
        assert response.status_code == 413
        assert "image_size_total" in response.text
    # Who only acts for the project is not over its own limit.
    assert boss.import_(some_id(), method).status_code == 404
    assert boss.import_(image_id, method).status_code == 413


@pytest.fixture
def small(make_service: Any) -> Service:
    return make_service(user_storage_quota="1KB")


def test_65_the_storage_quota_of_the_options_binds_what_is_stored(small: Service) -> None:
    alice = small.person("p1", "member")
    image_id = alice.create()["id"]
    refused = alice.upload(image_id, b"x" * 1500)
    assert refused.status_code == 413 and "user_storage_quota" in refused.text
    assert alice.stage(image_id, b"x" * 1500).status_code == 204
    assert alice.import_(image_id).status_code == 202
    small.work()

    assert alice.show(image_id)["status"] == "queued"
    (task,) = alice.get(f"/v2/images/{image_id}/tasks").json["tasks"]
    assert task["status"] == "failure" and "user_storage_quota" in task["message"]
    assert small.staged() == small.blobs() == []
    assert alice.upload(image_id, b"x" * 1024).status_code == 204
    assert alice.upload(alice.create()["id"], b"x").status_code == 413


@pytest.mark.parametrize("validated", [False, True])
def test_data_elsewhere_counts_when_it_is_referred_to(
    service: Service,
    alice: Person,
    source: str,
    offered: Any,
    limit: Any,
    used: Any,
    task_message: Any,
    validated: bool,
) -> None:
    limit(alice, image_size_total=1)
    image_id = alice.create()["id"]
    path = f"/v2/images/{image_id}/locations"
    body = {"url": offered(MIB + 1)["uri"]}
    known = {"os_hash_algo": "sha256", "os_hash_value": "0" * 64}
    body |= {"validation_data": known} if validated else {}
    assert alice.post(path, json=body).status_code == 202
    service.work()

    image = alice.show(image_id)
    assert (image["status"], image["size"]) == ("queued", None)
    assert "image_size_total" in task_message(image_id)
    assert alice.post(path, json={"url": f"{source}/data"}).status_code == 202
    service.work()
    assert alice.show(image_id)["size"] == len(DATA)


def test_who_uploads_for_another_project_uses_its_room(
    alice: Person, boss: Person, limit: Any, used: Any
) -> None:
    limit(boss, image_size_total=0, image_stage_total=0, image_count_uploading=0)
    limit(alice, image_size_total=1)
    image_id = alice.create()["id"]

    assert boss.upload(image_id, b"x" * (MIB + 1)).status_code == 413
    assert boss.upload(image_id, b"x" * MIB).status_code == 204
    assert used(alice)["image_size_total"] == 1
    assert set(used(boss).values()) == {0}
