"""Options that shape answers, each seen from outside."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from people import V21, Person, Service
from scenes import DATA, file_of

from glance_shim import config, errors


def test_public_endpoint_is_the_address_in_links(make_service: Any) -> None:
    for given in ("https://images.example.org/image", "https://images.example.org/image//"):
        nobody = make_service(public_endpoint=given).nobody()
        (href,) = {
            link["href"]
            for version in nobody.get("/versions").json["versions"]
            for link in version["links"]
        }
        assert href == "https://images.example.org/image/v2/"


@pytest.mark.parametrize("believed", [False, True])
def test_enable_proxy_headers_parsing_believes_the_proxy(
    make_service: Any, believed: bool
) -> None:
    options = {"enable_proxy_headers_parsing": True} if believed else {}
    nobody = make_service(oslo_middleware=options).nobody()

    response = nobody.get(
        "/versions",
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "images.example.org"},
    )

    href = response.json["versions"][0]["links"][0]["href"]
    assert href == ("https://images.example.org/v2/" if believed else "http://localhost/v2/")


def test_mount_path_moves_everything(make_service: Any) -> None:
    service = make_service(mount_path="/image")
    alice = service.person("p1", "member")

    response = alice.post("/image/v2/images", json={})
    assert response.status_code == 201
    path = f"/image/v2/images/{response.json['id']}"
    assert alice.get(path).status_code == 200
    assert alice.get(path.removeprefix("/image")).status_code == 404
    assert service.nobody().get("/image/healthcheck").status_code == 200


def test_enabled_backends_are_announced(make_service: Any, alice: Person) -> None:
    service = make_service(
        enabled_backends={"fast": "file", "cheap": "file"},
        glance_store={"default_backend": "cheap"},
        fast={"store_description": "All flash"},
    )
    somebody, admin = service.person("p1", "member"), service.person("admin", "admin")

    assert somebody.get("/v2/info/stores").json == {
        "stores": [
            {"id": "fast", "description": "All flash"},
            {"id": "cheap", "default": "true"},
        ]
    }
    assert somebody.active()["stores"] == "cheap"
    assert somebody.get("/v2/info/stores/detail").status_code == 403
    detail = admin.get("/v2/info/stores/detail").json["stores"]
    assert [(store["id"], store["type"]) for store in detail] == [
        ("fast", "file"),
        ("cheap", "file"),
    ]
    versions = [v["id"] for v in somebody.get("/versions").json["versions"]]
    assert "v2.13" in versions
    assert somebody.get("/v2.13/images").status_code == 200
    # With one store there is nothing to tell.
    assert alice.get("/v2/info/stores").status_code == 404
    assert alice.get("/v2.13/images").status_code == 300


@pytest.mark.parametrize("shown", [False, True])
def test_show_image_direct_url_shows_where_the_data_is(make_service: Any, shown: bool) -> None:
    service = make_service(show_image_direct_url=shown)
    alice, carol = service.person("p1", "member"), service.person("p3", "member")
    admin = service.person("admin", "admin")
    image = alice.active()

    assert ("direct_url" in alice.show(image["id"])) is shown
    assert "direct_url" not in alice.create()
    admin.set(image["id"], visibility="public")
    assert ("direct_url" in admin.show(image["id"])) is shown
    # Others may see the image, but not where its data is.
    assert "direct_url" not in carol.show(image["id"])
    if shown:
        assert alice.show(image["id"])["direct_url"].startswith("file://")


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "blake2b", "blake2s"])
def test_hashing_algorithm_makes_os_hash_value(make_service: Any, algorithm: str) -> None:
    image = make_service(hashing_algorithm=algorithm).person("p1", "member").active()

    assert image["os_hash_algo"] == algorithm
    assert image["os_hash_value"] == hashlib.new(algorithm, DATA).hexdigest()
    assert image["checksum"] == hashlib.md5(DATA).hexdigest()


@pytest.mark.parametrize("kind", ["disk", "container"])
def test_the_formats_are_the_operators(make_service: Any, kind: str) -> None:
    service = make_service(image_format={f"{kind}_formats": ["raw", "bare", "gpt"]})
    alice = service.person("p1", "member")

    properties = alice.get("/v2/schemas/image").json["properties"]
    assert properties[f"{kind}_format"]["enum"] == [None, "raw", "bare", "gpt"]
    image = alice.create(**{f"{kind}_format": "gpt"})
    assert image[f"{kind}_format"] == "gpt"
    assert alice.post("/v2/images", json={f"{kind}_format": "ami"}).status_code == 400
    assert alice.set(image["id"], **{f"{kind}_format": "ami"}).status_code == 400


@pytest.mark.parametrize("required, code", [(True, 415), (False, 204)])
def test_require_image_format_match_refuses_other_content(
    make_service: Any, required: bool, code: int
) -> None:
    service = make_service(image_format={"require_image_format_match": required})
    alice = service.person("p1", "member")

    assert alice.upload(alice.create(disk_format="qcow2")["id"]).status_code == code


@pytest.mark.parametrize(
    "limit, count, code", [(3, 3, 201), (3, 4, 413), (0, 1, 413), (-1, 200, 201)]
)
@pytest.mark.parametrize("what", ["property", "tag"])
def test_the_quotas_of_properties_and_tags(
    make_service: Any, what: str, limit: int, count: int, code: int
) -> None:
    alice = make_service(**{f"image_{what}_quota": limit}).person("p1", "member")
    names = [f"n{number}" for number in range(count)]
    body = {"tags": names} if what == "tag" else dict.fromkeys(names, "x")

    assert alice.post("/v2/images", json=body).status_code == code


@pytest.mark.parametrize(
    "limit, count, code", [(2, 2, 200), (2, 3, 413), (0, 1, 413), (-1, 150, 200)]
)
def test_image_member_quota(make_service: Any, limit: int, count: int, code: int) -> None:
    alice = make_service(image_member_quota=limit).person("p1", "member")
    path = f"/v2/images/{alice.create()['id']}/members"

    codes = [alice.post(path, json={"member": f"p{n}"}).status_code for n in range(count)]

    assert codes == [200] * (count - 1) + [code]


@pytest.mark.parametrize(
    "quota, size, code",
    [
        ("10", 10, 204),
        ("10", 11, 413),
        ("10B", 11, 413),
        ("1KB", 1024, 204),
        ("1KB", 1025, 413),
        ("1MB", 1 << 20, 204),
        ("1MB", (1 << 20) + 1, 413),
        ("1TB", 5000, 204),
        ("0", 5000, 204),
    ],
)
def test_user_storage_quota(make_service: Any, quota: str, size: int, code: int) -> None:
    alice = make_service(user_storage_quota=quota).person("p1", "member")

    assert alice.upload(alice.create()["id"], b"x" * size).status_code == code


@pytest.mark.parametrize("quota", ["x", "-1", "10 apples", "1.5GB"])
def test_a_quota_that_is_no_size_keeps_the_service_from_starting(
    make_service: Any, quota: str
) -> None:
    with pytest.raises(errors.ConfigurationError):
        make_service(user_storage_quota=quota)


def test_limit_param_default_and_api_limit_max(make_service: Any) -> None:
    alice = make_service(limit_param_default=2, api_limit_max=3).person("p1", "member")
    for _ in range(5):
        alice.create()

    for query, count in (("", 2), ("?limit=1", 1), ("?limit=3", 3), ("?limit=100", 3)):
        page = alice.get(f"/v2/images{query}").json
        assert len(page["images"]) == count
        assert "next" in page
    assert len(alice.ids("?limit=100")) == 5
    assert "limit=100" in alice.get("/v2/images?limit=100").json["next"]


@pytest.mark.parametrize("delayed", [False, True])
def test_delayed_delete_keeps_the_data(make_service: Any, delayed: bool) -> None:
    service = make_service(delayed_delete=delayed, scrub_time=3600)
    alice, admin = service.person("p1", "member"), service.person("admin", "admin")
    image = alice.active()

    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204

    assert len(service.blobs()) == (1 if delayed else 0)
    for person in (alice, admin):
        assert person.get(f"/v2/images/{image['id']}").status_code == 404
        assert person.get(file_of(image)).status_code == 404
        assert person.ids() == []
        assert person.delete(f"/v2/images/{image['id']}").status_code == 404
    assert alice.post("/v2/images", json={"id": image["id"]}).status_code == 409


@pytest.mark.parametrize("form", ["flat", "with required"])
def test_image_schema_file_describes_more_properties(
    make_service: Any, tmp_path: Path, form: str
) -> None:
    definitions = {
        "kernel_id": {"type": ["null", "string"], "pattern": "^[0-9a-f-]{36}$"},
        "os_distro": {"type": "string", "description": "The distribution"},
        "deletion_policy": {"type": "string", "enum": ["keep", "delete"]},
    }
    path = tmp_path / "schema-image.json"
    path.write_text(
        json.dumps(
            definitions
            if form == "flat"
            else {"properties": definitions, "required": ["os_distro"]}
        )
    )
    alice = make_service(image_schema_file=str(path)).person("p1", "member")

    properties = alice.get("/v2/schemas/image").json["properties"]
    assert properties["os_distro"] == {**definitions["os_distro"], "is_base": False}
    assert "is_base" not in properties["name"]
    image = alice.create(os_distro="fedora", kernel_id=None, other="x")
    assert image["kernel_id"] is None
    assert image["other"] == "x"
    for wrong in ({"kernel_id": "x"}, {"deletion_policy": "burn"}, {"os_distro": None}):
        body = {"os_distro": "fedora", **wrong}
        assert alice.post("/v2/images", json=body).status_code == 400
        ((name, value),) = wrong.items()
        operation = {"op": "add", "path": f"/{name}", "value": value}
        assert alice.patch(image["id"], operation).status_code == 400
    assert alice.post("/v2/images", json={}).status_code == (201 if form == "flat" else 400)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 5}', '{"a": {"pattern": "("}}'])
def test_a_schema_file_that_cannot_be_used_keeps_the_service_from_starting(
    make_service: Any, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "schema-image.json"
    path.write_text(text)

    with pytest.raises(errors.ConfigurationError):
        make_service(image_schema_file=str(path))


@pytest.mark.parametrize("allowed", [False, True])
def test_allow_anonymous_access_lets_anybody_read_what_is_public(
    make_service: Any, allowed: bool
) -> None:
    service = make_service(allow_anonymous_access=allowed)
    admin, nobody = service.person("admin", "admin"), service.nobody()
    public, private = admin.create(visibility="public"), admin.create(visibility="private")
    path = f"/v2/images/{public['id']}"

    if not allowed:
        assert nobody.get(path).status_code == 401
        return
    assert nobody.get(path).json["id"] == public["id"]
    assert nobody.ids() == [public["id"]]
    assert nobody.get(f"/v2/images/{private['id']}").status_code == 404
    assert nobody.get("/v2/schemas/image").status_code == 200
    for response in (
        nobody.post("/v2/images", json={}),
        nobody.set(public["id"], name="x"),
        nobody.delete(path),
        nobody.put(f"{path}/tags/x"),
        nobody.upload(public["id"]),
        nobody.post(f"{path}/actions/deactivate"),
    ):
        assert response.status_code == 403
    assert admin.show(public["id"]) == public
    # A token that is not valid is no way to be nobody.
    assert Person(service.app, "nonsense", None).get(path).status_code == 401


def test_max_request_id_length(make_service: Any) -> None:
    alice = make_service(max_request_id_length=40).person("p1", "member")

    for length, code in ((40, 200), (41, 431)):
        headers = {"X-Openstack-Request-Id": "a" * length}
        assert alice.get("/v2/images", headers=headers).status_code == code


def test_max_json_body(make_service: Any) -> None:
    alice = make_service(max_json_body=1024).person("p1", "member")
    image = alice.create()

    assert alice.post("/v2/images", data=b"{}".ljust(1024)).status_code == 201
    assert alice.post("/v2/images", data=b"{}".ljust(1025)).status_code == 413
    patch = alice.request(
        "PATCH", f"/v2/images/{image['id']}", data=b"[]".ljust(1025), content_type=V21
    )
    assert patch.status_code == 413
    # Data is no JSON.
    assert alice.upload(image["id"], b"x" * 5000).status_code == 204


def test_policy_file_replaces_rules(make_service: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('"download_image": "role:reader"\n"publicize_image": "role:member"\n')
    service = make_service(oslo_policy={"policy_file": str(path)})
    alice, reader = service.person("p1", "member"), service.person("p1", "reader")
    image = alice.active()

    assert reader.get(file_of(image)).status_code == 200
    assert alice.set(image["id"], visibility="public").status_code == 200
    assert reader.set(image["id"], name="x").status_code == 403


def test_cors_max_age(make_service: Any) -> None:
    nobody = make_service(cors={"allowed_origin": ["http://x"], "max_age": 5}).nobody()
    headers = {"Origin": "http://x", "Access-Control-Request-Method": "GET"}

    response = nobody.request("OPTIONS", "/v2/images", headers=headers)

    assert response.headers["Access-Control-Max-Age"] == "5"


def test_region_is_the_one_in_the_catalog(make_service: Any) -> None:
    alice = make_service(identity={"region": "north"}).person("p1", "member")

    catalog = alice.get("/identity/v3/auth/catalog").json["catalog"]

    regions = {endpoint["region"] for entry in catalog for endpoint in entry["endpoints"]}
    assert regions == {"north"}


def test_without_authentication_everybody_is_an_administrator(make_service: Any) -> None:
    nobody = make_service(auth_strategy="none", bind_host="127.0.0.1").nobody()

    image = nobody.active(visibility="public")

    assert nobody.get(file_of(image)).data == DATA
    assert nobody.get("/v2/info/stores/detail").status_code == 404


def test_admin_token_is_the_only_way_in(make_service: Any) -> None:
    service: Service = make_service(auth_strategy="admin_token", admin_token="t" * 16)

    assert service.nobody().get("/v2/images").status_code == 401
    assert Person(service.app, "T" * 16, None).get("/v2/images").status_code == 401
    operator = Person(service.app, "t" * 16, None)
    assert operator.create(visibility="public")["visibility"] == "public"


@pytest.mark.parametrize(
    "options",
    [
        {"auth_strategy": "none", "bind_host": "0.0.0.0"},
        {"auth_strategy": "admin_token", "admin_token": "short"},
        {"auth_strategy": "nosuch"},
        {"mount_path": "image"},
        {"mount_path": "/image/"},
        {"hashing_algorithm": "md4"},
        {"enabled_backends": {"fast": "nosuch"}},
        {"enabled_backends": {"os_glance_staging_store": "file"}},
        {"enabled_backends": {"fast": "file"}, "glance_store": {"default_backend": "cheap"}},
    ],
)
def test_options_that_cannot_be_meant_keep_the_service_from_starting(
    make_service: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(errors.ConfigurationError):
        make_service(**options)


def test_option_values_are_shown_by_name_only():
    loaded = config.load([], {"DEFAULT": {"admin_token": "canary-canary-canary"}})

    assert "admin_token" in repr(loaded)
    assert "canary" not in repr(loaded)
