"""What can be read at /metrics, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

from glance_shim.api import metrics

prometheus_client = pytest.importorskip("prometheus_client")
parser = pytest.importorskip("prometheus_client.parser")


@pytest.fixture
def service(make_service: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0.0)
    return make_service(metrics={"allowed_networks": ["127.0.0.0/8"]})


@pytest.fixture
def value(nobody: Person) -> Any:
    """``value("glance_shim_images", status="active")``: a sample, 0 if there is none."""

    def read(name: str, **labels: str) -> float:
        answer = nobody.get("/metrics")
        assert answer.status_code == 200, answer.text
        samples = [
            sample
            for family in parser.text_string_to_metric_families(answer.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(sample.value for sample in samples)

    return read


def test_there_are_none_unless_somebody_may_read_them(make_service: Any) -> None:
    service = make_service(image_tag_quota=125)
    for person in (service.nobody(), service.person("admin", "admin")):
        assert person.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "address, headers, code",
    [
        ("127.0.0.1", {}, 200),
        ("127.9.9.9", {}, 200),
        ("192.0.2.1", {}, 404),
        ("::1", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 404),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ],
)
def test_they_are_read_from_the_named_networks_without_a_proxy(
    nobody: Person, address: str, headers: dict[str, str], code: int
) -> None:
    answer = nobody.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == code


def test_requests_are_counted_by_route(alice: Person, value: Any) -> None:
    labels = {"method": "GET", "route": "/v2/images/<image_id>"}
    name = "glance_shim_http_requests_total"
    image_id = alice.create()["id"]
    before = value(name, **labels, code="200"), value(name, **labels, code="404")
    timed = value("glance_shim_http_request_duration_seconds_count", **labels)

    alice.show(image_id)
    for number in range(3):
        alice.get(f"/v2/images/nothing-{number}")

    assert value(name, **labels, code="200") - before[0] == 1
    assert value(name, **labels, code="404") - before[1] == 3
    assert value("glance_shim_http_request_duration_seconds_count", **labels) - timed == 4


def test_bytes_are_counted_both_ways(alice: Person, value: Any) -> None:
    image_id = alice.create()["id"]
    received, sent = (f"glance_shim_http_{way}_bytes_total" for way in ("received", "sent"))
    before = value(received), value(sent)

    alice.upload(image_id, b"x" * 100_000)
    between = value(received), value(sent)
    alice.get(f"/v2/images/{image_id}/file")

    assert between[0] - before[0] == 100_000
    assert 100_000 <= value(sent) - between[1] < 120_000


def test_no_path_or_method_makes_a_new_label(nobody: Person, value: Any) -> None:
    def series() -> int:
        lines = nobody.get("/metrics").text.splitlines()
        return sum(line.startswith("glance_shim_http_requests_total") for line in lines)

    nobody.request("BREW", "/nothing")
    nobody.get("/nothing")
    series()
    before = series()
    for number in range(50):
        nobody.request(f"BREW{number}", f"/nothing/{number}")
        nobody.get(f"/v2x/{number}")

    assert series() == before


def test_what_the_database_knows_is_told(alice: Person, value: Any) -> None:
    alice.create()
    staged = alice.create()["id"]
    alice.stage(staged)
    alice.active()

    by_status = {
        status: value("glance_shim_images", status=status)
        for status in ("queued", "uploading", "active", "deactivated")
    }
    assert by_status == {"queued": 1, "uploading": 1, "active": 1, "deactivated": 0}
    alice.import_(staged)
    assert value("glance_shim_tasks", status="pending") == 1
    for name in ("uploads_in_flight", "removals_pending", "damaged_copies"):
        assert value(f"glance_shim_{name}") == 0
