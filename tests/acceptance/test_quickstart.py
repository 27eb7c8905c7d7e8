"""``glance-shim quickstart``: from nothing to an image that another team accepts."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from server_process import Http, Server, free_port
from terminal import Terminal, until

MIB = 1 << 20


class Quickstart:
    """What the command makes in a directory of its own, and the command itself."""

    def __init__(self, around: Path) -> None:
        self.around = around
        self.data = around / "glance-shim-data"
        self.clouds = self.data / "clouds.yaml"
        self.port = free_port()
        self.server: Server | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> Server:
        """The command, as it begins; without arguments as the README has it."""
        arguments = arguments or ("--port", str(self.port))
        self.server = Server(self.around, "quickstart", *arguments)
        return self.server

    def serving(self) -> Server:
        """The command, once it serves."""
        server = self.start()
        server.wait_until_it_serves(self.root)
        return server

    def commands(self) -> list[str]:
        """The commands that it says come next."""
        assert self.server
        lines = self.server.out.replace("\\\n", " ").splitlines()
        stripped = [" ".join(line.split()) for line in lines]
        return [line for line in stripped if line.startswith(("export ", "openstack "))]

    def refused(self, *arguments: str) -> str:
        """The one line in which it says why it does not start."""
        server = self.start(*arguments)
        assert server.wait() == 1
        assert server.out == ""
        (line,) = server.err.splitlines()
        return line


@pytest.fixture
def quickstart(tmp_path: Path) -> Iterator[Quickstart]:
    begun = Quickstart(tmp_path)
    yield begun
    if begun.server and begun.server.process.poll() is None:
        begun.server.stop()


@pytest.fixture
def token(quickstart: Quickstart, terminal: Terminal) -> Callable[[], str]:
    """Logs in as a user of the platform team."""

    def log_in() -> str:
        words = "openstack --os-cloud platform token issue -f value -c id"
        clouds = str(quickstart.clouds)
        return terminal.run(*words.split(), OS_CLIENT_CONFIG_FILE=clouds).out.strip()

    return log_in


def create_image(caller: Http) -> str:
    document = {"name": "by-hand", "disk_format": "raw", "container_format": "bare"}
    body = json.dumps(document)
    status, answer = caller.request(
        "POST", "/v2/images", body, **{"Content-Type": "application/json"}
    )
    assert status == 201
    return str(json.loads(answer)["id"])


def test_the_commands_that_it_prints_lead_to_a_shared_image(
    quickstart: Quickstart, terminal: Terminal
) -> None:
    quickstart.serving()
    commands = quickstart.commands()
    assert commands[0] == f"export OS_CLIENT_CONFIG_FILE={quickstart.clouds}"
    assert all(command.startswith("openstack ") for command in commands[1:])
    terminal.run("sh", "-euxc", "\n".join(commands[:-1]))

    listed = terminal.run("sh", "-euc", f"{commands[0]}\n{commands[-1]}").out
    assert commands[-1] == "openstack --os-cloud app-team image list"
    assert " golden " in listed
    words = shlex.split(commands[1])
    sample = Path(words[words.index("--file") + 1])
    saved = terminal.run(
        *("openstack", "--os-cloud", "app-team", "image", "save", "golden"),
        OS_CLIENT_CONFIG_FILE=str(quickstart.clouds),
    )
    assert saved.data == sample.read_bytes()


def test_started_again_it_has_its_data(
    quickstart: Quickstart, token: Callable[[], str]
) -> None:
    first = quickstart.serving()
    printed, clouds = quickstart.commands(), quickstart.clouds.read_text()
    platform = Http(quickstart.root, token())
    image_id = create_image(platform)
    assert platform.upload(image_id, [b"0123456789"])[0] == 204
    assert first.stop() == 0

    quickstart.serving()

    assert quickstart.clouds.read_text() == clouds
    assert quickstart.commands() == printed
    again = Http(quickstart.root, token())
    assert again.request("GET", f"/v2/images/{image_id}/file") == (200, b"0123456789")


def test_started_on_another_port_the_clients_find_it(
    quickstart: Quickstart, token: Callable[[], str]
) -> None:
    assert quickstart.serving().stop() == 0
    passwords = {name: auth["password"] for name, auth in credentials(quickstart).items()}
    quickstart.port = free_port()
    quickstart.serving()

    for name, auth in credentials(quickstart).items():
        assert auth["auth_url"] == f"{quickstart.root}/identity/v3"
        assert auth["password"] == passwords[name]
    assert Http(quickstart.root, token()).request("GET", "/v2/images")[0] == 200


def credentials(quickstart: Quickstart) -> dict[str, dict[str, Any]]:
    clouds = yaml.safe_load(quickstart.clouds.read_text())["clouds"]
    assert list(clouds) == ["admin", "platform", "platform-reader", "app-team"]
    return {name: cloud["auth"] for name, cloud in clouds.items()}


def test_all_that_it_keeps_is_for_its_owner_only(
    quickstart: Quickstart, token: Callable[[], str]
) -> None:
    quickstart.serving()
    platform = Http(quickstart.root, token())
    assert platform.upload(create_image(platform), [b"0123456789"])[0] == 204

    kept = [quickstart.data, *quickstart.data.rglob("*")]
    assert {path.name for path in kept} > {"clouds.yaml", "glance-shim.conf", "glance-shim.db"}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in kept if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept if path.is_dir()} == {0o700}


class TestAStop:
    @pytest.fixture
    def uploaded(
        self, quickstart: Quickstart, token: Callable[[], str]
    ) -> Callable[[Callable[[], Any]], str]:
        """Uploads six pieces; something happens after the first. The id of the image."""
        quickstart.serving()
        platform = Http(quickstart.root, token())

        def upload(happening: Callable[[], Any]) -> str:
            image_id = create_image(platform)

            def parts() -> Iterator[bytes]:
                yield b"x" * MIB
                images = quickstart.data / "images"
                until(lambda: any(p.is_file() for p in images.rglob("*")), "data arrives")
                happening()
                for _ in range(5):
                    yield b"x" * MIB

            assert platform.upload(image_id, parts())[0] == 204
            return image_id

        return upload

    def test_waits_for_an_upload(
        self, quickstart: Quickstart, uploaded: Any, token: Callable[[], str]
    ) -> None:
        server = quickstart.server
        assert server

        def stop() -> None:
            server.terminate()
            until(lambda: not takes_requests(quickstart), "it is about to stop")

        image_id = uploaded(stop)
        assert server.wait() == 0
        quickstart.serving()
        _, answer = Http(quickstart.root, token()).request("GET", f"/v2/images/{image_id}")
        image = json.loads(answer)
        assert (image["status"], image["size"]) == ("active", 6 * MIB)

    def test_lets_nobody_else_wait(self, quickstart: Quickstart, uploaded: Any) -> None:
        def stop() -> None:
            assert quickstart.server
            quickstart.server.terminate()
            until(lambda: not takes_requests(quickstart), "it is about to stop")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", quickstart.port)).close()

        uploaded(stop)

    def test_with_ctrl_c_while_clients_knock(self, quickstart: Quickstart) -> None:
        server = quickstart.serving()
        ended = threading.Event()

        def knock() -> None:
            while not ended.is_set():
                takes_requests(quickstart)

        clients = [threading.Thread(target=knock) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            # A process that was forked a moment ago does not know its signals yet.
            time.sleep(1)
            server.interrupt()
            assert server.wait() == 0
        finally:
            ended.set()
            for client in clients:
                client.join()


def takes_requests(quickstart: Quickstart) -> bool:
    try:
        return Http(quickstart.root, "", timeout=1).request("GET", "/healthcheck")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


class TestItSaysInOneLine:
    """Why it does not start."""

    def test_that_the_port_is_taken(self, quickstart: Quickstart) -> None:
        first = quickstart.serving()
        line = quickstart.refused()
        assert f"127.0.0.1 port {quickstart.port}" in line
        assert "in use" in line

        quickstart.server = first

    def test_that_the_directory_cannot_be_made(self, quickstart: Quickstart) -> None:
        file = quickstart.around / "file"
        file.touch()
        line = quickstart.refused("--directory", str(file / "below"), "--port", "9")

        assert f"cannot write to {file / 'below'}" in line

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_that_the_directory_cannot_be_written_to(self, quickstart: Quickstart) -> None:
        quickstart.data.mkdir(mode=0o500)

        assert f"cannot write to {quickstart.data}" in quickstart.refused()

    def test_that_the_database_is_newer_than_the_program(self, quickstart: Quickstart) -> None:
        assert quickstart.serving().stop() == 0
        with sqlite3.connect(quickstart.data / "glance-shim.db") as database:
            words = "INSERT INTO schema_migration (name, applied) VALUES (?, ?)"
            database.execute(words, ("9999_later", "2099-01-01"))
        database.close()

        assert "the database is newer than this program (it has 9999_later)" in (
            quickstart.refused()
        )
