"""Limits that a real Keystone keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environments
import pages
import pytest
import yaml
from people import Person, Service
from real_keystone import Keystone
from terminal import Terminal

from glance_shim import clock, errors
from glance_shim.core.identity.keystone import KeystoneUnavailable
from glance_shim.core.identity.keystone_limits import FRESH, STALE
from glance_shim.db import connection

MIB = 1 << 20


@pytest.fixture(scope="module")
def endpoint(keystone: Keystone) -> dict[str, str]:
    """The endpoint of this service in the catalog; the service user may read its limits."""
    service = keystone.add("service", type="image", name="glance")["id"]
    user = keystone.get("/users?name=glance")["users"][0]["id"]
    keystone.grant_system(user, "reader")
    return keystone.add(
        "endpoint",
        service_id=service,
        interface="public",
        region_id="RegionOne",
        url="http://127.0.0.1:1",
    )


@pytest.fixture(scope="module")
def registered(keystone: Keystone, endpoint: dict[str, str]) -> dict[str, str]:
    """Defaults for all projects: 2 MiB stored, 1 staged, 3 images; none for uploads."""
    defaults = {"image_size_total": 2, "image_stage_total": 1, "image_count_total": 3}
    limits = [
        {
            "service_id": endpoint["service_id"],
            "region_id": "RegionOne",
            "resource_name": name,
            "default_limit": value,
        }
        for name, value in defaults.items()
    ]
    answer = keystone.request("POST", "/registered_limits", {"registered_limits": limits})
    return {each["resource_name"]: each["id"] for each in answer.json["registered_limits"]}


@pytest.fixture
def options(endpoint: dict[str, str], keystone: Keystone) -> dict[str, str]:
    """The section ``[oslo_limit]`` as operators have it for Glance."""
    return {
        "auth_type": "password",
        "auth_url": keystone.url,
        "username": "glance",
        "user_domain_id": "default",
        "password": keystone.service_password,
        "system_scope": "all",
        "endpoint_id": endpoint["id"],
    }


@pytest.fixture
def service(
    make_service: Any,
    keystone: Keystone,
    registered: dict[str, str],
    options: dict[str, str],
) -> Service:
    made: Service = make_service(
        auth_strategy="keystone",
        keystone_authtoken=keystone.authtoken(),
        oslo_limit=options,
        use_keystone_limits=True,
        user_storage_quota="1B",
    )
    made.deployment.tokens.forget()
    made.deployment.quotas.forget()
    return made


@pytest.fixture
def allow(
    keystone: Keystone, endpoint: dict[str, str], registered: dict[str, str]
) -> Iterator[Any]:
    """``allow(alice, image_count_total=5)``: limits of her own, until the end of the test."""
    made = []

    def set_(person: Person, **values: int) -> None:
        limits = [
            {
                "service_id": endpoint["service_id"],
                "region_id": "RegionOne",
                "project_id": person.project_id,
                "resource_name": name,
                "resource_limit": value,
            }
            for name, value in values.items()
        ]
        answer = keystone.request("POST", "/limits", {"limits": limits})
        made.extend(each["id"] for each in answer.json["limits"])

    yield set_
    for limit in made:
        keystone.request("DELETE", f"/limits/{limit}")


@pytest.fixture
def uploads(keystone: Keystone, endpoint: dict[str, str]) -> Iterator[None]:
    """Registers how many uploads are allowed, which is not for the other tests."""
    limit = {
        "service_id": endpoint["service_id"],
        "resource_name": "image_count_uploading",
        "default_limit": 1,
    }
    answer = keystone.request("POST", "/registered_limits", {"registered_limits": [limit]})
    yield
    (made,) = answer.json["registered_limits"]
    keystone.request("DELETE", f"/registered_limits/{made['id']}")


@pytest.fixture
def unregistered(keystone: Keystone, registered: dict[str, str]) -> Iterator[None]:
    """How much may be stored is registered by the test, and as before after it."""
    path = "/registered_limits/{}"
    before = keystone.get(path.format(registered["image_size_total"]))["registered_limit"]
    keystone.request("DELETE", path.format(before["id"]))
    yield
    query = "/registered_limits?resource_name=image_size_total"
    [named] = keystone.get(query)["registered_limits"]
    body = {"registered_limit": {"default_limit": before["default_limit"]}}
    assert keystone.request("PATCH", path.format(named["id"]), body).status == 200


@pytest.fixture
def terminal(keystone: Keystone, tmp_path: Path) -> Terminal:
    """The stock clients, with the administrator in ``clouds.yaml``."""
    commands = environments.find("clients")
    if commands is None:
        pytest.skip("the stock clients are not installed")
    auth = {
        "auth_url": keystone.url,
        "username": "admin",
        "password": keystone.admin_password,
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(yaml.safe_dump({"clouds": {"admin": {"auth": auth}}}))
    return Terminal(commands, tmp_path, OS_CLIENT_CONFIG_FILE=str(clouds))


def test_what_is_registered_holds_for_every_project(alice: Person, bob: Person) -> None:
    for _ in range(3):
        alice.create()
    refused = alice.post("/v2/images", json={})

    assert refused.status_code == 413
    assert "at most 3 images (image_count_total)" in refused.text
    assert bob.create()


def test_a_projects_own_limit_goes_first(alice: Person, allow: Any) -> None:
    allow(alice, image_count_total=1)
    alice.create()

    assert alice.post("/v2/images", json={}).status_code == 413


def test_what_is_not_registered_is_not_allowed(alice: Person) -> None:
    image = alice.create()
    refused = alice.upload(image["id"], b"x")

    assert refused.status_code == 413
    assert "image_count_uploading" in refused.text
    assert alice.show(image["id"])["status"] == "queued"


def test_a_limit_without_a_region_counts_everywhere(alice: Person, uploads: None) -> None:
    image = alice.create()

    assert alice.upload(image["id"], b"x").status_code == 204


def test_storage_is_limited_and_no_other_quota_counts(alice: Person, uploads: None) -> None:
    small, large = alice.create(), alice.create()

    assert alice.upload(small["id"], b"x" * MIB).status_code == 204
    assert alice.upload(large["id"], b"x" * (MIB + 1)).status_code == 413
    assert alice.upload(large["id"], b"x" * MIB).status_code == 204


def test_usage_shows_the_limits(alice: Person) -> None:
    alice.create()
    usage = alice.get("/v2/info/usage").json["usage"]

    assert usage["image_count_total"] == {"usage": 1, "limit": 3}
    assert usage["image_size_total"] == {"usage": 0, "limit": 2}
    assert usage["image_count_uploading"] == {"usage": 0, "limit": 0}


def test_the_commands_of_the_page_set_limits(
    unregistered: None, terminal: Terminal, keystone: Keystone, service: Service, alice: Person
) -> None:
    lab = keystone.project("lab")
    page = pages.ROOT / "docs" / "how-to" / "quotas.md"
    [script] = [text for kind, text in pages.blocks(page) if text.startswith("openstack ")]
    terminal.run("bash", "-euc", script)

    with connection.connected(service.deployment.database):
        limits = [service.deployment.quotas.limits(p) for p in (lab, alice.project_id)]
    [own] = keystone.get(f"/limits?project_id={lab}")["limits"]
    keystone.request("DELETE", f"/limits/{own['id']}")
    assert [each["image_size_total"] for each in limits] == [50000, 10000]


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as it is here."""
    time = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: time[0])
    return time


