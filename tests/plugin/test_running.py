"""``glance_shim.testing.running``: the service for the tests of others."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from glance_shim import clock, errors, testing
from glance_shim.testing.people import Refused
from glance_shim.testing.process import ProcessServer
from glance_shim.testing.service import PEOPLE, Service

NEW_YEAR = "2030-01-01T00:00:00Z"


@pytest.fixture(scope="module", params=[False, True], ids=["thread", "process"])
def shim(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A service in either way to run it."""
    with testing.running(process=request.param) as running:
        yield running


def data_of(shim: Service, image_id: str) -> int:
    return int(shim.request("GET", f"/v2/images/{image_id}/file").status)


def test_an_image_goes_from_one_project_to_another(shim: Service) -> None:
    image = shim.create_image(
        "golden", b"0123456789", members=["app-team"], member_status="accepted", os_distro="x"
    )
    person = shim.person("app-team")

    assert (image["status"], image["size"], image["os_distro"]) == ("active", 10, "x")
    listed = person.request("GET", "/v2/images?visibility=shared").json()["images"]
    assert [each["id"] for each in listed] == [image["id"]]
    assert person.request("GET", f"/v2/images/{image['id']}/file").body == b"0123456789"


@pytest.mark.parametrize("status", ["queued", "active", "deactivated"])
def test_an_image_can_be_had_in_any_status(shim: Service, status: str) -> None:
    with shim.acting_as("admin"):
        assert shim.create_image(status=status)["status"] == status


def test_an_image_is_changed(shim: Service) -> None:
    image = shim.create_image()

    assert shim.person().update_image(image["id"], protected=True, a="b")["a"] == "b"


def test_a_refusal_says_what_the_service_said(shim: Service) -> None:
    with pytest.raises(Refused, match="403") as refused:
        shim.create_image(visibility="public")

    assert refused.value.answer.json()["error"]["code"] == 403


def test_somebody_else_acts_in_a_block(shim: Service) -> None:
    with shim.acting_as("app-team") as person:
        assert shim.create_image()["owner"] == person.project_id
        assert shim.environ["OS_CLOUD"] == "app-team"
    assert shim.create_image()["owner"] == shim.person("platform").project_id


def test_an_unknown_person_is_named_with_those_there_are(shim: Service) -> None:
    with pytest.raises(KeyError, match="no 'nobody' but admin, platform"):
        shim.person("nobody")


def test_who_is_added_can_log_in_and_is_in_clouds_yaml(shim: Service) -> None:
    person = shim.add_person("lab")
    cloud = yaml.safe_load(shim.clouds_yaml.read_text())["clouds"]["lab"]
    auth = cloud["auth"]
    user = {"name": auth["username"], "domain": {"id": "default"}}
    identity = {
        "methods": ["password"],
        "password": {"user": {**user, "password": auth["password"]}},
    }
    scope = {"project": {"name": auth["project_name"], "domain": {"id": "default"}}}
    answer = person.request(
        "POST", "/identity/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}}
    )

    assert answer.status == 201
    assert auth["auth_url"] == shim.auth_url
    assert answer.json()["token"]["project"]["id"] == person.project_id


def test_requests_fail_as_often_as_asked_for(shim: Service) -> None:
    with shim.switches.unavailable(times=2, path="/v2/images", method="GET"):
        answers = [shim.request("GET", "/v2/images") for _ in range(3)]
        other = shim.request("GET", "/v2/schemas/image")

    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert other.status == 200


def test_faults_end_with_their_block(shim: Service) -> None:
    with shim.switches.answer(429):
        assert shim.request("GET", "/v2/images").status == 429
    assert shim.request("GET", "/v2/images").status == 200


def test_a_store_is_away(shim: Service) -> None:
    image = shim.create_image()
    with shim.switches.store_away():
        assert data_of(shim, image["id"]) == 503
        with pytest.raises(Refused, match="503"):
            shim.create_image()
    assert data_of(shim, image["id"]) == 200


def test_a_store_is_slow(shim: Service) -> None:
    image = shim.create_image()
    began = time.monotonic()
    with shim.switches.slow_store(0.3):
        assert data_of(shim, image["id"]) == 200
    assert time.monotonic() - began >= 0.3


