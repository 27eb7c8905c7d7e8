"""Discovery: which versions there are, and under which paths."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

SINGLE = ["v2.17", "v2.15", "v2.9"] + [f"v2.{n}" for n in range(7, -1, -1)]
MULTI = [f"v2.{n}" for n in (17, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]


@pytest.fixture
def multi(make_service: Any) -> Service:
    return make_service(enabled_backends={"fast": "file", "cheap": "file"})


def ids(response: Any) -> list[str]:
    return [entry["id"] for entry in response.json["versions"]]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/images", "/v3/images", "/foo", "/v2.99/images"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_path_without_a_version_lists_the_choices(
    nobody: Person, method: str, path: str
) -> None:
    response = nobody.request(method, path)

    assert response.status_code == 300
    assert ids(response) == SINGLE


@pytest.mark.parametrize(
    "path", ["/versions", "/versions/", "/versions/x", "/v2", "/v2/", "/v2.7"]
)
def test_the_versions_are_listed_without_a_token(nobody: Person, path: str) -> None:
    response = nobody.get(path)

    assert response.status_code == 200
    assert ids(response) == SINGLE


def test_each_entry_has_what_clients_read_and_nothing_else(nobody: Person) -> None:
    entries = nobody.get("/").json["versions"]

    assert [entry["status"] for entry in entries] == ["CURRENT"] + ["SUPPORTED"] * 10
    for entry in entries:
        assert entry.keys() == {"id", "status", "links"}
        assert entry["links"] == [{"rel": "self", "href": "http://localhost/v2/"}]


def test_several_stores_are_announced(multi: Service) -> None:
    assert ids(multi.nobody().get("/")) == MULTI


def test_every_announced_version_is_served_alike(multi: Service) -> None:
    alice = multi.person("p1", "member")
    image = alice.create()

    for version in MULTI:
        assert alice.get(f"/{version}/images/{image['id']}").json == image


def test_a_version_that_is_not_announced_is_not_served(alice: Person) -> None:
    assert alice.get("/v2.8/images").status_code == 300


def test_a_bad_token_does_no_harm(service: Service) -> None:
    assert Person(service.app, "bad", None).get("/versions").status_code == 200


@pytest.mark.parametrize(
    "path, accept, code",
    [
        ("/images", "application/vnd.openstack.images-v2", 200),
        ("/images", "application/vnd.openstack.images-v2.5", 200),
        ("/images", "application/vnd.openstack.images-v9", 300),
        ("/images", "application/json", 300),
    ],
)
def test_the_version_may_be_in_the_accept_header(
    alice: Person, path: str, accept: str, code: int
) -> None:
    assert alice.get(path, headers={"Accept": accept}).status_code == code


def test_the_public_endpoint_stands_in_links(make_service: Any) -> None:
    service = make_service(public_endpoint="https://images.example.org/image/")
    entry = service.nobody().get("/").json["versions"][0]

    assert entry["links"][0]["href"] == "https://images.example.org/image/v2/"


def test_everything_can_be_mounted_under_a_path(make_service: Any) -> None:
    service = make_service(mount_path="/image")
    alice = service.person("p1", "member")

    assert alice.get("/image").json["versions"][0]["links"][0]["href"].endswith("/image/v2/")
    image = alice.post("/image/v2/images", json={}).json
    assert image["self"] == f"/v2/images/{image['id']}"
    assert alice.get("/image/v2/images?limit=1").json["next"].startswith("/v2/images?")
    assert alice.get("/image/identity/v3").status_code == 200
    assert alice.get("/v2/images").status_code == 404


def test_forwarded_headers_count_only_where_the_operator_says_so(make_service: Any) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "front.example.org"}
    hrefs = []
    for enabled in (False, True):
        service = make_service(oslo_middleware={"enable_proxy_headers_parsing": enabled})
        entry = service.nobody().get("/", headers=headers).json["versions"][0]
        hrefs.append(entry["links"][0]["href"])

    assert hrefs == ["http://localhost/v2/", "https://front.example.org/v2/"]