def test_a_new_limit_counts_within_a_minute(
    alice: Person, allow: Any, moment: list[float]
) -> None:
    alice.create()
    allow(alice, image_count_total=1)
    assert alice.create()

    moment[0] += FRESH + 1
    assert alice.post("/v2/images", json={}).status_code == 413


def test_limits_outlive_a_keystone_that_is_away(
    alice: Person, service: Service, keystone: Keystone, moment: list[float]
) -> None:
    alice.create()
    keystone.stop()
    try:
        moment[0] += FRESH + 1
        still = alice.post("/v2/images", json={})
        moment[0] += STALE
        known = service.deployment.quotas
        with (
            connection.connected(service.deployment.database),
            pytest.raises(KeystoneUnavailable),
        ):
            known.limits(alice.project_id)
    finally:
        keystone.start()

    assert still.status_code == 201


def test_limits_nobody_can_look_up_are_not_guessed(
    make_service: Any, keystone: Keystone, options: dict[str, str], users: Any
) -> None:
    service = make_service(
        auth_strategy="keystone",
        keystone_authtoken=keystone.authtoken(),
        oslo_limit={**options, "endpoint_id": "unknown"},
        use_keystone_limits=True,
    )
    user = users["alice"]
    alice = Person(service.app, keystone.token(user.name, user.password, "p1"), None)
    answer = alice.post("/v2/images", json={})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_the_endpoint_is_found_by_service_and_region(
    make_service: Any,
    keystone: Keystone,
    options: dict[str, str],
    users: Any,
    registered: dict[str, str],
) -> None:
    found = {"endpoint_service_type": "image", "endpoint_region_name": "RegionOne"}
    service = make_service(
        auth_strategy="keystone",
        keystone_authtoken=keystone.authtoken(),
        oslo_limit={k: v for k, v in options.items() if k != "endpoint_id"} | found,
        use_keystone_limits=True,
    )
    user = users["alice"]
    alice = Person(service.app, keystone.token(user.name, user.password, "p1"), None)

    assert alice.get("/v2/info/usage").json["usage"]["image_count_total"]["limit"] == 3


def test_without_an_endpoint_it_does_not_start(
    make_service: Any, keystone: Keystone, options: dict[str, str]
) -> None:
    del options["endpoint_id"]
    with pytest.raises(errors.ConfigurationError, match="endpoint_id"):
        make_service(
            keystone_authtoken=keystone.authtoken(),
            oslo_limit=options,
            use_keystone_limits=True,
        )
