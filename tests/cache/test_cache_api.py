"""The answers of the cache's routes, to whom, and with the cache on and off."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service, some_id

from glance_shim import errors
from glance_shim.stores.cache import open_cache

PERSONS = ("admin", "alice", "alice_reader", "bob", "carol", "nobody")
UNSEEING = ("bob", "carol")

ROUTES = [
    # method, path, answer to: admin, others, those who do not see the image
    ("GET", "/v2/cache", 200, 403, 403),
    ("DELETE", "/v2/cache", 204, 403, 403),
    ("PUT", "/v2/cache/{image}", 202, 403, 404),
    ("DELETE", "/v2/cache/{image}", 204, 403, 404),
    ("GET", "/v2/cache/nodes/{image}", 200, 403, 404),
    ("POST", "/v2/cache/clean", 200, 403, 403),
    ("POST", "/v2/cache/prune", 200, 403, 403),
    ("PUT", "/v2/cache/{unknown}", 404, 404, 404),
    ("DELETE", "/v2/cache/{unknown}", 404, 404, 404),
    ("GET", "/v2/cache/nodes/{unknown}", 404, 404, 404),
    ("PUT", "/v2/cache/unknown", 404, 404, 404),
    ("DELETE", "/v2/cache/unknown", 404, 404, 404),
]
WRONG_METHODS = [
    ("GET", "/v2/cache/{image}", {"PUT", "DELETE"}),
    ("POST", "/v2/cache/{image}", {"PUT", "DELETE"}),
    ("PUT", "/v2/cache", {"GET", "DELETE"}),
    ("POST", "/v2/cache", {"GET", "DELETE"}),
    ("PUT", "/v2/cache/nodes/{image}", {"GET"}),
    *((method, "/v2/cache/clean", {"POST"}) for method in ("GET", "PUT", "DELETE", "PATCH")),
    *((method, "/v2/cache/prune", {"POST"}) for method in ("GET", "PUT", "DELETE", "PATCH")),
]


@pytest.fixture(params=PERSONS)
def person(request: pytest.FixtureRequest) -> tuple[str, Person]:
    return request.param, request.getfixturevalue(request.param)


def expected(name: str, admin: int, others: int, unseeing: int) -> int:
    if name == "nobody":
        return 401
    return admin if name == "admin" else unseeing if name in UNSEEING else others


@pytest.mark.parametrize("method, path, to_admin, to_others, to_unseeing", ROUTES)
def test_who_gets_which_answer(
    person: Any,
    image: str,
    method: str,
    path: str,
    to_admin: int,
    to_others: int,
    to_unseeing: int,
) -> None:
    name, client = person

    answer = client.request(method, path.format(image=image, unknown=some_id()))

    assert answer.status_code == expected(name, to_admin, to_others, to_unseeing)


@pytest.fixture
def off(make_service: Any) -> Service:
    """A service without a cache; the size makes it one of its own."""
    return make_service(image_cache_max_size=12345)


@pytest.mark.parametrize("method, path, to_admin, to_others, to_unseeing", ROUTES)
@pytest.mark.parametrize("role", ["admin", "member"])
def test_without_a_cache_administrators_find_nothing(
    off: Service,
    role: str,
    method: str,
    path: str,
    to_admin: int,
    to_others: int,
    to_unseeing: int,
) -> None:
    client = off.person("p1", role)
    image = off.person("p1", "member").active()["id"]

    answer = client.request(method, path.format(image=image, unknown=some_id()))

    assert answer.status_code == (404 if role == "admin" else to_others)


@pytest.mark.parametrize("method, path, allowed", WRONG_METHODS)
def test_other_methods_are_refused(
    admin: Person, image: str, method: str, path: str, allowed: set[str]
) -> None:
    answer = admin.request(method, path.format(image=image))

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("method, path", [route[:2] for route in ROUTES[:7]])
def test_a_body_is_refused(admin: Person, image: str, method: str, path: str) -> None:
    assert admin.request(method, path.format(image=image), json={}).status_code == 400


def test_answers_without_content_have_none(admin: Person, image: str) -> None:
    for method, path in (("PUT", f"/{image}"), ("POST", "/clean"), ("DELETE", f"/{image}")):
        assert admin.request(method, f"/v2/cache{path}").data == b""


def test_what_is_not_active_is_not_queued(admin: Person, alice: Person, image: str) -> None:
    queued = alice.create()["id"]
    alice.post(f"/v2/images/{image}/actions/deactivate")

    assert admin.put(f"/v2/cache/{queued}").status_code == 400
    assert admin.put(f"/v2/cache/{image}").status_code == 400


def test_an_entry_says_what_and_how_often_and_when(
    node: Any, admin: Person, image: str
) -> None:
    began = time.time()
    admin.put(f"/v2/cache/{image}")
    node.settle()

    (entry,) = admin.get("/v2/cache").json["cached_images"]

    assert entry == {
        "id": entry["id"],
        "image_id": image,
        "size": 10,
        "hits": 0,
        "last_accessed": entry["last_accessed"],
        "last_modified": entry["last_modified"],
        "checksum": None,
    }
    assert isinstance(entry["id"], int)
    for name in ("last_accessed", "last_modified"):
        assert isinstance(entry[name], float) and began <= entry[name] <= time.time()


def test_the_queue_is_listed_in_the_order_of_processing(
    node: Any, admin: Person, alice: Person, upload: Any
) -> None:
    images = [upload(alice) for _ in range(3)]
    for image_id in (images[2], images[0], images[1]):
        node.only_queue(image_id)

    assert admin.get("/v2/cache").json == {
        "cached_images": [],
        "queued_images": [images[2], images[0], images[1]],
    }


@pytest.mark.parametrize(
    "target, code, cached, queued",
    [
        (None, 204, 0, 0),
        ("", 204, 0, 0),
        ("cache", 204, 0, 1),
        ("Cache", 204, 0, 1),
        ("QUEUE", 204, 1, 0),
        ("zz", 400, 1, 1),
        ("both", 400, 1, 1),
    ],
)
def test_clearing(
    node: Any,
    admin: Person,
    alice: Person,
    upload: Any,
    target: str | None,
    code: int,
    cached: int,
    queued: int,
) -> None:
    admin.put(f"/v2/cache/{upload(alice)}")
    node.settle()
    node.only_queue(upload(alice))
    headers = {} if target is None else {"x-image-cache-clear-target": target}

    assert admin.delete("/v2/cache", headers=headers).status_code == code

    left = admin.get("/v2/cache").json
    assert (len(left["cached_images"]), len(left["queued_images"])) == (cached, queued)
    assert len(node.files()) == cached


def test_deleting_takes_an_image_out_of_the_cache_and_out_of_the_queue(
    node: Any, admin: Person, alice: Person, upload: Any
) -> None:
    cached, queued = upload(alice), upload(alice)
    admin.put(f"/v2/cache/{cached}")
    node.settle()
    node.only_queue(queued)

    for image_id in (cached, queued):
        assert admin.delete(f"/v2/cache/{image_id}").status_code == 204

    assert node.entries() == [] and node.files() == []
    assert admin.delete(f"/v2/cache/{cached}").status_code == 204


def test_a_deleted_image_that_is_still_cached_can_be_taken_out(
    node: Any, admin: Person, alice: Person, carol: Person, image: str, monkeypatch: Any
) -> None:
    admin.put(f"/v2/cache/{image}")
    node.settle()
    monkeypatch.setattr("glance_shim.core.cache.forget", lambda *args: None)
    alice.delete(f"/v2/images/{image}")

    assert alice.delete(f"/v2/cache/{image}").status_code == 404
    assert admin.delete(f"/v2/cache/{image}").status_code == 204
    assert admin.delete(f"/v2/cache/{image}").status_code == 404
    assert node.files() == []


def test_nodes_are_told_by_their_urls(make_node: Any, upload: Any) -> None:
    node = make_node(worker_self_reference_url="http://node7:9292")
    admin, alice = (node.service.person("p1", role) for role in ("admin", "member"))
    image_id = upload(alice)
    assert admin.get(f"/v2/cache/nodes/{image_id}").json == []

    admin.put(f"/v2/cache/{image_id}")
    node.settle()

    assert admin.get(f"/v2/cache/nodes/{image_id}").json == ["http://node7:9292"]


@pytest.mark.parametrize("driver", ["sqlite", "xattr"])
def test_nodes_are_told_by_one_driver_only(make_node: Any, upload: Any, driver: str) -> None:
    node = make_node(image_cache_driver=driver)
    admin, alice = (node.service.person("p1", role) for role in ("admin", "member"))

    assert admin.get(f"/v2/cache/nodes/{upload(alice)}").status_code == 409
    assert admin.get(f"/v2/cache/nodes/{some_id()}").status_code == 404
    assert alice.get(f"/v2/cache/nodes/{upload(alice)}").status_code == 403
    assert admin.get("/v2/cache").status_code == 200


def test_the_directory_of_a_store_is_not_taken(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (tmp_path / "link").symlink_to(images)

    for directory in (images, tmp_path / "link", tmp_path / "x" / ".." / "images"):
        with pytest.raises(errors.ConfigurationError, match="also the directory of a store"):
            open_cache(str(directory), [str(images)])
    assert list(images.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(errors.ConfigurationError, match="cannot be made"):
        open_cache(str(tmp_path / "file" / "cache"), [])