def test_the_clock_stands_still_until_it_is_moved(shim: Service) -> None:
    with shim.switches.frozen_clock(NEW_YEAR) as frozen:
        first, token = shim.create_image(), shim.token
        frozen.tick(90)
        second = shim.create_image()
        still = shim.request("GET", "/v2/images", token=token).status
        frozen.tick(3600)
        late = shim.request("GET", "/v2/images", token=token).status

    assert (first["created_at"], second["created_at"]) == (NEW_YEAR, "2030-01-01T00:01:30Z")
    assert (still, late) == (200, 401)
    assert shim.create_image()["created_at"] < NEW_YEAR
    assert clock.source is time.time


def test_tokens_expire_on_request(shim: Service) -> None:
    token = shim.token
    shim.expire_tokens()

    assert shim.request("GET", "/v2/images", token=token).status == 401
    assert shim.request("GET", "/v2/images").status == 200


def test_an_import_is_done(shim: Service) -> None:
    image = shim.create_image(status="queued")
    path = f"/v2/images/{image['id']}"
    shim.request("PUT", f"{path}/stage", data=b"staged")
    method = {"name": "glance-direct"}
    assert shim.request("POST", f"{path}/import", {"method": method}).status == 202

    deadline = time.monotonic() + 60
    while shim.request("GET", path).json()["status"] != "active":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_options_are_those_of_the_configuration() -> None:
    stores = {"fast": "file", "cheap": "file"}
    with testing.running(image_size_cap=5, enabled_backends=stores) as shim:
        found = shim.request("GET", "/v2/info/stores").json()["stores"]
        with pytest.raises(Refused, match="413"):
            shim.create_image(data=b"123456")

    assert [store["id"] for store in found] == ["fast", "cheap"]


def test_a_database_of_somebody_else_is_left_alone() -> None:
    with (
        pytest.raises(ValueError, match="database of its own"),
        testing.running(database={"connection": "sqlite:////tmp/precious.db"}),
    ):
        pass


def test_services_beside_each_other_know_nothing_of_each_other() -> None:
    with testing.running() as one, testing.running() as other:
        one.create_image()

        assert one.port != other.port
        assert other.request("GET", "/v2/images").json()["images"] == []


def test_a_process_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = ProcessServer(tmp_path)
    with pytest.raises(RuntimeError, match=r"missing\.conf"):
        server.serve(tmp_path / "missing.conf", tmp_path / "switches.json")
    server.stop()


def test_a_process_ends_with_whoever_was_to_make_its_files(tmp_path: Path) -> None:
    server = ProcessServer(tmp_path)
    server.process.stdin.close()

    assert server.process.wait(60) == 0
    server.stop()


def test_a_process_is_the_same_program_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "glance_shim").mkdir()
    (tmp_path / "glance_shim" / "__init__.py").write_text("raise SystemExit('another')")
    monkeypatch.chdir(tmp_path)

    with testing.running("here", process=True) as shim:
        assert shim.create_image()["status"] == "active"


def test_options_that_cannot_work_are_named() -> None:
    with (
        pytest.raises(errors.ConfigurationError, match="auth_strategy"),
        testing.running(auth_strategy="never"),
    ):
        pass


@pytest.mark.parametrize("process", [False, True])
def test_nothing_is_left_of_it(process: bool) -> None:
    before, umask = threading.active_count(), os.umask(0o022)
    os.umask(umask)
    with testing.running(process=process) as shim:
        shim.create_image()
        port, directory = shim.port, shim.directory

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert not directory.exists()
    assert os.umask(umask) == umask
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_the_people_are_those_of_the_quickstart(shim: Service) -> None:
    assert [person.name for person in PEOPLE if person.name in shim.people] == [
        "admin",
        "platform",
        "platform-reader",
        "app-team",
    ]


def test_nothing_of_the_program_is_imported_before_it_is_used() -> None:
    script = (
        "import sys, glance_shim.testing.plugin; "
        "print(sorted(name for name in sys.modules if name.startswith('glance_shim')), "
        "'flask' in sys.modules, 'peewee' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    wanted = ["glance_shim", "glance_shim.testing", "glance_shim.testing.plugin"]
    assert run.stdout.strip() == f"{wanted} False False"


def test_a_moment_can_be_written_in_either_way(shim: Service) -> None:
    with contextlib.ExitStack() as stack:
        frozen = stack.enter_context(shim.switches.frozen_clock(0))
        frozen.move_to("1970-01-02T00:00:00Z")
        assert frozen.at == 86400
        with pytest.raises(ValueError, match="does not match"):
            frozen.move_to("tomorrow")
