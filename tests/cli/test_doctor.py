"""``glance-shim doctor`` says what is wrong, and how to mend it."""

from __future__ import annotations

import dataclasses
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
from click.testing import CliRunner

from glance_shim import config, deployment, doctor
from glance_shim.cli import cli
from glance_shim.db import connection, schema
from glance_shim.doctor import machine, parts, proxies, secret_files
from glance_shim.doctor.finding import Finding

NGINX = """
server {{
    # client_max_body_size 0;
    {lines}
    location / {{ proxy_pass http://127.0.0.1:9292; }}
}}
"""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """``written(auth_strategy="none")``: the file with the options of a new deployment."""

    def write(sections: str = "", **options: Any) -> str:
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        file = tmp_path / "glance-shim.conf"
        file.write_text(
            f"[DEFAULT]\nstate_path = {tmp_path}\n{lines}"
            f"[database]\nconnection = sqlite:///{tmp_path}/glance.db\n"
            f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n{sections}"
        )
        file.chmod(0o600)
        return str(file)

    return write


@pytest.fixture
def made(written: Any) -> Any:
    """As `written`, with its database."""

    def make(sections: str = "", **options: Any) -> Any:
        file = written(sections, **options)
        built = deployment.build(config.load([file]))
        connection.create_private(built.config.database.connection)
        schema.upgrade(built.database)
        return built, [file]

    return make


def states(found: Iterator[Finding]) -> dict[str, str]:
    """The worst state of each subject."""
    order = (doctor.OK, doctor.WARNING, doctor.PROBLEM)
    worst: dict[str, str] = {}
    for each in found:
        before = worst.get(each.subject, doctor.OK)
        worst[each.subject] = max(before, each.state, key=order.index)
    return worst


def test_a_deployment_that_works_has_no_problems(made: Any) -> None:
    _, files = made()
    found = states(doctor.examine(files))

    assert doctor.PROBLEM not in found.values()
    assert {"configuration", "database", "staging", "secrets", "room"} <= found.keys()


def test_whatever_is_wrong_has_a_way_to_mend_it(written: Any) -> None:
    file = written(no_such_option="1")
    found = list(doctor.examine([file]))

    assert all(each.mend for each in found if each.state != doctor.OK)
    assert states(iter(found))["configuration"] == doctor.WARNING
    assert states(iter(found))["database"] == doctor.PROBLEM
    [words] = [each.mend for each in found if each.subject == "database"]
    assert "db upgrade" in words


@pytest.mark.parametrize("options", [{"bind_port": "no number"}, {"mount_path": "x/"}])
def test_options_that_cannot_be_are_a_problem(written: Any, options: dict[str, str]) -> None:
    [*_, last] = doctor.examine([written(**options)])

    assert (last.subject, last.state) == ("configuration", doctor.PROBLEM)


def test_the_exit_code_says_whether_there_is_a_problem(made: Any, written: Any) -> None:
    _, files = made()
    well = CliRunner().invoke(cli, ["--config-file", *files, "doctor", "--format", "json"])
    os.unlink(Path(files[0]).parent / "glance.db")
    ill = CliRunner().invoke(cli, ["--config-file", *files, "doctor"])

    assert well.exit_code == 0
    assert {each["state"] for each in json.loads(well.output)} <= {"ok", "warning"}
    assert ill.exit_code == 3
    assert "problem  database" in ill.output
    assert "1 problems" in ill.output


@pytest.mark.parametrize(
    "mode, state", [(0o600, "ok"), (0o640, "ok"), (0o660, "warning"), (0o644, "problem")]
)
def test_secrets_are_not_for_everybody(made: Any, mode: int, state: str) -> None:
    built, files = made(admin_token="x" * 20)
    Path(files[0]).chmod(mode)

    assert states(secret_files.look(built, files)) == {"secrets": state}


def test_a_file_without_secrets_may_be_read_by_all(made: Any) -> None:
    built, files = made()
    Path(files[0]).chmod(0o644)

    assert states(secret_files.look(built, files)) == {"secrets": "ok"}


def test_a_directory_of_others_is_told(made: Any, monkeypatch: Any) -> None:
    built, files = made()
    assert list(machine.user(built, files)) == []

    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    [found] = machine.user(built, files)
    assert "sudo -u" in found.mend


@pytest.mark.parametrize("free, state", [(500, "ok"), (0.5, "warning"), (20, "warning")])
def test_disks_that_fill_up_are_told(
    made: Any, monkeypatch: Any, free: float, state: str
) -> None:
    built, files = made()
    usage = (1000 * machine.GIB, 0, int(free * machine.GIB))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: usage)

    assert states(machine.room(built, files)) == {"room": state}


class OtherTime(http.server.BaseHTTPRequestHandler):
    """A Keystone at another time."""

    seconds = 0.0

    def do_GET(self) -> None:
        self.send_error(404)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(machine.time.time() + self.seconds)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.mark.parametrize("seconds, state", [(0, "ok"), (20, "warning"), (-400, "problem")])
