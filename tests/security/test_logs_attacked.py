"""What comes into the log, and into answers that tell of failures."""

from __future__ import annotations

import io
import logging
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import routes
from people import Person, Service, some_id

from glance_shim import config, logs
from glance_shim.core import images

FORGED = "x\r\n2026-01-01T00:00:00.000Z INFO forged [req-forged] forged\x1b[31m\u2028\u202e"
CANARY = "canary-3f1c0e9a"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that the program logs, as it would stand in the log, from DEBUG on."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.Formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def service(make_service: Any, tmp_path: Any) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file"},
        image_cache_dir=str(tmp_path / "cache"),
    )


def test_T_HTTP_14_nobody_writes_a_line_of_the_log(
    service: Service, alice: Person, log: io.StringIO
) -> None:
    image = alice.active()
    quoted = FORGED.replace("%", "%25").replace("\r", "%0d").replace("\n", "%0a")
    headers = {
        name: FORGED.replace("\r", "").replace("\n", " ").encode().decode("latin-1")
        for name in (
            "X-Openstack-Request-Id",
            "User-Agent",
            "X-Image-Meta-Store",
            "X-Auth-Token",
        )
    }
    calls = [("GET", f"/v2/images/{quoted}", {}), ("GET", f"/v2/images?name={quoted}", {})]
    calls += [("PUT", f"/v2/images/{image['id']}/tags/{quoted}", {})]
    calls += [("POST", "/v2/images", {"json": {"name": FORGED, "note": FORGED}})]
    method = {"name": "web-download", "uri": f"http://8.8.8.8/{FORGED}"}
    calls += [("POST", f"/v2/images/{image['id']}/import", {"json": {"method": method}})]
    calls += [("GET", "/v2/images", {"headers": headers})]

    for method_, path, kwargs in calls:
        assert alice.request(method_, path, **kwargs).status_code < 500
    logging.getLogger("glance_shim").warning("Image %s has a name", FORGED)

    lines = log.getvalue().split("\n")
    assert not [line for line in lines if line.startswith("2026-01-01T00:00:00.000Z")]
    assert not set("\r\x1b\u2028\u202e") & set(log.getvalue())
    assert "\\x0d\\x0a2026-01-01" in log.getvalue()


def test_H_33_no_credential_is_in_a_log_or_answer(
    service: Service, alice: Person, log: io.StringIO
) -> None:
    image_id = alice.active()["id"]
    nova = service.person("services", "service")
    secrets = {
        "X-Service-Token": str(nova.token),
        "X-Subject-Token": f"{CANARY}-subject",
        "Cookie": f"glance_shim_session={CANARY}",
        "Authorization": f"Basic {CANARY}",
    }

    told = []
    for method, path, body in routes.calls(service, image_id=image_id, store_id="fast"):
        if method != "DELETE" and "tokens" not in path:
            response = alice.request(method, path, headers=secrets, **body)
            told.append(response.get_data(as_text=True))
            told.append(str(response.headers))
    wrong = service.nobody().get("/v2/images", headers={"X-Auth-Token": f"{CANARY}-token"})
    told.append(wrong.get_data(as_text=True))

    assert wrong.status_code == 401
    for text in (*told, log.getvalue()):
        assert CANARY not in text
        assert str(alice.token) not in text and str(nova.token) not in text
    assert log.getvalue()


def test_P_22_a_defect_of_ours_tells_nothing(
    alice: Person, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"{CANARY} in /etc/passwd, SELECT * FROM users")

    for name in ("get", "get_all", "create", "update", "delete"):
        monkeypatch.setattr(images, name, fail)
    answers = [
        alice.get("/v2/images"),
        alice.get(f"/v2/images/{some_id()}"),
        alice.post("/v2/images", json={"name": "typed"}),
        alice.get(f"/v2/images/{some_id()}", headers={"Accept": "text/html"}),
    ]

    assert {answer.status_code for answer in answers} == {500}
    for answer in answers:
        text = answer.get_data(as_text=True)
        assert not [word for word in (CANARY, "passwd", "SELECT", "Traceback") if word in text]
        assert answer.headers["X-Openstack-Request-Id"] in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert str(alice.token) not in log.getvalue() and "typed" not in log.getvalue()


def test_P_29_what_is_sent_fills_no_log(
    service: Service, alice: Person, log: io.StringIO
) -> None:
    long = "x" * 60_000
    for _ in range(20):
        alice.get("/v2/images", headers={"X-Openstack-Request-Id": long, "User-Agent": long})
        alice.post("/v2/images", json={"name": long, long: long})
        service.nobody().get(f"/v2/images?name={long[:8000]}", headers={"X-Auth-Token": long})
        service.nobody().post("/identity/v3/auth/tokens", json={"auth": {"identity": long}})

    assert len(log.getvalue()) < 20 * 4 * 1000


def test_P_19_paths_that_are_not_there_take_no_memory(service: Service, alice: Person) -> None:
    def ask(number: int) -> None:
        alice.get(f"/v2/{number}/{number}")
        alice.get(f"/{number}")
        alice.get(f"/v2/images/{some_id()}")
        alice.request(f"M{number}", "/v2/images")
        service.nobody().get("/v2/images", headers={"X-Auth-Token": f"{number:043}"})

    for number in range(40):
        ask(number)
    tracemalloc.start()
    try:
        for number in range(40, 340):
            ask(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 1 << 19


def test_P_16_no_request_changes_the_configuration(
    service: Service, alice: Person, admin: Person
) -> None:
    before = dump(service.deployment.config)
    for person in (alice, admin):
        for method, path, body in routes.calls(service, image_id=some_id(), store_id="fast"):
            person.request(method, path, **body)

    assert dump(service.deployment.config) == before
    with pytest.raises(AttributeError):
        service.deployment.config.image_size_cap = 5


def dump(values: Any) -> Any:
    """All options with their values, sections included."""
    if isinstance(values, config.Values):
        return {name: dump(value) for name, value in vars(values).items()}
    return repr(values)


@pytest.mark.parametrize(
    "path", ["/console", "/?__debugger__=yes&cmd=resource&f=style.css", "/debug", "/v2/console"]
)
def test_P_32_there_is_no_console(alice: Person, path: str) -> None:
    response = alice.get(path)

    assert response.status_code in (300, 404)
    assert "debugger" not in response.text.lower()
