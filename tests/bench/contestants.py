"""The two services under load, started as they ship."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import load

sys.path.insert(0, str(Path(__file__).parents[1]))

from server_process import free_port
from terminal import answers, until

PROCESSES = 2

# User, project and roles of the two people where nobody checks who they are.
TAKEN_AT_THEIR_WORD = ("platform:platform:member,reader", "app:app-team:member,reader")
OTHER_PROJECT = "app-team"


def _port(name: str, usual: int) -> int:
    """Where the scripts beside Glance start something, which their environment may say."""
    return int(os.environ.get(f"{name}_PORT") or usual)


POSTGRESQL_PORT = _port("POSTGRES", 55432)
KEYSTONE_PORT = _port("KEYSTONE", 5000)


class Contestant:
    """One of the two: where it is, whose token is used, what else works for it."""

    name: str
    endpoint: str
    token: str
    other_token: str
    other_project: str
    count_ports: list[int]

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def start(self) -> None:
        """Serve when it returns."""
        raise NotImplementedError

    def stop(self) -> None:
        """Nothing of it runs when it returns."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """What starts it; the first answer after it is the cold start."""
        raise NotImplementedError


def peers(script: str, *arguments: str) -> str:
    """Run one of the scripts beside Glance to its end; what it printed."""
    finished = subprocess.run(
        [str(load.PEERS / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GLANCE_PROCESSES": str(PROCESSES)},
    )
    if finished.returncode:
        sys.exit(f"{script} {' '.join(arguments)}: {finished.stdout}{finished.stderr}")
    return finished.stdout


class Glance(Contestant):
    """The real one under uwsgi, without a Keystone in its path unless that is asked for.

    Without, a filter takes the token (`TAKEN_AT_THEIR_WORD`) as it is, which costs it nothing.
    """

    name = "Glance"

    def __init__(self, settings: Any) -> None:
        self._keystone = settings.identity == "keystone"
        kind = (settings.engine, self._keystone)
        self._what, self._process, port, self._database = {
            ("sqlite", False): ("noauth", "glance-noauth", _port("NOAUTH", 9293), None),
            ("sqlite", True): ("glance", "glance-main", _port("GLANCE", 9292), None),
            ("postgresql", False): (
                "pg-noauth",
                "glance-pgnoauth",
                _port("PGNOAUTH", 9296),
                "glance_noauth",
            ),
            ("postgresql", True): ("pg", "glance-pg", _port("PG", 9295), "glance"),
        }[kind]
        self.endpoint = f"http://127.0.0.1:{port}"
        self.count_ports = _others(settings)
        self._forget()

    def _forget(self) -> None:
        """Nothing of an earlier run is to be in the catalogue."""
        self.stop()
        shutil.rmtree(_peer_directory() / self._process, ignore_errors=True)
        if self._database:
            peers("peer-up.sh", self._what)
            self.stop()
            _postgresql(f"drop database {self._database} with (force)")
            shutil.rmtree(_peer_directory() / self._process)

    def start(self) -> None:
        peers("peer-up.sh", self._what)
        if self._keystone:
            self.token, _ = keystone_token("platform", "platform")
            self.other_token, self.other_project = keystone_token("app", "app-team")
        else:
            self.token, self.other_token = TAKEN_AT_THEIR_WORD
            self.other_project = OTHER_PROJECT

    def stop(self) -> None:
        peers("peer-down.sh", self._process)

    def command(self) -> list[str]:
        directory = _peer_directory() / self._process
        environment = [f"OS_GLANCE_CONFIG_DIR={directory}/etc", f"PYTHONPATH={directory}/etc"]
        uwsgi = _peer_directory() / "venv-svc" / "bin" / "uwsgi"
        return ["env", *environment, str(uwsgi), "--ini", f"{directory}/uwsgi.ini"]


class Here(Contestant):
    """This service, with tokens of its own identity unless others are to say who is asking."""

    name = "here"

    def __init__(self, settings: Any, directory: Path, processes: int = PROCESSES) -> None:
        self.directory, self._settings, self._processes = directory, settings, processes
        self.is_fronted = settings.identity == "front"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.count_ports = _others(settings)
        self._database = f"bench_{os.getpid()}_{self.port}"

    def start(self) -> None:
        if not self.directory.exists():
            self._make()
        self._log = (self.directory / "log").open("a")
        self.process = subprocess.Popen(
            self.command(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(lambda: answers(f"{self.endpoint}/healthcheck"), f"{self.endpoint} answers")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self._log.close()

    def discard(self) -> None:
        """Stop, and keep nothing."""
        self.stop()
        shutil.rmtree(self.directory)
        if self._settings.engine == "postgresql":
            _postgresql(f"drop database {self._database} with (force)")

    def command(self) -> list[str]:
        return [*self._program(), "serve"]

    def connection(self) -> str:
        """The URL of its database."""
        if self._settings.engine == "sqlite":
            return f"sqlite:///{self.directory}/glance.db"
        return f"postgresql://peer@127.0.0.1:{POSTGRESQL_PORT}/{self._database}"

    def _program(self) -> list[str]:
        options = self.directory / "glance-shim.conf"
        return [sys.executable, "-m", "glance_shim", "--config-file", str(options)]

    def _run(self, *arguments: str) -> str:
        finished = subprocess.run(
            [*self._program(), *arguments], capture_output=True, text=True, check=True
        )
        return finished.stdout

    def _make(self) -> None:
        """Options, database and two people with tokens that last."""
        self.directory.mkdir(parents=True)
        if self._settings.engine == "postgresql":
            peers("peer-up.sh", "pg-noauth")
            _postgresql(f"create database {self._database}")
        sections = [
            "[DEFAULT]",
            f"state_path = {self.directory}",
            f"bind_port = {self.port}",
            f"workers = {self._processes}",
            f"auth_strategy = {self._settings.identity}",
            "front_networks = 127.0.0.1/32",
            *self._general(),
            "[database]",
            f"connection = {self.connection()}",
            *self._stores(),
            *self._authentication(),
        ]
        (self.directory / "glance-shim.conf").write_text("\n".join(sections) + "\n")
        self._run("db", "upgrade")
        self._make_people()

    def _general(self) -> list[str]:
        """Two stores of files, as Glance has them."""
        return ["enabled_backends = fast:file,cheap:file"]

    def _stores(self) -> list[str]:
        lines = ["[glance_store]", "default_backend = fast"]
        for name in ("fast", "cheap"):
            lines += [f"[{name}]", f"filesystem_store_datadir = {self.directory}/{name}"]
        return lines

    def _authentication(self) -> list[str]:
        if self._settings.identity != "keystone":
            return ["[identity]", "token_expiration = 86400"]
        login = _clouds()["peer-admin"]["auth"]
        return [
            "[keystone_authtoken]",
            *(f"{name} = {value}" for name, value in login.items()),
            "auth_type = password",
        ]

    def _make_people(self) -> None:
        if self._settings.identity == "keystone":
            self.token, _ = keystone_token("platform", "platform")
            self.other_token, self.other_project = keystone_token("app", "app-team")
            return
        if self.is_fronted:
            self.token, self.other_token = TAKEN_AT_THEIR_WORD
            self.other_project = OTHER_PROJECT
            return
        from glance_shim import config, deployment
        from glance_shim.core.identity import projects, roles, system_context, tokens, users
        from glance_shim.db import connection

        built = deployment.build(config.load([str(self.directory / "glance-shim.conf")]))
        context = system_context(built)
        found = []
        with connection.connected(built.database):
            for name in ("platform", "app-team"):
                project = projects.create(context, name=name)
                user = users.create(context, name=name, password=None)
                roles.grant(context, user.id, "member", ("project", project.id))
                text, _ = tokens.issue(built, user_id=user.id, project_id=project.id)
                found.append((text, project.id))
        built.database.close_all()
        (self.token, self.project), (self.other_token, self.other_project) = found


def _others(settings: Any) -> list[int]:
    """The ports of what works for both, whose CPU time counts as well."""
    ports = [POSTGRESQL_PORT] if settings.engine == "postgresql" else []
    return ports + ([KEYSTONE_PORT] if settings.identity == "keystone" else [])


def _peer_directory() -> Path:
    return Path(os.environ.get("PEER_DIR") or Path.home() / ".cache" / "peer")


def _postgresql(statement: str) -> None:
    where = ["-h", "127.0.0.1", "-p", str(POSTGRESQL_PORT), "-U", "peer", "-d", "postgres"]
    subprocess.run(["psql", "-q", *where, "-c", statement], check=True)


def _clouds() -> dict[str, Any]:
    import yaml

    return dict(yaml.safe_load((_peer_directory() / "clouds.yaml").read_text())["clouds"])


def keystone_token(user: str, project: str) -> tuple[str, str]:
    """A token for the project, and the project's id."""
    cloud = {"platform": "peer-platform", "app": "peer-app"}[user]
    login = _clouds()[cloud]["auth"]
    domain = {"name": "Default"}
    person = {"name": user, "domain": domain, "password": login["password"]}
    identity = {"methods": ["password"], "password": {"user": person}}
    scope = {"project": {"name": project, "domain": domain}}
    request = urllib.request.Request(
        f"{login['auth_url']}/auth/tokens",
        json.dumps({"auth": {"identity": identity, "scope": scope}}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        document = json.load(answer)
        return answer.headers["X-Subject-Token"], document["token"]["project"]["id"]