def test_clocks_that_differ_are_told(
    made: Any, monkeypatch: Any, seconds: float, state: str
) -> None:
    monkeypatch.setattr(OtherTime, "seconds", seconds)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherTime)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    sections = f"[keystone_authtoken]\nauth_type = password\nauth_url = {url}\n"
    built, files = made(sections, auth_strategy="keystone")
    try:
        assert states(machine.clocks(built, files)) == {"clock": state}
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["postgresql", "mariadb"])
def elsewhere(request: pytest.FixtureRequest, made: Any, tmp_path: Path) -> Iterator[Any]:
    """A deployment whose database has a server, with these options."""
    databases.require(request.param)
    url = databases.new(tmp_path, request.param)
    opened = connection.open_database(url)

    def make(**options: Any) -> Any:
        return dataclasses.replace(made(**options)[0], database=opened)

    yield make
    opened.close_all()
    databases.drop(url)


@pytest.mark.parametrize("seconds, state", [(0, "ok"), (20, "warning"), (-400, "problem")])
def test_a_database_at_another_time_is_told(
    elsewhere: Any, monkeypatch: Any, seconds: float, state: str
) -> None:
    now = machine.time.time
    monkeypatch.setattr(machine.time, "time", lambda: now() + seconds)

    [found] = machine.clocks(elsewhere(), [])
    assert (found.state, "the database" in found.words) == (state, True)


def test_processes_that_want_more_connections_than_there_are_are_told(elsewhere: Any) -> None:
    assert states(parts.database(elsewhere(workers=1, threads=2), [])) == {"database": "ok"}
    found = list(parts.database(elsewhere(workers=50), []))

    assert found[-1].state == doctor.WARNING
    assert "may take 3400 connections" in found[-1].words


def test_a_keystone_whose_certificate_is_not_looked_at_is_told(made: Any) -> None:
    sections = (
        "[keystone_authtoken]\nauth_type = password\nauth_url = http://127.0.0.1:1\n"
        "insecure = true\n"
    )
    built, files = made(sections, auth_strategy="keystone")

    found = [each for each in parts.identity(built, files) if each.state == doctor.WARNING]
    assert ["[keystone_authtoken] insecure" in each.words for each in found] == [True]


def test_a_keystone_that_cannot_be_asked_is_told(made: Any) -> None:
    sections = "[keystone_authtoken]\nauth_type = password\nauth_url = http://127.0.0.1:1\n"
    built, files = made(sections, auth_strategy="keystone")

    assert states(parts.identity(built, files)) == {"keystone": "problem"}


def test_what_does_not_answer_is_not_waited_for(monkeypatch: Any) -> None:
    monkeypatch.setattr(parts, "LONGEST_CHECK", 0.1)

    assert parts._in_time(threading.Event().wait) == "it did not answer within 0 s"


def test_hosts_that_share_a_database_are_to_share_a_key(made: Any, written: Any) -> None:
    assert list(parts.dashboard(*made())) == []
    options = config.load([written()], {"database": {"connection": "postgresql://h/glance"}})
    shared = dataclasses.replace(made()[0], config=options)

    assert states(parts.dashboard(shared, [])) == {"dashboard": "warning"}


@pytest.mark.parametrize(
    "options, state",
    [
        ({}, {}),
        ({"bind_host": "0.0.0.0"}, {"links": "warning"}),
        ({"bind_host": "0.0.0.0", "public_endpoint": "https://images.example.org"}, {}),
        ({"bind_host": "0.0.0.0", "allowed_hosts": "images.example.org"}, {}),
    ],
)
def test_a_request_shall_not_say_where_links_lead(
    made: Any, options: dict[str, str], state: dict[str, str]
) -> None:
    assert states(parts.links(*made(**options))) == state


def test_behind_a_proxy_a_request_shall_not_say_it_either(made: Any) -> None:
    built, files = made("[oslo_middleware]\nenable_proxy_headers_parsing = true\n")
    assert states(parts.links(built, files)) == {"links": "warning"}


def test_without_an_administrator_somebody_is_to_be_made(made: Any) -> None:
    built, files = made()
    [found] = parts.identity(built, files)

    assert found.state == doctor.WARNING
    assert "identity user create" in found.mend


def test_a_service_that_does_not_run_is_told(made: Any) -> None:
    built, files = made(bind_port=1)
    [found] = parts.service(built, files)

    assert (found.state, found.subject) == (doctor.WARNING, "service")


@pytest.mark.parametrize(
    "lines, state",
    [
        ("", "problem"),
        ("client_max_body_size 0;", "warning"),
        ("client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;", "ok"),
    ],
)
def test_an_nginx_that_refuses_images_is_told(
    made: Any, tmp_path: Path, lines: str, state: str
) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "images.conf").write_text(NGINX.format(lines=lines))
    built, files = made("[oslo_middleware]\nenable_proxy_headers_parsing = true\n")

    assert states(proxies.look(built, files, tmp_path)) == {"nginx": state}


def test_the_sample_for_nginx_is_in_order(made: Any, tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "etc" / "nginx.conf.sample"
    (tmp_path / "sites-enabled").mkdir()
    (tmp_path / "sites-enabled" / "images").write_text(sample.read_text())
    built, files = made("[oslo_middleware]\nenable_proxy_headers_parsing = true\n")

    assert states(proxies.look(built, files, tmp_path)) == {"nginx": "ok"}


def test_a_proxy_whose_headers_are_not_read_is_told(made: Any, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(NGINX.format(lines="client_max_body_size 0;"))
    built, files = made()

    assert "enable_proxy_headers_parsing = true" in [
        each.mend.partition("] ")[2] for each in proxies.look(built, files, tmp_path)
    ]
