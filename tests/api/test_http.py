"""Errors, routing, bodies and paths: what holds for every call."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from people import Person, Service, some_id
from scenes import file_of

UUID = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"
IMAGE = "/v2/images/{image}"

# Path and the value of Allow.
ROUTES = [
    ("/v2/images", "GET, POST"),
    (IMAGE, "GET, PATCH, DELETE"),
    (f"{IMAGE}/file", "GET, PUT"),
    (f"{IMAGE}/actions/deactivate", "POST"),
    (f"{IMAGE}/actions/reactivate", "POST"),
    (f"{IMAGE}/tags/x", "PUT, DELETE"),
    (f"{IMAGE}/members", "GET, POST"),
    (f"{IMAGE}/members/m", "GET, PUT, DELETE"),
    ("/v2/schemas/image", "GET"),
    ("/v2/schemas/images", "GET"),
    ("/v2/schemas/member", "GET"),
    ("/v2/schemas/members", "GET"),
    ("/v2/info/stores", "GET"),
    ("/v2/info/stores/detail", "GET"),
]
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW")


def methods_of(allow: str) -> set[str]:
    return set(allow.split(", "))


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/*",
        "application/json, text/plain, */*",
        "text/html;q=0.5, application/json",
        "text/html, application/json",
        "text/plain",
        "application/xml",
        "application/octet-stream",
        "nonsense;;;q=,",
    ],
)
def test_an_error_is_a_nested_json_object(alice: Person, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}

    response = alice.get("/v2/images/nope", headers=headers)

    assert response.status_code == 404
    assert response.content_type == "application/json"
    assert set(response.json) == {"error"}
    assert set(response.json["error"]) == {"code", "title", "message"}
    assert response.json["error"]["code"] == 404
    assert response.json["error"]["title"] == "Not Found"
    assert "nope" in response.json["error"]["message"]


@pytest.mark.parametrize(
    "accept",
    ["text/html", "text/html, application/json;q=0.9", "text/html, */*;q=0.8", "text/*"],
)
def test_an_error_is_a_page_for_who_prefers_pages(alice: Person, accept: str) -> None:
    response = alice.get("/v2/images/nope", headers={"Accept": accept})

    assert response.status_code == 404
    assert response.content_type.startswith("text/html")
    assert "<title>404 Not Found</title>" in response.text
    assert "<h1>404 Not Found</h1>" in response.text
    assert "nope" in response.text


def test_nothing_of_a_request_becomes_markup(alice: Person) -> None:
    evil = "<script>alert('\"1\"')</script>"

    response = alice.post(
        "/v2/images", json={"visibility": evil}, headers={"Accept": "text/html"}
    )

    assert response.status_code == 400
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(response.text)
    assert set(tags) <= {"html", "head", "title", "body", "h1", "br"}
    assert "'" not in response.text.partition("<h1>")[2]


@pytest.mark.parametrize("path, allow", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_a_path_has_not_is_refused_and_the_others_named(
    alice: Person, path: str, allow: str, method: str
) -> None:
    if method in methods_of(allow):
        return
    path = path.format(image=alice.create()["id"])

    response = alice.request(method, path)

    assert response.status_code == 405
    assert response.headers["Allow"] == allow
    assert method != "HEAD" or response.data == b""


@pytest.mark.parametrize("path, allow", ROUTES)
def test_a_method_that_a_path_has_is_served(alice: Person, path: str, allow: str) -> None:
    for method in methods_of(allow):
        image = alice.create()["id"]
        assert alice.request(method, path.format(image=image)).status_code not in (405, 501)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/foo",
        "/v2/schemas",
        "/v2/images/",
        f"{IMAGE}/",
        f"{IMAGE}.json",
        f"{IMAGE}/file/",
        f"{IMAGE}/nosuch",
        f"{IMAGE}/tags",
        f"{IMAGE}/actions",
        "/v2/images/" + "a" * 300,
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
def test_unknown_paths_are_not_found(alice: Person, path: str, method: str) -> None:
    path = path.format(image=alice.create()["id"])
    exists = len(path) > 300 or path.endswith(".json")
    response = alice.request(method, path, content_type="application/json")

    if exists and method not in ("GET", "DELETE"):
        assert response.status_code in (404, 405, 415)
    else:
        assert response.status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "PROPFIND"])
def test_an_odd_method_on_an_unknown_path_is_not_implemented(
    alice: Person, method: str
) -> None:
    assert alice.request(method, "/v2/foo").status_code == 501


@pytest.mark.parametrize(
    "path", ["/v2/images", "/v2/images/nope/file", "/v2/foo", "/v2", "/v2/schemas/image"]
)
def test_options_are_answered_to_anybody(alice: Person, nobody: Person, path: str) -> None:
    for person in (alice, nobody):
        response = person.request("OPTIONS", path)
        assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize("path", [path for path, _ in ROUTES] + ["/v2/foo", "/v2/images/"])
@pytest.mark.parametrize("token", [None, "", "nonsense", "a" * 4000, "\xe4"])
def test_without_a_token_nothing_is_told(
    alice: Person, nobody: Person, path: str, token: str | None
) -> None:
    headers = {} if token is None else {"X-Auth-Token": token}
    path = path.format(image=alice.create()["id"])

    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        response = nobody.request(method, path, headers=headers)

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Keystone uri=")
        assert response.json["error"]["code"] == 401


@pytest.mark.parametrize(
    "header", ["X-Roles", "X-Project-Id", "X-User-Id", "X-Identity-Status", "X-Tenant-Id"]
)
def test_identity_headers_from_outside_mean_nothing(
    alice: Person, nobody: Person, admin: Person, header: str
) -> None:
    image = admin.create(visibility="private")
    headers = {header: "admin", "X-Roles": "admin", "X-Project-Id": admin.project_id}

    assert nobody.get("/v2/images", headers=headers).status_code == 401
    path = f"/v2/images/{image['id']}"
    assert alice.get(path, headers=headers).status_code == 404
    headers["X-Service-Token"] = "nonsense"
    assert alice.get(path, headers=headers).status_code in (401, 404)


@pytest.mark.parametrize(
    "path", ["/", "/versions", "/v1/images", "/v3/images", "/healthcheck", "/foo"]
)
def test_some_paths_need_no_token(service: Service, nobody: Person, path: str) -> None:
    for person in (nobody, Person(service.app, "nonsense", None)):
        assert person.get(path).status_code in (200, 300)


@pytest.mark.parametrize(
    "given, expected",
    [
        ("abc", "req-abc"),
        ("req-abc", "req-abc"),
        ("req-" + "a" * 60, "req-" + "a" * 60),
        ("a" * 64, "req-" + "a" * 64),
    ],
)
def test_a_request_id_is_taken_from_the_client(
    alice: Person, given: str, expected: str
) -> None:
    for path in ("/v2/images", "/v2/images/nope", "/v2/foo"):
        response = alice.get(path, headers={"X-Openstack-Request-Id": given})
        assert response.headers["X-Openstack-Request-Id"] == expected


def test_each_request_gets_an_id_of_its_own(alice: Person) -> None:
    pattern = "req-" + UUID.replace("x", "[0-9a-f]")
    found = set()
    for _ in range(3):
        for path in ("/v2/images", "/v2/images/nope", "/v2/foo"):
            found.add(alice.get(path).headers["X-Openstack-Request-Id"])

    assert len(found) == 9
    assert all(re.fullmatch(pattern.replace("-8[", "-[89ab]["), text) for text in found)


@pytest.mark.parametrize("length", [65, 1000, 7000])
def test_a_request_id_may_be_too_long(alice: Person, length: int) -> None:
    response = alice.get("/v2/images", headers={"X-Openstack-Request-Id": "a" * length})

    assert response.status_code == 431
    assert "a" * 65 not in response.text


def test_a_request_id_with_odd_characters_is_not_repeated(alice: Person) -> None:
    for given in ("a b", "\xe4", "<script>", "a\tb", ""):
        response = alice.get("/v2/images", headers={"X-Openstack-Request-Id": given})
        assert response.status_code == 200
        assert re.fullmatch(r"req-[\w-]+", response.headers["X-Openstack-Request-Id"])


BODILESS = [
    ("GET", IMAGE),
    ("GET", f"{IMAGE}/file"),
    ("GET", f"{IMAGE}/members"),
    ("GET", f"{IMAGE}/members/m"),
    ("GET", "/v2/schemas/image"),
    ("GET", "/v2/info/stores"),
    ("DELETE", IMAGE),
    ("DELETE", f"{IMAGE}/tags/x"),
    ("DELETE", f"{IMAGE}/members/m"),
    ("PUT", f"{IMAGE}/tags/x"),
    ("POST", f"{IMAGE}/actions/deactivate"),
    ("POST", f"{IMAGE}/actions/reactivate"),
]


@pytest.mark.parametrize("method, path", BODILESS)
def test_a_body_where_none_belongs_is_refused(alice: Person, method: str, path: str) -> None:
    image = alice.create(tags=["x"])

    for image_id in (image["id"], some_id()):
        response = alice.request(method, path.format(image=image_id), data=b"{}")
        assert response.status_code == 400
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize("method, path", BODILESS)
def test_a_body_is_announced_by_its_length_or_by_chunks(
    alice: Person, method: str, path: str
) -> None:
    path = path.format(image=some_id())
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    response = alice.request(method, path, environ_overrides={"CONTENT_LENGTH": "0"})
    assert response.status_code in (200, 404)
    response = alice.request(method, path, environ_overrides=chunked)
    if method in ("POST", "PUT", "PATCH"):
        assert response.status_code == 400
    else:
        assert response.status_code in (200, 404)


def test_lists_ignore_a_body(alice: Person) -> None:
    assert alice.get("/v2/images", json={"a": 1}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v2/images?name=%FF", "/v2/images?%FF=x", "/v2/images?tag=%C3"]
)
def test_a_query_that_is_not_utf_8_is_refused(alice: Person, path: str) -> None:
    assert alice.get(path).status_code == 400


@pytest.mark.parametrize("method, path", BODILESS)
@pytest.mark.parametrize("part", ["%FF", "%C3%28", "%00", "%0D%0Aevil:%20yes"])
def test_a_path_with_odd_bytes_is_refused(
    alice: Person, method: str, path: str, part: str
) -> None:
    response = alice.request(method, path.format(image=part))

    assert response.status_code in (200, 400, 404) if "{image}" not in path else (400, 404)
    assert "evil" not in response.headers


@pytest.mark.parametrize(
    "path", ["//v2/images", "/v2//images", "///v2///images", "//v2.5//images", "/v2/images"]
)
def test_repeated_slashes_are_tolerated_and_nothing_is_redirected(
    alice: Person, path: str
) -> None:
    image = alice.create()

    def at(path: str) -> dict[str, Any]:
        # A client library would take "//v2" for the name of a host.
        return {"path": "/v2", "environ_overrides": {"PATH_INFO": path}}

    assert alice.get(**at(path)).json["images"] == [image]
    assert alice.put(**at(f"{path}/{image['id']}//tags//x")).status_code == 204
    assert alice.post(**at(path), json={}).status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        "/v2/images/",
        "/v2/./images",
        "/v2/images/..",
        "/v2/%2e/images",
        "/v2/images/%2e%2e",
        "/v2/images/%2e%2e%2fimages",
        "/v2/images;x",
        "/v2/images%00",
        "/v2/images%0d%0a",
        "/v2/%69mages/",
        "/v2/images/..;/x",
        "/v2/images\\",
    ],
)
def test_confusing_paths_lead_nowhere(alice: Person, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        # Some of them have the form of an image's own path, which takes no PUT.
        expected = (400, 404, 405) if method == "PUT" else (400, 404)
        assert alice.request(method, path).status_code in expected


def test_answers_are_json_without_charset_and_unescaped(alice: Person) -> None:
    image = alice.create(name="größe 日本")

    for path in (f"/v2/images/{image['id']}", "/v2/images"):
        response = alice.get(path)
        assert response.headers["Content-Type"] == "application/json"
        assert "größe 日本".encode() in response.data


def test_empty_answers_are_empty(alice: Person) -> None:
    image = alice.create()

    for response in (
        alice.upload(image["id"]),
        alice.put(f"/v2/images/{image['id']}/tags/x"),
        alice.post(f"/v2/images/{image['id']}/actions/deactivate"),
        alice.delete(f"/v2/images/{image['id']}"),
    ):
        assert (response.status_code, response.data) == (204, b"")


def test_nothing_is_compressed(alice: Person) -> None:
    image = alice.active(b"a" * 100_000)

    for path in (file_of(image), "/v2/images", f"/v2/images/{image['id']}"):
        response = alice.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert "Content-Encoding" not in response.headers


def test_unknown_schemas_are_not_found(alice: Person) -> None:
    for name in ("location", "Image", "images.json", "nosuch"):
        assert alice.get(f"/v2/schemas/{name}").status_code == 404


def test_usage_shows_no_limits_where_none_are_set(alice: Person) -> None:
    usage = alice.get("/v2/info/usage").json["usage"]

    assert {name: entry["limit"] for name, entry in usage.items()} == {
        "image_size_total": -1,
        "image_stage_total": -1,
        "image_count_total": -1,
        "image_count_uploading": -1,
    }
