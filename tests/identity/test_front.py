"""Who is asking, where a front has authenticated them and says so in headers."""

from __future__ import annotations

from typing import Any

import pytest
from site_under_test import Site

SAID = {
    "X-Identity-Status": "Confirmed",
    "X-User-Id": "u1",
    "X-User-Name": "ana",
    "X-Project-Id": "p1",
    "X-Project-Name": "lab",
    "X-Domain-Id": "",
    "X-Roles": "Member, load-balancer_member",
}


@pytest.fixture
def fronted(make_site: Any) -> Site:
    """A service that believes what it is told from two networks."""
    site: Site = make_site(auth_strategy="front", front_networks=["127.0.0.1/32", "fd00::/8"])
    return site


def ask(site: Site, said: dict[str, str], address: str = "127.0.0.1") -> Any:
    return site.client.get("/v2/whoami", headers=said, environ_base={"REMOTE_ADDR": address})


@pytest.mark.parametrize("address", ["127.0.0.1", "fd00::1"])
def test_a_front_says_who_is_asking(fronted: Site, address: str) -> None:
    response = ask(fronted, SAID, address)

    assert response.json | {"request_id": None} == {
        "user_id": "u1",
        "user_name": "ana",
        "project_id": "p1",
        "project_name": "lab",
        "scope": "project",
        "domain_id": None,
        "roles": ["load-balancer_member", "member", "reader"],
        "service_roles": [],
        "request_id": None,
    }
    assert response.json["request_id"] == response.headers["X-Openstack-Request-Id"]


@pytest.mark.parametrize("address", ["127.0.0.2", "10.0.0.1", "::1", "fe00::1", "", "unix:"])
def test_from_elsewhere_nobody_is_believed(fronted: Site, address: str) -> None:
    response = ask(fronted, SAID, address)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "said",
    [
        {"X-Identity-Status": "Invalid"},
        {"X-Identity-Status": ""},
        {"X-Identity-Status": "confirmed"},
        {"X-User-Id": ""},
        {"X-User-Id": "  "},
    ],
)
def test_whom_a_front_does_not_confirm_is_nobody(fronted: Site, said: dict[str, str]) -> None:
    assert ask(fronted, SAID | said).status_code == 401


@pytest.mark.parametrize(
    "said, scope",
    [
        ({"X-Domain-Id": "d1"}, "project"),
        ({"X-Project-Id": "", "X-Domain-Id": "d1", "OpenStack-System-Scope": "all"}, "domain"),
        ({"X-Project-Id": "", "OpenStack-System-Scope": "all"}, "system"),
        ({"X-Project-Id": ""}, None),
    ],
)
def test_a_front_says_for_what_somebody_asks(
    fronted: Site, said: dict[str, str], scope: str | None
) -> None:
    told = ask(fronted, SAID | said).json

    assert told["scope"] == scope
    assert told["project_id"] == ("p1" if scope == "project" else None)
    assert told["domain_id"] == (said.get("X-Domain-Id") or None)


def test_roles_of_a_service_count_only_if_they_are_confirmed(fronted: Site) -> None:
    service = {"X-Service-Roles": "service, admin"}

    assert ask(fronted, SAID | service).json["service_roles"] == []
    service["X-Service-Identity-Status"] = "Invalid"
    assert ask(fronted, SAID | service).json["service_roles"] == []
    service["X-Service-Identity-Status"] = "Confirmed"
    told = ask(fronted, SAID | service).json
    assert told["service_roles"] == ["admin", "member", "reader", "service"]
    assert told["roles"] == ["load-balancer_member", "member", "reader"]


def test_an_address_that_was_forwarded_makes_nobody_a_front(make_site: Any) -> None:
    site: Site = make_site(
        auth_strategy="front",
        front_networks=["10.0.0.0/8"],
        oslo_middleware={"enable_proxy_headers_parsing": True},
    )
    forwarded = SAID | {"X-Forwarded-For": "10.0.0.1"}

    assert ask(site, forwarded, "127.0.0.1").status_code == 401
    assert ask(site, SAID | {"X-Forwarded-For": "192.0.2.1"}, "10.0.0.1").status_code == 200


def test_a_token_is_worth_nothing_behind_a_front(fronted: Site) -> None:
    assert fronted.status("x" * 43) == 401
