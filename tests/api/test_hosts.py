"""The host that a request names: what may stand in links, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from people import Service

EVIL = "evil.example.net"
PAGE = {"Accept": "text/html"}
ODD = [
    "evil.example.net/path",
    "user@evil.example.net",
    "evil.example.net:port",
    "evil.example.net:80:80",
    "evil.example.net:999999",
    "evil example.net",
    "evil.example.net\t",
    'evil"onload=x',
    "evil'onload=x",
    "<script>evil</script>",
    "evil?x=y",
    "evil#x",
    "evil\\example",
    "evil,example.net",
    "evil%0d%0aX-Evil: 1",
    "[evil]",
    "[::1",
    "évil.example.net",
    "{{evil}}",
]
GOOD = ["images", "images.example.org:9292", "10.0.0.7", "[2001:db8::7]:9292", "glance_shim:80"]
PATHS = [
    ("/", {}),
    ("/versions", {}),
    ("/v2/images", {}),
    ("/v2/nothing", {}),
    ("/dashboard/login", PAGE),
    ("/dashboard/nothing", PAGE),
    ("/", PAGE),
    ("/docs", PAGE),
    ("/docs/openapi.json", {}),
    ("/identity/v3", {}),
]


@pytest.mark.parametrize("host", ODD)
def test_what_names_no_host_is_refused_and_stands_nowhere(service: Service, host: str) -> None:
    for path, headers in PATHS:
        response = service.nobody().get(path, headers={**headers, "Host": host})
        assert response.status_code == 400
        assert "evil" not in response.get_data(as_text=True) + str(response.headers)


@pytest.mark.parametrize("host", GOOD)
def test_any_name_and_address_stands_in_links(service: Service, host: str) -> None:
    (link,) = service.nobody().get("/", headers={"Host": host}).json["versions"][0]["links"]
    assert link["href"] == f"http://{host.removesuffix(':80')}/v2/"


def _told(service: Service, headers: dict[str, str]) -> str:
    """All that anybody is told who asks with these headers."""
    alice, admin = service.person("p1", "member"), service.person("p1", "admin")
    answers = [
        *(service.nobody().get(path, headers={**headers, **more}) for path, more in PATHS),
        alice.post("/v2/images", json={}, headers=headers),
        alice.get("/v2/images", headers=headers),
        admin.post("/v2/metadefs/namespaces", json={"namespace": "N"}, headers=headers),
    ]
    return "".join(each.get_data(as_text=True) + str(each.headers) for each in answers)


def test_with_a_public_endpoint_no_other_host_stands_anywhere(make_service: Any) -> None:
    service = make_service(public_endpoint="https://images.example.org/image")
    headers = {"Host": EVIL, "X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"}
    told = _told(service, headers)

    assert "evil" not in told
    assert "Location: https://images.example.org/image/v2/images/" in told


def test_without_one_forwarded_hosts_stand_nowhere(service: Service) -> None:
    headers = {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}", "X-Host": EVIL}
    assert "evil" not in _told(service, headers)


def test_where_hosts_are_named_others_are_refused(make_service: Any) -> None:
    nobody = make_service(
        allowed_hosts=["Images.example.org", "10.0.0.7", "::1"],
        public_endpoint="https://public.example.org",
    ).nobody()

    def code(host: str, path: str = "/versions") -> int:
        return nobody.get(path, headers={"Host": host}).status_code

    for host in ("images.example.org", "IMAGES.example.org:9292", "10.0.0.7:80", "[::1]:9292"):
        assert code(host) == 200
    assert code("public.example.org") == 200
    for host in (EVIL, "xn.images.example.org", "images.example.org.evil.net", "10.0.0.8"):
        assert code(host) == 400
    assert code(EVIL, "/healthcheck") == 200


@pytest.mark.parametrize("host", ["<script>evil</script>", "evil.example.net/path"])
def test_a_proxy_that_is_believed_cannot_pass_on_an_odd_host(
    make_service: Any, host: str
) -> None:
    nobody = make_service(oslo_middleware={"enable_proxy_headers_parsing": True}).nobody()
    response = nobody.get("/versions", headers={"X-Forwarded-Host": host})

    assert response.status_code == 400
    assert "evil" not in response.get_data(as_text=True)
